//! The page of figures, from what the benchmark has kept (`bench/results`).

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::reference::keep;
use super::root;

/// Whose figures are shown, beside one another.
const SHOWN: &[&str] = &["insula", "beam", "dart", "lunatic", "extism"];

/// What is shown at first sight: a row, one of its sizes, a figure, and what that is.
const AT_FIRST: &[(&str, u64, &str, &str)] = &[
    ("spawn", 1, "value", "spawning, up to the first message"),
    ("round-trip", 8, "value", "a small message there and back"),
    ("bytes", 1 << 20, "value", "1 MiB there and back, copied"),
    (
        "nested",
        10_000,
        "value",
        "10,000 nested maps there and back",
    ),
    (
        "beside-loops",
        64,
        "p99",
        "a round trip beside 64 endless loops, p99",
    ),
    (
        "stop",
        1,
        "value",
        "from the kill of an endless loop to its end",
    ),
    (
        "idle-memory",
        1_000,
        "value",
        "memory of an idle isolate, of 1,000",
    ),
];

struct Row {
    name: String,
    what: String,
    json: Value,
}

/// The rows that were measured, in the order of the benchmark's own page.
fn rows() -> Result<Vec<Row>> {
    let folder = root().join("bench/results");
    let page = fs::read_to_string(folder.join("README.md"))?;
    let headings = page.lines().filter_map(|line| line.strip_prefix("### "));
    let named = headings.filter_map(|heading| heading.split_once(": "));
    let rows = named.map(|(name, what)| {
        let text = fs::read_to_string(folder.join(format!("{name}.json")))?;
        Ok(Row {
            name: name.to_owned(),
            what: what.to_owned(),
            json: serde_json::from_str(&text)?,
        })
    });
    rows.collect()
}

impl Row {
    fn unit(&self) -> &str {
        self.json["unit"].as_str().unwrap_or_default()
    }

    fn sizes(&self) -> impl Iterator<Item = &Value> {
        self.json["sizes"].as_array().into_iter().flatten()
    }

    fn size(&self, size: u64) -> Option<&Value> {
        self.sizes().find(|at| at["size"] == size)
    }

    /// The median of a contestant's measurements, or why there is none.
    fn figure(&self, size: &Value, contestant: &str, figure: &str) -> String {
        let cells = size["cells"].as_array().into_iter().flatten();
        let Some(cell) = cells.into_iter().find(|cell| cell["name"] == contestant) else {
            return "-".to_owned();
        };
        let samples = cell["samples"].as_array().into_iter().flatten();
        let mut values: Vec<_> = samples
            .filter_map(|sample| sample[figure].as_f64())
            .collect();
        values.sort_by(f64::total_cmp);
        let failed = cell["failed"]
            .as_array()
            .is_some_and(|failed| !failed.is_empty());
        match (values.len(), failed) {
            (0, true) => "failed".to_owned(),
            (0, false) => "-".to_owned(),
            (odd, _) if odd % 2 == 1 => number(values[odd / 2], self.unit()),
            (even, _) => number(
                f64::midpoint(values[even / 2 - 1], values[even / 2]),
                self.unit(),
            ),
        }
    }
}

