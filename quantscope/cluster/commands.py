"""The commands that run a cluster: ``setup``, and one for each role."""

import logging
import pathlib
from collections.abc import Callable
from typing import Any

import click

from protocol.terms import Gateway
from quantscope import logs
from quantscope.options import Failure, configured, flags_of, load, read, told_in_one_line
from settings import Config

NUMBER_MAX = 2**16 - 2
"""Highest number of a gateway: its field is 16 bits wide, and the last one stands for none."""
Gateways = click.IntRange(1, NUMBER_MAX)


def _told(work: Callable[[], None]) -> None:
    """Do it; what may be expected of a cluster is told in one line."""
    told_in_one_line(work, cluster=True)


def _of_cluster(
    config_file: pathlib.Path | None, overrides: tuple[str, ...], **flags: object
) -> Config:
    """The configuration of a role, whose journal is on Kafka whatever it says."""
    return load(config_file, [*overrides, *flags_of(flags), "journal.adapter=kafka"])


def _log(config: Config, process: str) -> None:
    """Log from now on; ``process`` says which role this is, and its name."""
    logs.begin(config.server, process)
    # Its client says of each connection that it is refused; what follows from it is said here.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _check_store(config: Config) -> None:
    """Refuse a start where what the store is to be shown can't be had."""
    if config.store.adapter == "redis":
        from store.redis_access import check

        _told(lambda: check(config.redis))


