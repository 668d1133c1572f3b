//! Tables on standard output: columns as wide as what is in them.

/// Rows of cells, the last of each as wide as it likes.
#[derive(Default)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    pub fn row<const N: usize>(&mut self, cells: [&str; N]) {
        // Names in a program are its author's.
        let cells = cells.iter().map(|cell| insula::harmless(cell));
        self.0.push(cells.collect());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Table(rows) = self;
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns)
            .map(|column| {
                let cells = rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        for row in rows {
            let padded = row.iter().zip(&widths);
            let line: Vec<_> = padded
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            writeln!(f, "  {}", line.join("  ").trim_end())?;
        }
        Ok(())
    }
}