/// A figure with its unit, in three digits.
fn number(value: f64, unit: &str) -> String {
    const TIMES: &[(f64, &str)] = &[(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns")];
    const SIZES: &[(f64, &str)] = &[
        ((1 << 30) as f64, "GiB"),
        ((1 << 20) as f64, "MiB"),
        ((1 << 10) as f64, "KiB"),
        (1.0, "B"),
    ];
    let names = match unit {
        "ns" => TIMES,
        "bytes" => SIZES,
        _ => return digits(value),
    };
    let fits = |(size, _): &&(f64, &str)| value.abs() >= size * 0.9995;
    let (size, name) = names
        .iter()
        .find(fits)
        .copied()
        .unwrap_or((1.0, names[3].1));
    format!("{} {name}", digits(value / size))
}

fn digits(value: f64) -> String {
    match value.abs() {
        large if large >= 99.95 => format!("{value:.0}"),
        middle if middle >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn head(page: &mut String, first: &str) {
    let _ = writeln!(page, "| {first} | {} |", SHOWN.join(" | "));
    let _ = writeln!(page, "|---|{}", "---|".repeat(SHOWN.len()));
}

fn at_first(page: &mut String, rows: &[Row]) -> Result<()> {
    head(page, "");
    for (name, size, figure, what) in AT_FIRST {
        let row = rows.iter().find(|row| row.name == *name).context(*name)?;
        let at = row
            .size(*size)
            .with_context(|| format!("{name} at {size}"))?;
        let figures = SHOWN.iter().map(|shown| row.figure(at, shown, figure));
        let figures: Vec<_> = figures.collect();
        let _ = writeln!(page, "| {what} | {} |", figures.join(" | "));
    }
    Ok(())
}

fn targets(page: &mut String, rows: &[Row]) -> (usize, usize) {
    page.push_str("| row | size | Insula | against | at most | reached | |\n");
    page.push_str("|---|---|---|---|---|---|---|\n");
    let (mut met, mut missed) = (0, 0);
    for row in rows {
        for verdict in row.json["verdicts"].as_array().into_iter().flatten() {
            let text = |name: &str| verdict[name].as_str().unwrap_or_default();
            let amount = |name: &str| verdict[name].as_f64();
            let is_number = text("against") == "a number";
            let shown = |value: Option<f64>| match (value, is_number) {
                (None, _) => "-".to_owned(),
                (Some(value), true) => number(value, row.unit()),
                (Some(value), false) => digits(value),
            };
            let figure = Some(text("figure")).filter(|figure| !figure.is_empty());
            let result = match verdict["is_met"].as_bool() {
                Some(true) => "met",
                Some(false) => "**missed**",
                None => "not measured",
            };
            met += usize::from(result == "met");
            missed += usize::from(result == "**missed**");
            let other = amount("other").map(|other| number(other, row.unit()));
            let against = match is_number {
                true => String::new(),
                false => format!("{} {}", text("against"), other.unwrap_or_default()),
            };
            let _ = writeln!(
                page,
                "| {}{} | {} | {} | {} | {} | {} | {result} |",
                row.name,
                figure
                    .map(|figure| format!(" ({figure})"))
                    .unwrap_or_default(),
                verdict["size"],
                amount("own").map_or("-".to_owned(), |own| number(own, row.unit())),
                against.trim(),
                shown(amount("at_most")),
                shown(amount("reached")),
            );
        }
    }
    (met, missed)
}

fn page(rows: &[Row]) -> Result<String> {
    let machine = &rows.first().context("rows were measured")?.json["machine"];
    let mut page = format!(
        "# The figures\n\n\
         Made from the benchmark's results (`bench/results`), all contestants side by side on \
         one machine; a test compares this page with them. A figure is the median of all \
         repetitions; `bench/results/README.md` has the spreads, the other forms of Insula and \
         the plots, `bench/README.md` says how each contestant is kept fair.\n\n\
         The machine: {}, {} cores, {} MiB of memory, Linux {}; it is shared, and the same code \
         took up to 1.8 times as long from one minute to the next.\n\n",
        machine["cpu"].as_str().unwrap_or_default(),
        machine["cores"],
        machine["memory_mib"],
        machine["kernel"].as_str().unwrap_or_default(),
    );
    page.push_str("<!-- ANCHOR: first -->\n\n");
    at_first(&mut page, rows)?;
    page.push_str("\n<!-- ANCHOR_END: first -->\n\n");
    page.push_str(
        "`dart` is isolates of one group; those of several groups, each with a heap of its own, \
         are in the benchmark's page as `dart-uri`. A dash: not measured, or there is no such \
         thing there.\n\n\
         ## What was to be reached\n\n\
         What was written down before anything was measured. A ratio below 1 means that Insula \
         is ahead.\n\n",
    );
    let mut table = String::new();
    let (met, missed) = targets(&mut table, rows);
    let _ = writeln!(
        page,
        "<!-- ANCHOR: count -->\n{met} of these were met, and {missed} were missed.\n\
         <!-- ANCHOR_END: count -->\n"
    );
    page.push_str(&table);
    page.push_str("\n## Every row\n");
    for row in rows {
        let _ = writeln!(page, "\n### {}: {}\n", row.name, row.what);
        head(&mut page, "size");
        for at in row.sizes() {
            let figures: Vec<_> = SHOWN
                .iter()
                .map(|shown| row.figure(at, shown, "value"))
                .collect();
            let _ = writeln!(page, "| {} | {} |", at["size"], figures.join(" | "));
        }
    }
    Ok(page)
}

#[test]
fn reference_of_the_figures_is_what_was_measured() -> Result<()> {
    let rows = rows()?;
    ensure!(rows.len() > 10, "only {} rows were measured", rows.len());
    let page = page(&rows)?;
    // The benchmark's own page says the same.
    let own = fs::read_to_string(root().join("bench/results/README.md"))?;
    let count = |page: &str| page.matches("**missed**").count();
    ensure!(
        count(&page) == count(&own),
        "what was missed is not the same"
    );
    let (met, missed) = targets(&mut String::new(), &rows);
    let readme = fs::read_to_string(root().join("README.md"))?.replace('\n', " ");
    let said = format!(
        "Of the {} marks that were set before anything was measured, {met} were met and {missed} \
         were missed",
        met + missed
    );
    ensure!(readme.contains(&said), "README.md does not say: {said}");
    keep("from/figures.md", &page)
}
