"""A backup that is put back goes on by itself: no number stands for other content."""

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from testing.client import Client
from testing.command import quantscope
from testing.damage import contents, copy_database, forget
from testing.parts import commands_log
from testing.process import ServerProcess
from tests.system.orders import trade

MARGIN = 10**12


def copied(backup: Path, data: Path) -> None:
    """As the manual says: the directory is copied back."""
    shutil.rmtree(data)
    shutil.copytree(backup, data)


def moved(backup: Path, data: Path) -> None:
    shutil.rmtree(data)
    backup.rename(data)


def copied_over(backup: Path, data: Path) -> None:
    """Each file over the one that is there: they keep their numbers and births."""
    shutil.copytree(backup, data, dirs_exist_ok=True)
    for file in data.rglob("*"):
        if file.is_file() and not (backup / file.relative_to(data)).exists():
            file.unlink()


def by_command(backup: Path, data: Path) -> None:
    shutil.rmtree(data)
    code, said, errors = quantscope("restore", str(backup), str(data))
    assert code == 0, errors
    assert "sessions get new ids" in said


@pytest.mark.parametrize("put_back", [copied, moved, copied_over, by_command])
async def test_a_backup_that_was_put_back_gives_no_number_twice(
    tmp_path: Path, put_back: Callable[[Path, Path], None]
) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    exchange = ServerProcess(data).start()
    client, early = await trade(exchange, 3)
    client.cut()
    exchange.stop()
    shutil.copytree(data, backup)
    exchange.start()
    again, late = await trade(exchange, 2)
    assert (again.session, again.following) == (client.session, 6)
    again.cut()
    exchange.stop()

    put_back(backup, data)
    exchange.verified()
    exchange.start()
    assert "sessions get new ids (era 1): the directory is a copy" in exchange.said()
    # Messages 4 and 5 of the session were of orders that this directory does not know.
    stranger = Client(exchange.binary)
    await stranger.expect_rejected_login("S", session=client.session, sequence=6)
    await stranger.login(sequence=1)
    assert stranger.session != client.session
    for number in (1, 2, 3):
        report = await stranger.expect_new(number)
        assert report.order_id == early[number - 1]
    stranger.place(4)
    new = await stranger.expect_new(4)
    assert new.order_id > max(late) + MARGIN // 2
    assert new.exec_id > MARGIN
    stranger.cut()
    status, shown = await asyncio.to_thread(exchange.ask, f"/orders/{late[0]}")
    assert (status, shown["code"]) == (404, "UNKNOWN_ORDER")
    async with asyncio.timeout(20):
        while (await asyncio.to_thread(exchange.ask, f"/orders/{new.order_id}"))[0] != 200:
            await asyncio.sleep(0.05)
    exchange.stop()
    exchange.verified()
    # It is known now for what it is: the next start changes nothing of that.
    exchange.start()
    assert (await Client(exchange.binary).login(stranger.session, 5)).following == 5
    exchange.stop()
    assert exchange.said().count("sessions get new ids") == 1


async def test_two_that_were_put_back_from_one_backup_have_other_sessions_and_numbers(
    tmp_path: Path,
) -> None:
    exchange = ServerProcess(tmp_path / "backup").start()
    sessions = {(await Client(exchange.binary).login()).session}
    orders = {exchange.place()["order_id"]}
    exchange.stop()
    for name in ("one", "two"):
        shutil.copytree(tmp_path / "backup", tmp_path / name)
        with ServerProcess(tmp_path / name) as copy:
            sessions.add((await Client(copy.binary).login()).session)
            orders.add(copy.place()["order_id"])
    assert (len(sessions), len(orders)) == (3, 3)


@pytest.mark.parametrize("put_back", [copied, by_command])
@pytest.mark.parametrize("mark", ["kept", "gone"])
async def test_a_backup_that_lost_something_is_a_copy_still_when_it_is_recovered(
    tmp_path: Path, put_back: Callable[[Path, Path], None], mark: str
) -> None:
    """What the original told after the backup no file here knows: nothing of it is told again."""
    data, backup = tmp_path / "data", tmp_path / "backup"
    exchange = ServerProcess(data).start()
    exchange.place()
    before = (await Client(exchange.binary).login()).session
    exchange.stop()
    shutil.copytree(data, backup)
    exchange.start()
    late = exchange.place()
    exchange.stop()
    put_back(backup, data)
    for lost in data.glob("commands.db*"):
        lost.unlink()
    if mark == "gone":
        (data / "mark").unlink()
    assert "commands.db is missing" in exchange.refuses_to_start()
    code, said, errors = quantscope("recover", str(data), "--accept-loss")
    assert code == 0, errors
    assert "at its start sessions get new ids, and all is numbered far above" in said
    exchange.start()
    new = exchange.place()
    assert int(new["order_id"]) > int(late["order_id"]) + MARGIN // 2
    assert (await Client(exchange.binary).login()).session != before
    exchange.stop()
    exchange.verified()


