//! The rules of trading, as scripts: commands in, events out.
#![allow(clippy::unwrap_used)]

mod script;

use std::path::PathBuf;

/// Every script in `tests/scripts` plays as it is written.
#[test]
fn the_market_plays_as_the_scripts_say() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut played = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let written = std::fs::read_to_string(&path).unwrap();
        let told = script::play(&written);
        if std::env::var_os("WRITE_SCRIPTS").is_some() {
            std::fs::write(&path, &told).unwrap();
        }
        let differs = written
            .lines()
            .zip(told.lines())
            .find(|(one, other)| one != other);
        assert_eq!(differs, None, "{}, as played:\n{told}", path.display());
        assert_eq!(
            written.lines().count(),
            told.lines().count(),
            "{}",
            path.display()
        );
        played += 1;
    }
    assert!(played >= 6, "{played} scripts");
}
