//! The loops against a bare echo: what is sent is counted once, and nothing is lost.

#![allow(clippy::expect_used)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

struct Server(Child, String);

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_load"))
            .arg("echo")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the echo server starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is a pipe");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("it says where it listens");
        let port = line
            .trim()
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .to_owned();
        Self(child, port)
    }

    fn load(&self, more: &[&str]) -> Value {
        let done = Command::new(env!("CARGO_BIN_EXE_load"))
            .args([
                "--echo",
                "--json",
                "--seconds",
                "0.3",
                "--warmup-seconds",
                "0.1",
            ])
            .args(["--port", &self.1])
            .args(more)
            .output()
            .expect("the generator runs");
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        serde_json::from_slice(&done.stdout).expect("it prints JSON")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_closed_loop_answers_everything() {
    let server = Server::start();
    for protocol in ["binary", "fix"] {
        let how = ["--protocol", protocol, "--connections", "4"];
        let result = server.load(&[&how[..], &["--in-flight", "10"]].concat());
        assert!(result["orders"].as_u64() > Some(1000));
        assert_eq!(result["lost"], 0);
        assert_eq!(result["rejects"], 0);
        assert_eq!(result["latency_us"]["count"], result["orders"]);
    }
}

#[test]
fn the_open_loop_keeps_its_rate_and_loses_nothing() {
    let server = Server::start();
    let result = server.load(&["--connections", "4", "--rate", "5000"]);
    let orders = result["orders"].as_u64().unwrap_or_default();
    // 0.3 s at 5,000 a second, and what the warm-up left unanswered.
    assert!((1450..=2100).contains(&orders), "{orders}");
    assert_eq!(result["lost"], 0);
}

#[test]
fn a_port_where_nobody_listens_is_an_error_in_one_line() {
    let done = Command::new(env!("CARGO_BIN_EXE_load"))
        .args(["--echo", "--port", "1"])
        .output()
        .expect("the generator runs");
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&done.stderr).lines().count(), 1);
}
