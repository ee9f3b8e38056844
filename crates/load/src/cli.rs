//! The command line, and what each command prints.

use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};

use crate::baseline::{Echo, append_and_sync};
use crate::error::LoadError;
use crate::fleet::{DRAIN, Fleet, Loop, OPEN_IN_FLIGHT_MAX, WARM, WARM_IN_FLIGHT};
use crate::mix::Mix;
use crate::notify::Audience;
use crate::opening::Target;
use crate::report::Tally;
use crate::session_args::{Session, count, resolve, within};
use crate::{resend, round_trip, text};

/// Highest rate in requests a second, and lowest: one in a quarter of an hour.
const RATES: RangeInclusive<f64> = 0.001..=1e9;
/// Longest time, in seconds.
const SECONDS: RangeInclusive<f64> = 0.0..=1e6;

fn in_flight(text: &str) -> Result<usize, String> {
    within(text, &(1..=OPEN_IN_FLIGHT_MAX))
}

fn rate(text: &str) -> Result<f64, String> {
    within(text, &RATES)
}

fn seconds(text: &str) -> Result<f64, String> {
    within(text, &SECONDS)
}

/// A load generator for order entry: the binary protocol, or FIX.
#[derive(Debug, Parser)]
#[command(name = "load", args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A bare echo server: the baseline of round trips, and the generator's own ceiling.
    Echo {
        /// Address to listen on.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    /// Append and fdatasync, over and over: the baseline of what is durable.
    Fdatasync {
        /// Directory on the disk to measure.
        #[arg(long)]
        dir: PathBuf,
        /// Bytes of each append.
        #[arg(long, default_value_t = 4096, value_parser = count)]
        bytes: usize,
        /// How long.
        #[arg(long, default_value_t = 2.0, value_parser = seconds)]
        seconds: f64,
    },
    /// Users who listen to their notifications; ends at the end of its input.
    Notify {
        /// Host of the exchange.
        #[arg(long, default_value = "127.0.0.1")]
        host: String,
        /// Port of HTTP.
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// How many users.
        #[arg(long, default_value_t = 1000, value_parser = count)]
        users: usize,
        /// Users are this and a number from 1.
        #[arg(long, default_value = "user")]
        user_prefix: String,
    },
    /// Round trips with one request in flight, in turns against the exchange and echo servers.
    RoundTrip {
        #[command(flatten)]
        session: Session,
        /// Port of the binary protocol of the same exchange, which takes its turns beside FIX.
        #[arg(long)]
        binary_port: Option<u16>,
        /// Port of an echo server on the same host; may be given more than once.
        #[arg(long)]
        echo_port: Vec<u16>,
        /// How long, over all of them.
        #[arg(long, default_value_t = 5.0, value_parser = seconds)]
        seconds: f64,
    },
    /// Messages of one session that it asks for once more, while the others trade in the open loop.
    Resend {
        #[command(flatten)]
        session: Session,
        #[command(flatten)]
        resend: Resend,
    },
    /// Sessions that say no more than that they are there.
    Stay {
        #[command(flatten)]
        session: Session,
        /// Sessions.
        #[arg(long, default_value_t = 16, value_parser = count)]
        connections: usize,
        /// How long.
        #[arg(long, default_value_t = 10.0, value_parser = seconds)]
        seconds: f64,
    },
}

#[derive(Debug, Args)]
struct Resend {
    /// Sessions.
    #[arg(long, default_value_t = 16, value_parser = count)]
    connections: usize,
    /// Messages that are asked for; the log is filled by all sessions until the one that asks has had as many.
    #[arg(long, default_value_t = 100_000, value_parser = count)]
    messages: usize,
    /// Requests a second over the other sessions.
    #[arg(long, default_value_t = 50_000.0, value_parser = rate)]
    rate: f64,
    /// How often they are asked for, in turns with stretches of time in which nothing is.
    #[arg(long, default_value_t = 3, value_parser = count)]
    turns: usize,
    /// How long such a stretch is.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    seconds: f64,
    /// How long the others trade before it counts.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    warmup_seconds: f64,
}

