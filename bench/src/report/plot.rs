//! How a row's cost grows with the work, as a picture that can be read on a light
//! and on a dark page: its ground is the page's.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use plotters::prelude::*;

use super::{number, size};
use crate::results::RowResult;
use crate::rows::{Figure, Row, Unit};
use crate::stats;

const SIZE: (u32, u32) = (860, 480);

/// Dark enough for white and light enough for black.
const TEXT: RGBColor = RGBColor(125, 133, 144);

/// A colour for each contestant, by its place among those that are known.
const COLOURS: [(&str, RGBColor); 10] = [
    ("insula", RGBColor(31, 136, 229)),
    ("insula-1", RGBColor(95, 190, 230)),
    ("insula-dense", RGBColor(80, 90, 220)),
    ("floor", RGBColor(140, 140, 140)),
    ("memcpy", RGBColor(100, 110, 120)),
    ("beam", RGBColor(214, 62, 80)),
    ("dart", RGBColor(16, 160, 140)),
    ("dart-uri", RGBColor(110, 190, 90)),
    ("lunatic", RGBColor(150, 100, 210)),
    ("extism", RGBColor(235, 140, 20)),
];

const OTHERS: RGBColor = RGBColor(190, 130, 90);

/// What one contestant has measured: its figure at each size, with the least and the
/// greatest.
struct Series {
    name: String,
    colour: RGBColor,
    points: Vec<(f64, f64, (f64, f64))>,
}

/// Draws a row into an SVG file.
pub fn draw(row: &Row, result: &RowResult, path: &Path) -> Result<()> {
    let all = series(result);
    if all.is_empty() {
        return Ok(());
    }
    let mut svg = String::new();
    drawn(&mut svg, row, result, &all).map_err(|error| anyhow!("the plot: {error}"))?;
    fs::write(path, svg).with_context(|| path.display().to_string())
}

fn series(result: &RowResult) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for at_size in &result.sizes {
        for cell in &at_size.cells {
            // A logarithm has no place for less than nothing.
            let value = cell.median(Figure::Value).filter(|value| *value > 0.0);
            let Some(value) = value else { continue };
            let point = (
                at_size.size as f64,
                value,
                cell.spread().unwrap_or((value, value)),
            );
            match all.iter_mut().find(|series| series.name == cell.name) {
                Some(series) => series.points.push(point),
                None => {
                    let known = COLOURS.iter().find(|(name, _)| *name == cell.name);
                    all.push(Series {
                        name: cell.name.clone(),
                        colour: known.map_or(OTHERS, |(_, colour)| *colour),
                        points: vec![point],
                    });
                }
            }
        }
    }
    all
}

/// 1, 2, 5, 10, 20 and so on; the powers of ten alone where there would be too many.
fn ticks(range: std::ops::Range<f64>) -> Vec<f64> {
    let all = |steps: &'static [f64]| {
        let powers = (-3..13).map(|power| 10f64.powi(power));
        let ticks = powers.flat_map(move |power| steps.iter().map(move |step| step * power));
        ticks
            .filter(|tick| range.contains(tick))
            .collect::<Vec<_>>()
    };
    let fine = all(&[1.0, 2.0, 5.0]);
    if fine.len() <= 12 { fine } else { all(&[1.0]) }
}

type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

fn drawn(svg: &mut String, row: &Row, result: &RowResult, all: &[Series]) -> Drawn {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let text = |points: u32| ("sans-serif", points).into_font().color(&TEXT);
    let area = area.titled(&format!("{}: {}", row.name, row.what), text(17))?;
    let points = || all.iter().flat_map(|series| &series.points);
    let values: Vec<f64> = points()
        .flat_map(|(_, _, (least, most))| [*least, *most])
        .collect();
    let low = stats::least(&values).max(1e-3);
    let high = stats::most(&values).max(low);
    let sizes: Vec<f64> = result.sizes.iter().map(|size| size.size as f64).collect();
    let x = stats::least(&sizes) * 0.8..stats::most(&sizes) * 1.25;
    let y = match row.unit {
        Unit::Mappings => low / 1.5..high * 1.5,
        _ => low / 1.6..high * 1.6,
    };
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(130)
        .x_label_area_size(42)
        .y_label_area_size(72)
        .build_cartesian_2d(
            x.log_scale().with_key_points(sizes),
            y.clone().log_scale().with_key_points(ticks(y)),
        )?;
    chart
        .configure_mesh()
        .axis_style(TEXT)
        .bold_line_style(TEXT.mix(0.25))
        .light_line_style(TRANSPARENT)
        .label_style(text(13))
        .y_labels(8)
        .x_desc(row.size)
        .axis_desc_style(text(14))
        .x_label_formatter(&|x| size(x.round() as u64, row.size))
        .y_label_formatter(&|y| number(*y, row.unit))
        .draw()?;
    for series in all {
        let line = series.points.iter().map(|(x, y, _)| (*x, *y));
        chart.draw_series(LineSeries::new(line.clone(), series.colour.stroke_width(2)))?;
        chart.draw_series(line.map(|at| Circle::new(at, 4, series.colour.filled())))?;
        chart.draw_series(series.points.iter().map(|(x, _, (least, most))| {
            PathElement::new([(*x, *least), (*x, *most)], series.colour.stroke_width(1))
        }))?;
    }
    for (place, series) in all.iter().enumerate() {
        let (left, top) = (SIZE.0 as i32 - 120, 30 + 22 * place as i32);
        let stroke = series.colour.stroke_width(2);
        area.draw(&PathElement::new(
            vec![(left, top), (left + 16, top)],
            stroke,
        ))?;
        area.draw(&Text::new(
            series.name.clone(),
            (left + 22, top - 7),
            text(14),
        ))?;
    }
    area.present()?;
    Ok(())
}
