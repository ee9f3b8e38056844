"""What ``verify`` passes a start takes, and what a start refuses ``verify`` does not pass."""

import logging
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import settings
from journal.datadir import DataDir
from quantscope import examine
from quantscope.faults import EXPECTED
from quantscope.roles.sessions import binary_gateway, fix_gateway, learn_sessions
from quantscope.serve import Exchange as Server
from settings import Config
from testing.damage import copy_database, cut, flip_some, forget, shorten, used
from testing.process import ServerProcess
from tests.system.orders import SOON

Damage = Callable[[Path, Path], object]
TRIMMED = (*SOON, "gateway.session_replay_messages_min=1")


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Directories to be damaged: stopped or killed, whole or with their beginning deleted."""
    root = tmp_path_factory.mktemp("agree")
    for name in ("stopped", "killed", "other", "trimmed"):
        exchange = ServerProcess(root / name, *(TRIMMED if name == "trimmed" else SOON)).start()
        for _ in range(3 if name == "trimmed" else 1):
            for number in range(60):
                exchange.place(user_id=f"{name}{number % 3}", price=str(90 + number % 20))
            if name == "trimmed":
                exchange.trade_until_deleted()
        if name == "trimmed":
            while exchange.journal_begins() == 1:
                exchange.place()
        while not snapshots(root / name):
            exchange.place()
        if name == "killed":
            # What proves the commands is written a little behind them.
            while exchange.metrics()["quantscope_recorder_lag_events"]:
                time.sleep(0.01)
            exchange.kill()
        else:
            exchange.stop()
    return {path.name: path for path in root.iterdir() if path.is_dir()}


def start(config: Config) -> str:
    """As ``serve`` does until it listens; why it does not go on, or nothing."""
    try:
        with DataDir(Path(config.server.data_dir)) as directory:
            server = Server(config, directory, 1_024)
            service = server.engine.service
            service.start()
            try:
                index, era = server.gateway.index, directory.era
                binary = binary_gateway(config, service, era, index)
                fix = fix_gateway(config, service, index)
                order_entries = [binary.order_entry, fix.order_entry]
                end = service.journals.events.next_offset
                learn_sessions(service, order_entries, index, end)
                recorder = server.recorder.make_recorder(directory.store)
                recorder.stop()
                # A store that is not there is made, and knows what the log does: no fault.
                if "put aside" in (recorder.notice or ""):
                    logging.getLogger("quantscope.store").warning("%s", recorder.notice)
            finally:
                service.close()
    except EXPECTED as error:
        return str(error)
    return ""


def check(config: Config) -> str:
    """What ``verify`` says against it, or nothing."""
    try:
        examine.run_verify(config)
    except EXPECTED as error:
        return str(error)
    return ""


def agree(data: Path, caplog: pytest.LogCaptureFixture) -> tuple[str, str]:
    """Both, on the same directory; what they say."""
    config = settings.load(None, {}, [f"server.data_dir={data}"])
    against = check(config)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        refused = start(config)
    # That each is a copy, both know.
    said = [r.getMessage() for r in caplog.records if "is a copy of another" not in r.getMessage()]
    if refused:
        assert against, f"a start refuses what verify passes: {refused}"
        # What is decided before a file is touched is said in the same words.
        if "nothing was changed" in refused:
            assert refused == against
    elif not said:
        assert not against, f"a start takes silently what verify does not pass: {against}"
    else:
        assert against, f"a start says a word about what verify passes: {said}"
    return refused, against


def snapshots(data: Path) -> list[Path]:
    return sorted((data / "snapshots").glob("*.snapshot"))


def files(data: Path) -> list[Path]:
    """What a start depends on; of the store, whose rows are another matter, only its presence."""
    names = ("commands.db", "events.db", "mark", "snapshots/sessions.index")
    found = [data / name for name in names] + snapshots(data)
    found += [data / f"{name}.db-wal" for name in ("commands", "events")]
    return [file for file in found if file.exists() and file.stat().st_size]


def halve(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


WHOLE: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "half": halve,
    "noise": lambda file: file.write_bytes(random.Random(1).randbytes(20_000)),
    "zeros": lambda file: file.write_bytes(bytes(file.stat().st_size)),
}


@pytest.mark.parametrize("kind", ["stopped", "killed", "trimmed"])
@pytest.mark.parametrize("how", WHOLE)
def test_on_files_that_are_gone_cut_or_others(
    tmp_path: Path,
    kinds: dict[str, Path],
    kind: str,
    how: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for place, original in enumerate(files(kinds[kind])):
        data = tmp_path / f"{place}"
        shutil.copytree(kinds[kind], data)
        WHOLE[how](data / original.relative_to(kinds[kind]))
        agree(data, caplog)


@pytest.mark.parametrize("kind", ["stopped", "killed", "trimmed"])
def test_on_bits_that_went_bad(
    tmp_path: Path, kinds: dict[str, Path], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    refusals = 0
    chance = random.Random()
    for original in files(kinds[kind]):
        for count in (1, 1, 20):
            seed = chance.randrange(1 << 32)
            data = tmp_path / f"{original.name}-{seed}"
            shutil.copytree(kinds[kind], data)
            flip_some(data / original.relative_to(kinds[kind]), count, seed)
            try:
                refused, _ = agree(data, caplog)
            except AssertionError as error:
                raise AssertionError(f"{kind} {original.name} {count} bits, seed {seed}") from error
            refusals += bool(refused)
            shutil.rmtree(data)
    assert refusals


SINGLE: dict[str, Damage] = {
    "nothing": lambda data, other: None,
    "commands of another": lambda data, other: copy_database(other, data, "commands.db"),
    "events of another": lambda data, other: copy_database(other, data, "events.db"),
    "store of another": lambda data, other: copy_database(other, data, "store.db"),
    "a mark of another": lambda data, other: shutil.copy(other / "mark", data / "mark"),
    "an index of another": lambda data, other: shutil.copy(
        other / "snapshots/sessions.index", data / "snapshots"
    ),
    "a snapshot of another": lambda data, other: shutil.copy(
        snapshots(other)[-1], data / "snapshots"
    ),
    "no snapshots": lambda data, other: without_snapshots(data),
    "no folder of snapshots": lambda data, other: shutil.rmtree(data / "snapshots"),
    "no events": lambda data, other: forget(data, "events.db"),
    "no store": lambda data, other: forget(data, "store.db"),
    "no commands": lambda data, other: forget(data, "commands.db"),
    "no era": lambda data, other: (data / "era").unlink(missing_ok=True),
    "a bad era": lambda data, other: (data / "era").write_text("x"),
    "shorter": lambda data, other: shorten(data, last(data) - 3),
    "shorter, and nothing else": lambda data, other: alone(data),
}


def without_snapshots(data: Path) -> None:
    for file in snapshots(data):
        file.unlink()


def alone(data: Path) -> None:
    """But for the mark nobody knows better."""
    shorten(data, last(data) - 3)
    forget(data, "events.db", "store.db")
    shutil.rmtree(data / "snapshots")


def last(data: Path) -> int:
    from core import LogReader

    return LogReader.at_rest(data / "commands.db").ends().next - 1


@pytest.mark.parametrize("kind", ["stopped", "killed", "trimmed"])
@pytest.mark.parametrize("how", SINGLE)
def test_on_files_of_another_exchange_or_another_time(
    tmp_path: Path,
    kinds: dict[str, Path],
    kind: str,
    how: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    data = tmp_path / "data"
    shutil.copytree(kinds[kind], data)
    SINGLE[how](data, kinds["other"])
    refused, against = agree(data, caplog)
    if how in ("nothing", "no era", "no store"):
        # A store that can't be made again whole is missed.
        missed = how == "no store" and kind == "trimmed"
        assert (refused, "store.db is missing" in against) == ("", missed)
        assert bool(against) == missed
    # After a crash nothing else knows how far it had come.
    unknown = kind == "killed" and how == "shorter, and nothing else"
    if not unknown and ("commands" in how or "shorter" in how or how == "a bad era"):
        assert refused


def test_on_write_ahead_logs_that_were_cut(
    tmp_path: Path, kinds: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("commands", "events"):
        frames = used(kinds["killed"] / f"{name}.db-wal")
        for keep in (0, 1, frames // 3, frames // 2, frames - 1):
            data = tmp_path / f"{name}-{keep}"
            shutil.copytree(kinds["killed"], data)
            cut(data / f"{name}.db-wal", keep)
            refused, _ = agree(data, caplog)
            assert refused or name == "events" or keep >= frames - 1
