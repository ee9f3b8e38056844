"""What a session has missed comes also where the events log has not been written that far."""

from pathlib import Path

from testing.client import Client
from tests.system.within import within


async def test_messages_that_wait_for_the_writer_are_told(tmp_path: Path) -> None:
    """Others' events wait before them, so that the log ends more than one batch earlier."""
    async with within(tmp_path / "data", "journal.events_linger_s=1") as served:
        line = await Client(served.binary).login()
        for _ in range(3):
            await served.place()
        line.place(1)
        await line.expect_new(1)
        await line.logout()
        events = served.exchange.engine.service.journals.events
        assert events.written_offset < events.next_offset - 2
        line = await Client(served.binary).login("", 1)
        await line.expect_new(1)