def test_a_directory_that_is_moved_is_no_copy(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    exchange.place()
    exchange.stop()
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    with ServerProcess(tmp_path / "elsewhere") as moved:
        assert "new ids" not in moved.said()


def test_a_restore_that_is_broken_off_before_the_first_start_is_one_all_the_same(
    tmp_path: Path,
) -> None:
    """A start of a copy that dies before its numbers are raised raises them at the next."""
    exchange = ServerProcess(tmp_path / "data").start()
    first = exchange.place()
    exchange.stop()
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    copy = ServerProcess(tmp_path / "copy")
    # Refused for its configuration, after all was compared: nothing is written by then.
    before = contents(tmp_path / "copy")
    code, _, errors = quantscope(
        "serve", "--data-dir", str(tmp_path / "copy"), "--set", "engine.instruments_max=1"
    )
    assert code == 1
    assert "engine.instruments_max = 1" in errors
    after = contents(tmp_path / "copy")
    assert {path: after[path] for path in before if not path.endswith(("-wal", "-shm"))} == {
        path: digest for path, digest in before.items() if not path.endswith(("-wal", "-shm"))
    }
    with copy:
        second = copy.place()
        assert int(second["order_id"]) > int(first["order_id"]) + MARGIN // 2


def test_what_stands_in_the_way_of_a_restore_is_left_alone(tmp_path: Path) -> None:
    exchange = ServerProcess(tmp_path / "data").start()
    exchange.place()
    code, _, errors = quantscope("restore", str(tmp_path / "data"), str(tmp_path / "new"))
    assert code == 1
    assert "is in use by process" in errors
    exchange.stop()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name, words in (("full", "is not empty: move it away"), ("file", "no directory")):
        code, _, errors = quantscope("restore", str(tmp_path / "data"), str(tmp_path / name))
        assert (code, words in errors) == (1, True), errors
    for source in ("none", "full"):
        code, _, errors = quantscope("restore", str(tmp_path / source), str(tmp_path / "new"))
        assert code == 1
        assert "Traceback" not in errors
    (tmp_path / "data" / "commands.db").write_bytes(b"x" * 9_000)
    code, _, errors = quantscope("restore", str(tmp_path / "data"), str(tmp_path / "new"))
    assert (code, "commands.db is damaged" in errors) == (1, True), errors
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("restore", "", ""), "'BACKUP': it is empty: name a directory"),
        (("restore", "{data}", " "), "'DIR': it is empty: name a directory"),
        (("restore", "", "{new}"), "'BACKUP': it is empty: name a directory"),
        (("restore", "{data}", "{data}/new"), "/data/new is within the backup "),
        (("restore", "{data}", "{data}/snapshots"), "/data/snapshots is within the backup "),
        (("restore", "{data}", "/"), "/ is not empty: move it away first"),
        (("restore", "{data}", "{data}/.."), "is not empty: move it away first"),
        (("recover", ""), "'[DIR]': it is empty: name a directory"),
    ],
)
def test_arguments_that_can_not_be_meant_are_errors(
    tmp_path: Path, command: tuple[str, ...], words: str
) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        exchange.place()
    before = contents(tmp_path / "data")
    names = {"data": tmp_path / "data", "new": tmp_path / "new"}
    code, out, errors = quantscope(*(part.format(**names) for part in command))
    assert (code in (1, 2), out) == (True, "")
    assert words in errors.splitlines()[-1]
    assert "Traceback" not in errors
    assert contents(tmp_path / "data") == before
    assert not [x for x in tmp_path.rglob("*") if "new" in x.name or x.suffix == ".partial"]


def test_a_name_of_dots_is_a_directory_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import settings
    from quantscope import restoring

    with ServerProcess(tmp_path / "data") as exchange:
        order = exchange.place()
    (tmp_path / "empty" / "beside").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "empty" / "beside")
    restoring.run_restore(settings.load(None, {}, []), tmp_path / "data", Path())
    with ServerProcess(tmp_path / "empty" / "beside") as restored:
        restored.get(f"/orders/{order['order_id']}")