#[derive(Debug, Args)]
struct Run {
    #[command(flatten)]
    session: Session,
    /// Sessions.
    #[arg(long, default_value_t = 16, value_parser = count)]
    connections: usize,
    /// Requests in flight per session, in the closed loop.
    #[arg(long, default_value_t = 100, value_parser = in_flight)]
    in_flight: usize,
    /// Open loop: requests a second over all sessions.
    #[arg(long, value_parser = rate)]
    rate: Option<f64>,
    /// How long.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    seconds: f64,
    /// How long before it counts.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    warmup_seconds: f64,
    /// The other side is a bare echo server.
    #[arg(long)]
    echo: bool,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Run the command line `args` (the program's name first); gives the exit code.
pub fn main<A: Into<OsString> + Clone>(args: impl IntoIterator<Item = A>) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let failed = error.use_stderr();
            // Nothing is left to tell whom where even this can't be printed.
            drop(error.print());
            return if failed { 2 } else { 0 };
        }
    };
    let done = match cli.command {
        None => run(&cli.run),
        Some(Command::Echo { listen }) => echo(listen),
        Some(Command::Fdatasync {
            dir,
            bytes,
            seconds,
        }) => append_and_sync(&dir, bytes, duration(seconds))
            .and_then(|disk| print(&disk.to_json(bytes).to_string())),
        Some(Command::Notify {
            host,
            port,
            users,
            user_prefix,
        }) => notify(&host, port, users, &user_prefix),
        Some(Command::RoundTrip {
            session,
            binary_port,
            echo_port,
            seconds,
        }) => round_trip::run(&session, binary_port, &echo_port, duration(seconds))
            .and_then(|result| print(&result.to_string())),
        Some(Command::Resend { session, resend }) => resend_beside(&session, &resend),
        Some(Command::Stay {
            session,
            connections,
            seconds,
        }) => stay(&session, connections, duration(seconds)),
    };
    match done {
        Ok(()) => 0,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "load: {error}"));
            1
        }
    }
}

fn print(line: &str) -> Result<(), LoadError> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn echo(listen: SocketAddr) -> Result<(), LoadError> {
    let mut echo = Echo::bind(listen)?;
    print(&format!("ready echo={}", echo.address()?))?;
    echo.serve(&AtomicBool::new(false))
}

fn notify(host: &str, port: u16, users: usize, user_prefix: &str) -> Result<(), LoadError> {
    let mut audience = Audience::connect(resolve(host, port)?, user_prefix, users)?;
    print(&format!("ready users={users}"))?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    std::thread::spawn(move || {
        // Whatever stands in the input, and however it ends: its end is the sign.
        drop(std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
        stopped.store(true, Ordering::Relaxed);
    });
    audience.listen(&stop)?;
    print(&audience.to_json().to_string())
}

fn resend_beside(session: &Session, resend: &Resend) -> Result<(), LoadError> {
    let plan = resend::Plan {
        connections: resend.connections,
        messages: resend.messages as u64,
        rate: resend.rate,
        turns: resend.turns,
        warmup: duration(resend.warmup_seconds),
        quiet: duration(resend.seconds),
    };
    let filled = resend::fill(session, &plan)?;
    print(&format!("ready messages={}", filled.messages()))?;
    print(&filled.run()?.to_string())
}

fn stay(session: &Session, connections: usize, time: Duration) -> Result<(), LoadError> {
    let address = resolve(&session.host, session.port())?;
    let target = session.target(session.protocol);
    let plan = session.plan(connections, 1);
    let mut fleet = Fleet::connect(address, &target, connections, &plan, session.seed)?;
    print(&format!("ready sessions={connections}"))?;
    fleet.stay(time)?;
    print(&json!({ "sessions": connections, "heard": fleet.heard() }).to_string())
}

fn run(run: &Run) -> Result<(), LoadError> {
    let result = measure(run)?;
    if run.json {
        print(&result.to_string())
    } else {
        print(&text::run(&result))
    }
}

fn measure(run: &Run) -> Result<Value, LoadError> {
    let how = match run.rate {
        Some(rate) => Loop::Open { rate },
        None => Loop::Closed {
            in_flight: run.in_flight,
        },
    };
    let in_flight_max = run.rate.map_or(run.in_flight, |_| OPEN_IN_FLIGHT_MAX);
    let mut plan = run.session.plan(run.connections, in_flight_max);
    let mut target = run.session.target(run.session.protocol);
    if run.echo {
        target = Target::Echo(run.session.protocol);
        plan.instruments = vec![1];
        plan.mix = Mix {
            rest: 100,
            cancel: 0,
            cross: 0,
        };
        plan.resting = usize::MAX;
    }
    let address = resolve(&run.session.host, run.session.port())?;
    let mut fleet = Fleet::connect(address, &target, run.connections, &plan, run.session.seed)?;
    if !run.echo {
        fleet.warm(WARM_IN_FLIGHT, WARM)?;
    }
    let mut tally = Tally::default();
    fleet.run(how, duration(run.warmup_seconds), &mut tally)?;
    tally.reset();
    let start = crate::time::now_ns();
    fleet.run(how, duration(run.seconds), &mut tally)?;
    let seconds = (crate::time::now_ns() - start) as f64 / 1e9;
    // The closed loop counts what was answered in its time, the open loop all that was sent in it.
    let mut rest = Tally::default();
    let tail = if run.rate.is_some() {
        &mut tally
    } else {
        &mut rest
    };
    let lost = fleet.drain(DRAIN, tail)?;
    let mut result = tally.to_json(seconds, lost as u64);
    result["loop"] = json!(if run.rate.is_some() { "open" } else { "closed" });
    result["connections"] = json!(run.connections);
    result["in_flight"] = json!(run.in_flight);
    result["rate"] = json!(run.rate);
    result["echo"] = json!(run.echo);
    Ok(result)
}
