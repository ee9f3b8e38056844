"""The command line: ``quantscope serve``, ``config``, ``journal``, ``verify`` and the rest."""

import pathlib
from functools import partial
from typing import Any

import click

import settings
from core import VERSION
from quantscope import capacity, logs
from quantscope.cluster.commands import engine, facade, gateway, recorder, setup
from quantscope.flow_command import flow
from quantscope.load import load as load_command
from quantscope.options import Failure, configured, flags_of, load, told_in_one_line
from quantscope.session_command import session
from settings import Config


class Folder(click.ParamType[pathlib.Path]):
    """A directory's name, which may not be empty: a shell makes that of a variable unset."""

    name = "directory"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> pathlib.Path:
        """The path."""
        if not str(value).strip():
            self.fail("it is empty: name a directory", param, ctx)
        return pathlib.Path(value)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION)
def main() -> None:
    """QuantScope: a trading exchange that people can run, trust and read."""


@main.command()
@configured
@click.option("--data-dir", metavar="DIR", help="Directory of the journal and the store.")
@click.option("--host", metavar="H", help="Address to listen on.")
@click.option("--http-port", type=int, metavar="N", help="Port of REST and WebSocket; 0: any.")
@click.option("--binary-port", type=int, metavar="N", help="Port of binary order entry; 0: any.")
@click.option("--fix-port", type=int, metavar="N", help="Port of FIX order entry; 0: any.")
@click.option("--journal", type=click.Choice(["sqlite", "memory"]), help="Where commands are kept.")
def serve(
    config_file: pathlib.Path | None,
    overrides: tuple[str, ...],
    data_dir: str | None,
    host: str | None,
    http_port: int | None,
    binary_port: int | None,
    fix_port: int | None,
    journal: str | None,
) -> None:
    """Run the whole exchange in this process."""
    from quantscope import serve as serving

    flags = {
        "server.data_dir": data_dir,
        "server.host": host,
        "server.http_port": http_port,
        "server.binary_port": binary_port,
        "server.fix_port": fix_port,
        "journal.adapter": journal,
    }
    config = load(config_file, [*overrides, *flags_of(flags)])
    logs.begin(config.server, "serve")
    told_in_one_line(lambda: serving.run(config))


@main.command("config")
@configured
@click.option("--show-secrets", is_flag=True, help="Show passwords, which are masked otherwise.")
def show_config(
    config_file: pathlib.Path | None, overrides: tuple[str, ...], *, show_secrets: bool
) -> None:
    """Print the settings in force, with their units and defaults, and what they add up to."""
    config = load(config_file, list(overrides))
    click.echo(settings.show(config, secrets=show_secrets))
    click.echo("\n".join(capacity.summary(config)))


@main.command()
@configured
@click.option("--data-dir", metavar="DIR", help="Directory of the journal and the store.")
@click.option(
    "--from",
    "first",
    type=click.IntRange(1, 2**63 - 1),
    metavar="OFFSET",
    help="The first batch to print.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Most lines.")
@click.option(
    "--engine",
    metavar="NAME",
    help="On Kafka: whose events; those of the first of kafka.engines unless given.",
)
@click.argument("topic", type=click.Choice(["commands", "events"]))
def journal(
    config_file: pathlib.Path | None,
    overrides: tuple[str, ...],
    data_dir: str | None,
    first: int | None,
    limit: int | None,
    engine: str | None,
    topic: str,
) -> None:
    """Print the journal's commands or events as JSON lines.

    A journal on Kafka is read up to its end while the cluster runs; for one in a data directory the
    exchange must be stopped.
    """
    config = load(config_file, [*overrides, *flags_of({"server.data_dir": data_dir})])
    if engine is not None and (topic == "commands" or config.journal.adapter != "kafka"):
        raise Failure("--engine says whose events are read of a journal on Kafka (journal.adapter)")
    cluster = _on_kafka(config, data_dir)
    if cluster:
        from quantscope import examine_kafka, logs

        # What the library says of brokers that are away is said in one line at the end.
        logs.be_silent()
        work = partial(examine_kafka.print_journal, config, topic, engine)
    else:
        from quantscope import examine

        work = partial(examine.print_journal, config, topic)
    told_in_one_line(lambda: work(first, limit), cluster=cluster)


