"""``python -m supervisor``: the command line of ``make cluster``."""

import asyncio
from pathlib import Path

import click

from quantscope.options import load
from supervisor.cluster import Cluster
from supervisor.console import Console
from supervisor.directory import Directory
from supervisor.failure import Failure
from supervisor.keeper import ROOT
from supervisor.plan import Plan, default_ports, prometheus_found

CONFIG = ROOT / "deploy/cluster.toml"
PORTS = "\n".join(f"  {name}={port}" for name, port in default_ports(("a", "b")).items())


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"\b\nThe ports, all on 127.0.0.1, unless given:\n{PORTS}",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default="quantscope-cluster",
    show_default=True,
    help="Directory of all that the cluster keeps; one cluster has it.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    default=CONFIG,
    show_default="deploy/cluster.toml",
    help="The settings of all roles; where they listen, and where Kafka and Redis are, is said "
    "by the ports.",
)
@click.option(
    "--port",
    "ports",
    multiple=True,
    metavar="NAME=N",
    help="A port; may be given again. NAME.metrics serve /metrics, /health and /ready.",
)
@click.option("--no-prometheus", is_flag=True, help="Start none, also where it is installed.")
def main(data_dir: Path, config_file: Path, ports: tuple[str, ...], *, no_prometheus: bool) -> None:
    """Run a whole cluster on this machine until Ctrl-C: Kafka, Redis, every role, Prometheus.

    It says `ready` in one line, with what is served where. What dies is started again.
    """
    config = load(config_file, ["journal.adapter=kafka"])
    chosen = _ports(default_ports(config.kafka.engines), ports)
    prometheus = None if no_prometheus else prometheus_found()
    try:
        with Directory.taken(data_dir) as directory:
            plan = Plan(config_file.resolve(), config, chosen, directory, prometheus)
            plan.check()
            width = max(len(program.name) for program in plan.programs())
            with Console(width) as console:
                asyncio.run(Cluster(plan, console).run())
    except Failure as failure:
        raise click.ClickException(str(failure)) from failure


def _ports(known: dict[str, int], given: tuple[str, ...]) -> dict[str, int]:
    """The ports, with those that were given; raises ``click.UsageError``."""
    for one in given:
        name, _, number = one.partition("=")
        if name not in known:
            raise click.UsageError(f"--port {one}: there is no port {name!r}; see --help")
        if not number.isdecimal() or not 0 < int(number) < 2**16:
            raise click.UsageError(f"--port {one}: a port is a number from 1 to 65535")
        known[name] = int(number)
    twice = sorted({port for port in known.values() if list(known.values()).count(port) > 1})
    if twice:
        names = ", ".join(name for name, port in known.items() if port == twice[0])
        raise click.UsageError(f"the port {twice[0]} is given to {names}")
    return known


if __name__ == "__main__":
    main()
