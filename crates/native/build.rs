//! The extension says which sources it was built of: the tests' start compares them with those that are
//! there (`testing/sources.py`), so that no test is run on an older one.

use std::path::{Path, PathBuf};
use std::{fs, io};

use xxhash_rust::xxh3::xxh3_64;

/// Every file below a directory.
fn files_of(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files_of(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Path from the workspace and content of each source, in the order of the paths, hashed.
fn main() -> io::Result<()> {
    let root = Path::new("../..").canonicalize()?;
    let mut files = vec![root.join("Cargo.toml"), root.join("Cargo.lock")];
    for entry in fs::read_dir(root.join("crates"))? {
        let crate_ = entry?.path();
        if crate_.join("Cargo.toml").is_file() {
            files.push(crate_.join("Cargo.toml"));
            files_of(&crate_.join("src"), &mut files)?;
            println!("cargo::rerun-if-changed={}", crate_.join("src").display());
        }
    }
    let mut named: Vec<(String, &PathBuf)> = Vec::new();
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&root).map_err(io::Error::other)?;
        named.push((name.to_string_lossy().replace('\\', "/"), file));
    }
    named.sort_unstable();
    let mut all = Vec::new();
    for (name, file) in named {
        all.extend_from_slice(name.as_bytes());
        all.push(0);
        all.extend_from_slice(&fs::read(file)?);
        all.push(0);
    }
    println!("cargo::rustc-env=SOURCES_HASH={:016x}", xxh3_64(&all));
    Ok(())
}