def _listens(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a process that answers over HTTP."""
    command = click.option(
        "--http-port", type=int, metavar="N", help="Port of HTTP: /metrics, /ready; 0: any."
    )(command)
    return click.option("--host", metavar="H", help="Address to listen on.")(command)


def _numbered(number: Gateway) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the option that says which gateway it is, and its default."""
    return click.option(
        "--number",
        type=Gateways,
        default=int(number),
        show_default=True,
        metavar="N",
        help="Its number, which no other gateway or facade has.",
    )


@click.command()
@configured
@click.option("--dry-run", is_flag=True, help="Say what would be journaled, and do nothing.")
@click.option("--forget", metavar="NAME", help="Keep nothing any more for the recorder NAME.")
@click.option(
    "--trust",
    metavar="ENGINE",
    help="Of engines that tell otherwise, go on with ENGINE: what others told is void.",
)
@click.option(
    "--accept-loss",
    is_flag=True,
    help="Where the commands have lost their end, go on without it: sessions get new ids, and all "
    "is numbered far above what was told.",
)
def setup(
    config_file: pathlib.Path | None,
    overrides: tuple[str, ...],
    *,
    dry_run: bool,
    forget: str | None,
    trust: str | None,
    accept_loss: bool,
) -> None:
    """Make the topics of an exchange, and journal its configuration.

    To be run once for a new exchange, and again whenever its configuration has changed; the
    exchange may run meanwhile. Topics that are set otherwise than they must be are mended. What is
    journaled is said line by line.
    """
    from quantscope.cluster.setup import run_forget, run_setup, run_trust

    config = _of_cluster(config_file, overrides)
    _log(config, "setup")
    if trust is not None:
        if trust not in config.kafka.engines:
            known = ", ".join(config.kafka.engines)
            raise Failure(f"--trust {trust} is none of kafka.engines, which are: {known}")
        _told(lambda: run_trust(config, trust, click.echo))
    elif forget is not None:
        _told(lambda: run_forget(config, forget, click.echo))
    else:
        _told(lambda: run_setup(config, click.echo, dry_run=dry_run, accept_loss=accept_loss))


@click.command()
@configured
@_listens
@click.option("--name", metavar="NAME", help="One of kafka.engines; else the first.")
def engine(
    config_file: pathlib.Path | None,
    overrides: tuple[str, ...],
    host: str | None,
    http_port: int | None,
    name: str | None,
) -> None:
    """Run an engine of a cluster: it follows the commands, and publishes events."""
    from quantscope.cluster.engine import ClusterEngine
    from quantscope.cluster.process import run

    flags = {"server.host": host, "server.http_port": http_port}
    config = _of_cluster(config_file, overrides, **flags)
    chosen = config.kafka.engines[0] if name is None else name
    if chosen not in config.kafka.engines:
        known = ", ".join(config.kafka.engines)
        raise Failure(f"--name {chosen} is none of kafka.engines, which are: {known}")
    _log(config, f"engine {chosen}")
    _told(lambda: run(config, lambda around: ClusterEngine(around, chosen)))


@click.command()
@configured
@_listens
@click.option("--binary-port", type=int, metavar="N", help="Port of binary order entry; 0: any.")
@click.option("--fix-port", type=int, metavar="N", help="Port of FIX order entry; 0: any.")
@_numbered(Gateway.BINARY)
def gateway(
    config_file: pathlib.Path | None,
    overrides: tuple[str, ...],
    host: str | None,
    http_port: int | None,
    binary_port: int | None,
    fix_port: int | None,
    number: int,
) -> None:
    """Run a gateway of a cluster: order entry over TCP, by the binary protocol and by FIX."""
    from quantscope.cluster.gateway import ClusterGateway
    from quantscope.cluster.process import run

    flags = {
        "server.host": host,
        "server.http_port": http_port,
        "server.binary_port": binary_port,
        "server.fix_port": fix_port,
    }
    config = _of_cluster(config_file, overrides, **flags)
    _log(config, f"gateway {number}")
    _told(
        lambda: run(
            config,
            lambda around: ClusterGateway(around, number),
            read=lambda: read(config_file, list(overrides)),
        )
    )


@click.command()
@configured
@_listens
@click.option("--data-dir", metavar="DIR", help="Directory of the store; no other recorder's.")
@click.option(
    "--name",
    metavar="NAME",
    help="Its name, which no other recorder has: what it has not read yet is kept for it. "
    "[default: archive, or redis where store.adapter is that]",
)
def recorder(
    config_file: pathlib.Path | None,
    overrides: tuple[str, ...],
    host: str | None,
    http_port: int | None,
    data_dir: str | None,
    name: str | None,
) -> None:
    """Run a recorder of a cluster: it fills a store from what an engine publishes."""
    from quantscope.cluster.process import run
    from quantscope.cluster.recorder import ClusterRecorder
    from quantscope.cluster.redis_recorder import ClusterRedisRecorder
    from quantscope.cluster.surroundings import ClusterRole, Surroundings

    flags = {"server.host": host, "server.http_port": http_port, "server.data_dir": data_dir}
    config = _of_cluster(config_file, overrides, **flags)
    on_redis = config.store.adapter == "redis"
    chosen = name or ("redis" if on_redis else "archive")
    _log(config, f"recorder {chosen}")
    _check_store(config)

    def role(around: Surroundings) -> ClusterRole:
        return (ClusterRedisRecorder if on_redis else ClusterRecorder)(around, chosen)

    _told(lambda: run(config, role))


@click.command()
@configured
@_listens
@click.option("--data-dir", metavar="DIR", help="Directory of the store, which a recorder fills.")
@_numbered(Gateway.FACADE)
def facade(
    config_file: pathlib.Path | None,
    overrides: tuple[str, ...],
    host: str | None,
    http_port: int | None,
    data_dir: str | None,
    number: int,
) -> None:
    """Run a facade of a cluster: REST and WebSocket."""
    from quantscope.cluster.facade import ClusterFacade
    from quantscope.cluster.process import run

    flags = {
        "server.host": host,
        "server.http_port": http_port,
        "server.data_dir": data_dir,
    }
    config = _of_cluster(config_file, overrides, **flags)
    _log(config, f"facade {number}")
    _check_store(config)
    _told(lambda: run(config, lambda around: ClusterFacade(around, number), own_pages=True))
