//! The load generator as a program of its own; `quantscope load` is the same.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(load::cli::main(std::env::args_os()))
}
