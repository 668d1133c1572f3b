//! A run as a picture: what the process held and what was there, over time.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

use super::Sample;

/// One line of a panel.
struct Line {
    name: &'static str,
    colour: RGBColor,
    of: fn(&Sample) -> f64,
}

const fn line(name: &'static str, colour: RGBColor, of: fn(&Sample) -> f64) -> Line {
    Line { name, colour, of }
}

const BLUE: RGBColor = RGBColor(31, 119, 180);
const ORANGE: RGBColor = RGBColor(230, 110, 20);
const GREEN: RGBColor = RGBColor(44, 140, 60);
const GREY: RGBColor = RGBColor(120, 120, 120);

const MIB: f64 = (1 << 20) as f64;

const PANELS: [(&str, &[Line]); 4] = [
    (
        "memory, MiB (dots: quiet points)",
        &[
            line("resident", BLUE, |s| s.process.resident as f64 / MIB),
            line("heap", ORANGE, |s| s.heap as f64 / MIB),
            line("linear memories", GREY, |s| s.figures.memory as f64 / MIB),
        ],
    ),
    (
        "what guests have",
        &[
            line("isolates", BLUE, |s| s.figures.isolates as f64),
            line("groups", ORANGE, |s| s.figures.groups as f64),
            line("ports", GREY, |s| s.figures.ports as f64),
        ],
    ),
    (
        "what the process has",
        &[
            line("mappings / 10", BLUE, |s| s.process.mappings as f64 / 10.0),
            line("threads", ORANGE, |s| s.process.threads as f64),
            line("descriptors", GREEN, |s| s.process.descriptors as f64),
        ],
    ),
    (
        "done so far",
        &[
            line("deeds, thousands", BLUE, |s| s.deeds as f64 / 1e3),
            line("CPU, s", ORANGE, |s| s.cpu.as_secs_f64()),
        ],
    ),
];

const SIZE: (u32, u32) = (960, 880);

/// Draws the samples into an SVG file.
pub fn plot(samples: &[Sample], title: &str, path: &Path) -> Result<()> {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    draw(&area, samples, title).map_err(|error| anyhow!("the plot: {error}"))
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(area: &DrawingArea<SVGBackend<'_>, Shift>, samples: &[Sample], title: &str) -> Drawn {
    area.fill(&WHITE)?;
    let area = area.titled(title, ("sans-serif", 18))?;
    for (panel, (caption, lines)) in area.split_evenly((PANELS.len(), 1)).iter().zip(PANELS) {
        draw_panel(panel, samples, caption, lines)?;
    }
    area.present()?;
    Ok(())
}

fn draw_panel(
    panel: &DrawingArea<SVGBackend<'_>, Shift>,
    samples: &[Sample],
    caption: &str,
    lines: &[Line],
) -> Drawn {
    let minutes = |sample: &Sample| sample.time.as_secs_f64() / 60.0;
    let end = samples.last().map_or(1.0, minutes);
    let values = samples
        .iter()
        .flat_map(|s| lines.iter().map(|line| (line.of)(s)));
    let top = values.fold(1.0, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(panel)
        .caption(caption, ("sans-serif", 14))
        .margin(6)
        .margin_right(36)
        .x_label_area_size(24)
        .y_label_area_size(48)
        .build_cartesian_2d(0.0..end, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .y_labels(5)
        .x_label_formatter(&|x| format!("{x:.1} min"))
        .draw()?;
    for line in lines {
        let (colour, of) = (line.colour, line.of);
        let points = samples.iter().map(|sample| (minutes(sample), of(sample)));
        chart
            .draw_series(LineSeries::new(points, &colour))?
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 14, y)], colour));
    }
    let quiet = samples.iter().filter(|sample| sample.quiet);
    chart.draw_series(quiet.map(|sample| {
        Circle::new(
            (minutes(sample), (lines[0].of)(sample)),
            2,
            lines[0].colour.filled(),
        )
    }))?;
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    Ok(())
}