def test_recover_says_that_ids_are_new_where_the_mark_is_gone(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as exchange:
        exchange.place()
    data = exchange.data_dir
    (data / "mark").unlink()
    code, said, _ = quantscope("recover", str(data))
    assert code == 0
    assert said.startswith("nothing is lost: `quantscope serve` goes on from here\n")
    words = (
        "at its start sessions get new ids, and all is numbered far above: the file mark is gone"
    )
    assert words in said
    # Without DIR it is the configuration's.
    assert quantscope("recover", env={"QUANTSCOPE_SERVER_DATA_DIR": str(data)})[1] == said
    forget(data, "commands.db")
    line = exchange.refuses_to_start()
    assert "mark is gone, or of another directory: the next start gives sessions new ids" in line
    assert quantscope("recover", str(data))[2] == f"Error: {line}\n"


def test_help_says_which_directory_is_recovered() -> None:
    said = " ".join(quantscope("recover", "--help")[1].split())
    assert "DIR is server.data_dir of the configuration unless given (quantscope-data" in said


def test_a_disk_image_that_was_put_back_can_be_told_so(tmp_path: Path) -> None:
    """Its files have their own births: nobody else can know."""
    exchange = ServerProcess(tmp_path / "data").start()
    first = exchange.place()
    exchange.stop()
    code, said, errors = quantscope("restore", str(tmp_path / "data"), str(tmp_path / "data"))
    assert (code, "sessions get new ids" in said) == (0, True), errors
    with exchange:
        assert "sessions get new ids (era 1)" in exchange.said()
        second = exchange.place()
        assert int(second["order_id"]) > int(first["order_id"]) + MARGIN // 2
    exchange.verified()


def test_what_an_older_version_has_left_goes_on(tmp_path: Path) -> None:
    """No mark, no index of this version, and snapshots without a seal: the events prove them."""
    from core import LogReader
    from engine.snapshot_header import split

    exchange = ServerProcess(tmp_path / "data").start()
    order = exchange.place()
    exchange.stop()
    data = tmp_path / "data"
    for name in ("mark", "snapshots/sessions.index"):
        (data / name).unlink()
    (snapshot,) = (data / "snapshots").glob("*.snapshot")
    snapshot.write_bytes(split(snapshot.read_bytes())[1])
    # Each log had a name of its own.
    reader = LogReader.at_rest(data / "events.db")
    entries = reader.read(1, 1 << 30)
    (data / "events.db").unlink()
    log = commands_log(data / "events.db")
    for entry in entries:
        log.append(entry.append_ns, [entry.batch])
    log.close()
    for file in data.glob("store.db*"):
        file.unlink()
    exchange.verified()
    exchange.start()
    assert "0 command batches replayed" in exchange.said()
    assert "new ids" not in exchange.said()
    assert exchange.get(f"/orders/{order['order_id']}")["status"] == "NEW"
    exchange.stop()
    exchange.verified()


def put_back_commands(backup: Path, data: Path) -> None:
    """The commands log alone is put back, as a new file."""
    copy_database(backup, data, "commands.db")


def without(*names: str) -> Callable[[Path], None]:
    """A crash and a careless hand have left nothing of these."""

    def remove(data: Path) -> None:
        forget(data, *(name for name in names if name != "snapshots"))
        if "snapshots" in names:
            shutil.rmtree(data / "snapshots")

    return remove


def only_commands(data: Path) -> None:
    for file in data.iterdir():
        if file.is_dir():
            shutil.rmtree(file)
        elif not file.name.startswith("commands.db"):
            file.unlink()


@pytest.mark.parametrize("crashed", [False, True])
@pytest.mark.parametrize(
    ("spoil", "refused"),
    [
        (without(), (True, True)),
        (without("mark"), (True, True)),
        (without("mark", "events.db"), (True, True)),
        (without("events.db", "store.db", "snapshots"), (True, False)),
        (only_commands, (False, False)),
    ],
)
def test_an_older_commands_log_gives_no_number_twice_whatever_is_beside_it(
    tmp_path: Path,
    spoil: Callable[[Path], None],
    refused: tuple[bool, bool],
    *,
    crashed: bool,
) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    with ServerProcess(data) as exchange:
        for number in range(10):
            exchange.place(client_order_id=f"before-{number}")
    shutil.copytree(data, backup)
    exchange.start()
    told = [exchange.place(client_order_id=f"after-{n}")["order_id"] for n in range(5)]
    while exchange.metrics()["quantscope_recorder_lag_events"]:
        time.sleep(0.01)
    if crashed:
        exchange.kill()
    else:
        exchange.stop()
    put_back_commands(backup, data)
    spoil(data)
    if refused[crashed]:
        assert "commands.db has lost its end" in exchange.refuses_to_start()
        return
    # Nothing proves what it lacks; but it is no log that this directory has gone on with.
    with exchange:
        assert "sessions get new ids (era 1)" in exchange.said()
        new = exchange.place(client_order_id="new")
    assert int(new["order_id"]) > int(max(told, key=int)) + MARGIN // 2
    exchange.verified()
