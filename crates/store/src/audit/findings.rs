//! What is wrong, line by line.

use std::collections::HashSet;

/// Most lines that are kept; of the rest only how many.
pub const FINDINGS_MAX: usize = 100;

/// Findings, one a row.
#[derive(Debug, Default)]
pub struct Findings {
    lines: Vec<String>,
    /// Rows that something was said about.
    rows: HashSet<(&'static str, u64)>,
    more: u64,
}

impl Findings {
    /// About the file as a whole.
    pub fn file(&mut self, what: String) {
        self.line(what);
    }

    /// About a row, by its key or the first number of it; what else is wrong with it is not said.
    pub fn row(&mut self, table: &'static str, row: u64, what: impl Into<String>) {
        if self.rows.len() <= FINDINGS_MAX && !self.rows.insert((table, row)) {
            return;
        }
        self.line(format!("table {table}, row {row}: {}", what.into()));
    }

    /// How many lines there are.
    pub fn len(&self) -> u64 {
        self.more.saturating_add(self.lines.len() as u64)
    }

    fn line(&mut self, line: String) {
        if self.lines.len() < FINDINGS_MAX {
            self.lines.push(line);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// The lines, and how many more there would be.
    pub fn into_lines(self) -> (Vec<String>, u64) {
        (self.lines, self.more)
    }
}