@main.command()
@configured
@click.option("--data-dir", metavar="DIR", help="Directory of the journal and the store.")
def verify(
    config_file: pathlib.Path | None, overrides: tuple[str, ...], data_dir: str | None
) -> None:
    """Replay all that the journal keeps; compare every event, every hash, and the store.

    A journal on Kafka is read up to its end while the cluster runs, and each engine's events are
    compared; for one in a data directory the exchange must be stopped.
    """
    config = load(config_file, [*overrides, *flags_of({"server.data_dir": data_dir})])
    cluster = _on_kafka(config, data_dir)
    if cluster:
        from quantscope import examine_kafka, logs

        logs.be_silent()
        work = examine_kafka.run_verify
    else:
        from quantscope import examine

        work = examine.run_verify
    told_in_one_line(lambda: work(config), cluster=cluster)


@main.command()
@configured
@click.option("--accept-loss", is_flag=True, help="Go on without what is lost.")
@click.argument("directory", metavar="[DIR]", required=False, type=Folder())
def recover(
    config_file: pathlib.Path | None,
    overrides: tuple[str, ...],
    directory: pathlib.Path | None,
    *,
    accept_loss: bool,
) -> None:
    """Say what the data directory DIR has lost, or go on without it.

    DIR is server.data_dir of the configuration unless given (quantscope-data, where that says
    nothing else).

    Without --accept-loss nothing is changed. With it the exchange goes on from the farthest point
    that is left; no id is given twice, and sessions get new ids, also where nothing is lost but the
    file mark. What is put aside keeps its content.
    """
    from quantscope import recovering

    config = load(config_file, [*overrides, *flags_of({"server.data_dir": directory})])
    told_in_one_line(lambda: recovering.run_recover(config, accept_loss=accept_loss))


@main.command()
@configured
@click.argument("backup", type=Folder())
@click.argument("directory", metavar="DIR", type=Folder())
def restore(
    config_file: pathlib.Path | None,
    overrides: tuple[str, ...],
    backup: pathlib.Path,
    directory: pathlib.Path,
) -> None:
    """Copy the data directory BACKUP to DIR, as one that goes on by itself.

    Nobody knows what the original has told since: so sessions get new ids, and orders and trades
    are numbered far above. Where DIR is BACKUP itself (a disk image that was put back), it is only
    told so.
    """
    from quantscope import restoring

    config = load(config_file, list(overrides))
    told_in_one_line(lambda: restoring.run_restore(config, backup, directory))


@main.command("import")
@configured
@click.argument("source", metavar="DATA_DIR", type=Folder())
@click.argument("directory", metavar="[NEW_DIR]", type=Folder(), required=False)
@click.option(
    "--archive",
    metavar="DIR",
    type=Folder(),
    help="Of a cluster: the new directory that gets the store, for a recorder.",
)
def import_(
    config_file: pathlib.Path | None,
    overrides: tuple[str, ...],
    source: pathlib.Path,
    directory: pathlib.Path | None,
    archive: pathlib.Path | None,
) -> None:
    """Make NEW_DIR, of this version, of DATA_DIR, which version 1 wrote.

    Without NEW_DIR: make a new cluster, as the configuration says, of DATA_DIR, which this version
    or version 1 wrote.

    DATA_DIR must have been stopped cleanly by the version that wrote it, and is not changed.
    Sessions keep their ids and numbers, and orders, trades and their history stay as they are.
    """
    if directory is not None:
        from quantscope import importing

        if archive is not None:
            raise Failure("--archive is of a cluster: NEW_DIR gets the store as it is")
        config = load(config_file, list(overrides))
        told_in_one_line(lambda: importing.run_import(config, source, directory))
        return
    from quantscope import importing_cluster

    config = load(config_file, [*overrides, "journal.adapter=kafka"])
    told_in_one_line(
        lambda: importing_cluster.run_import_into_cluster(config, source, archive, click.echo),
        cluster=True,
    )


def _on_kafka(config: Config, data_dir: str | None) -> bool:
    """Whether the journal is there; who names a directory means another one."""
    found = config.journal.adapter == "kafka"
    if found and data_dir is not None:
        raise Failure(
            "--data-dir names a data directory, and the configuration's journal is on Kafka "
            "(journal.adapter)"
        )
    return found


for command in (setup, engine, gateway, facade, recorder, session, flow):
    main.add_command(command)
main.add_command(load_command)

if __name__ == "__main__":
    main()
