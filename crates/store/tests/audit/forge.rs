//! Rows that are changed, with a checksum that fits.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;
use wire::record::command::NO_PRICE;
use xxhash_rust::xxh3::xxh3_64;

/// A table, and the columns that name a row.
pub struct Table {
    pub name: &'static str,
    key: usize,
}

pub fn tables() -> [Table; 8] {
    [
        ("position", 1),
        ("account", 1),
        ("entry", 1),
        ("instrument", 1),
        ("orders", 1),
        ("trade", 1),
        ("bar", 2),
        ("older", 2),
    ]
    .map(|(name, key)| Table { name, key })
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => format!("'{text}'"),
        Value::Blob(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("x'{digits}'")
        }
        Value::Real(_) => unreachable!("no column has one"),
    }
}

impl Table {
    fn columns(&self, connection: &Connection) -> Vec<String> {
        let sql = format!("SELECT name FROM pragma_table_info('{}')", self.name);
        let mut select = connection.prepare(&sql).unwrap();
        let names = select.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect()
    }

    /// How many rows there are, by their indexes.
    pub fn rows(&self, path: &Path) -> Vec<i64> {
        let connection = Connection::open(path).unwrap();
        let all = self.all(&connection);
        for row in &all {
            let (stored, values) = row.split_last().unwrap();
            assert_eq!(
                *stored,
                Value::Integer(self.checksum(values)),
                "{}",
                self.name
            );
        }
        assert!(!all.is_empty(), "{}", self.name);
        (0..all.len() as i64).collect()
    }

    fn all(&self, connection: &Connection) -> Vec<Vec<Value>> {
        let count = self.columns(connection).len();
        let sql = format!("SELECT * FROM {}", self.name);
        let mut select = connection.prepare(&sql).unwrap();
        let rows = select.query_map([], |row| (0..count).map(|at| row.get(at)).collect());
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// As `checksum` says: the values in the order of the columns; of a bar the texts last, of the
    /// position without its key.
    fn checksum(&self, values: &[Value]) -> i64 {
        let mut values: Vec<_> = values.to_vec();
        if self.name == "bar" {
            let count = values.remove(10);
            values.insert(8, count);
        }
        if self.name == "position" {
            values.remove(0);
        }
        let mut bytes = Vec::new();
        for (at, value) in values.iter().enumerate() {
            match value {
                Value::Integer(number) => bytes.extend_from_slice(&number.to_le_bytes()),
                Value::Null if at == 10 => bytes.extend_from_slice(&NO_PRICE.to_le_bytes()),
                Value::Null => bytes.extend_from_slice(&0u64.to_le_bytes()),
                Value::Text(text) => {
                    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
                    bytes.extend_from_slice(text.as_bytes());
                }
                Value::Blob(blob) => {
                    bytes.extend_from_slice(&(blob.len() as u64).to_le_bytes());
                    bytes.extend_from_slice(blob);
                }
                Value::Real(_) => unreachable!("no column has one"),
            }
        }
        xxh3_64(&bytes) as i64
    }

    fn at(&self, connection: &Connection, row: i64) -> Vec<Value> {
        self.all(connection).swap_remove(row as usize)
    }

    fn named(&self, columns: &[String], values: &[Value]) -> String {
        let named = columns.iter().zip(values).take(self.key);
        let named: Vec<_> = named
            .map(|(column, value)| format!("{column} = {}", literal(value)))
            .collect();
        named.join(" AND ")
    }

    pub fn delete(&self, connection: &Connection, row: i64) -> String {
        let named = self.named(&self.columns(connection), &self.at(connection, row));
        format!("DELETE FROM {} WHERE {named}", self.name)
    }

    fn sealed(&self, mut values: Vec<Value>) -> Vec<Value> {
        values.pop();
        values.push(Value::Integer(self.checksum(&values)));
        values
    }

    /// The row once more, under another key, with a checksum that fits.
    pub fn insert(&self, connection: &Connection, row: i64) -> Vec<String> {
        if self.name == "position" {
            return Vec::new();
        }
        let mut inserts = Vec::new();
        for far in [1, 1_000_000] {
            let mut values = self.at(connection, row);
            let Value::Integer(key) = &mut values[self.key - 1] else {
                unreachable!("keys are numbers");
            };
            *key += far;
            let columns = self.columns(connection);
            let sql = format!(
                "SELECT 1 FROM {} WHERE {}",
                self.name,
                self.named(&columns, &values)
            );
            if connection.prepare(&sql).unwrap().exists([]).unwrap() {
                continue;
            }
            let values: Vec<_> = self.sealed(values).iter().map(literal).collect();
            inserts.push(format!(
                "INSERT INTO {} VALUES ({})",
                self.name,
                values.join(", ")
            ));
        }
        inserts
    }

    /// The row with another value in each of its columns, and a checksum that fits.
    pub fn forge(&self, connection: &Connection, row: i64) -> Vec<String> {
        let columns = self.columns(connection);
        let before = self.at(connection, row);
        let mut updates = Vec::new();
        for at in self.key..columns.len() - 1 {
            // Where it stands in a log is what a start compares: see engine/plan.py.
            if ["offset", "journal_id", "chain"].contains(&&*columns[at]) {
                continue;
            }
            for other in others(&before[at])
                .into_iter()
                .filter(|it| *it != before[at])
            {
                let mut values = before.clone();
                values[at] = other;
                let sealed = self.sealed(values);
                updates.push(format!(
                    "UPDATE {} SET {} = {}, checksum = {} WHERE {}",
                    self.name,
                    columns[at],
                    literal(&sealed[at]),
                    literal(sealed.last().unwrap()),
                    self.named(&columns, &before),
                ));
            }
        }
        updates
    }
}

/// Other values that a column may hold.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![],
        Value::Integer(number) => vec![Value::Integer(number ^ 1)],
        Value::Text(text) if text.parse::<i64>().is_ok() => {
            vec![Value::Text(format!("{text}0")), Value::Text("7".to_owned())]
        }
        Value::Text(text) => vec![Value::Text(format!("{text}x"))],
        Value::Blob(bytes) if bytes.is_empty() => vec![Value::Blob(vec![1])],
        Value::Blob(bytes) => {
            let mut other = bytes.clone();
            other[bytes.len() / 2] ^= 1;
            let mut last = bytes.clone();
            *last.last_mut().unwrap() ^= 2;
            vec![Value::Blob(other), Value::Blob(last), Value::Blob(vec![])]
        }
        Value::Real(_) => unreachable!("no column has one"),
    }
}
