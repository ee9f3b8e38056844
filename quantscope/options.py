"""What the commands of the command line share: options, the configuration, one line for errors."""

import logging
import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

import click

import settings
from quantscope import logs
from settings import Config

log = logging.getLogger("quantscope")


class Failure(click.ClickException):
    """An error that is told in one line."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Tell it, as the log is told."""
        if logs.in_json():
            log.critical("%s", self.format_message())
        else:
            super().show(file)


def configured(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say where the configuration comes from."""
    command = click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="SECTION.KEY=VALUE",
        help="A setting, over the file and the environment; may be given again.",
    )(command)
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=pathlib.Path),
        envvar="QUANTSCOPE_CONFIG",
        help="The TOML file with the settings; `quantscope config` shows them all.",
    )(command)


def load(config_file: pathlib.Path | None, overrides: list[str]) -> Config:
    """The configuration in force, or one line that says what is wrong with it."""
    try:
        config = read(config_file, overrides)
    except settings.ConfigError as error:
        raise Failure(str(error)) from error
    if config.server.log_format == "json":
        # Whatever command it is may come to say something.
        logs.begin(config.server, click.get_current_context().info_name or "quantscope")
    return config


def read(config_file: pathlib.Path | None, overrides: list[str]) -> Config:
    """The configuration as it is now; raises ``ConfigError``."""
    environment = {k: v for k, v in settings.environment().items() if k != "QUANTSCOPE_CONFIG"}
    return settings.load(config_file, environment, overrides)


def flags_of(values: Mapping[str, object]) -> list[str]:
    """Those of some settings that were given, as ``--set`` takes them."""
    return [f"{name}={value}" for name, value in values.items() if value is not None]


def told_in_one_line(work: Callable[[], None], *, cluster: bool = False) -> None:
    """Do it; an error that an operator may expect is told without a traceback.

    Of a ``cluster`` more may be expected, for which its libraries are loaded.
    """
    try:
        work()
    except BrokenPipeError:
        # Whoever read has seen enough: click ends without a word.
        raise
    except Exception as error:
        told = _in_one_line(error, cluster=cluster)
        if told is None:
            raise
        raise Failure(told) from error


def _in_one_line(error: Exception, *, cluster: bool) -> str | None:
    """What is told of an error; None where nobody could expect it."""
    if cluster:
        from quantscope.cluster.faults import EXPECTED, in_words
    else:
        from quantscope.faults import EXPECTED, in_words

    if isinstance(error, EXPECTED):
        return in_words(error)
    if not isinstance(error, ExceptionGroup):
        return None
    expected, rest = error.split(EXPECTED)
    if expected is None or rest is not None:
        return None
    return "; ".join(in_words(each) for each in _within(expected))


def _within(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _within(error)
        else:
            yield error
