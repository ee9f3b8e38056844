"""What an event means is said once: here stands who may look into one, and why."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
MAKERS = {
    "matching": "the engine makes them",
    "wire/src/record/event.rs": "their bytes",
    "store/src/seed.rs": "a store begins with what the engine knows, as events",
}
READERS = {
    "wire/src/record/batch.rs": "a batch of raised numbers may leap",
    "wire/src/record/recipients.rs": "whom an event tells",
    "wire/src/sbe/report.rs": "the messages of the binary protocol, one for each event",
    "projection/src/execution.rs": "what an event does to orders",
    "projection/src/levels.rs": "what an event does to levels of books",
    "view/src/answers.rs": "how a request of this facade ended",
    "view/src/markets.rs": "trades, instruments",
    "view/src/names.rs": "who and what the numbers of events stand for",
    "view/src/notifications.rs": "a user who is listened to has an account now",
    "view/src/orders.rs": "ids that were passed over",
    "store/src/pending.rs": "rows of trades, entries and instruments",
    "store/src/take_back.rs": "rows that events have told of which the journal has lost",
    "wire/src/fix/report.rs": "the messages of FIX, one for each event about orders",
    "gateway/src/instruments.rs": "what clients are told of instruments",
    "gateway/src/fix/conversation.rs": "what a session of FIX says, which may be told once",
    "gateway/src/fix/protocol.rs": "sessions of FIX that begin, end, and are opened",
    "gateway/src/tally.rs": "counts for the operator",
    "gateway/src/reports.rs": "a session whose numbers were raised",
    "native/src/follow.rs": "what became of a gateway's own incarnations",
    "native/src/published.rs": "the highest ids that a log proves to have been told",
}
EVENT = re.compile(r"\bEvent::[A-Z]\w+|\bSelf::(Accepted|Trade|Replaced)\(")


def test_who_looks_into_events_is_listed_here() -> None:
    found = set()
    for source in (ROOT / "crates").glob("*/src/**/*.rs"):
        text = source.read_text().partition("#[cfg(test)]")[0]
        if source.name.endswith("_tests.rs") or not EVENT.search(text):
            continue
        name = source.relative_to(ROOT / "crates").as_posix()
        crate = name.partition("/")[0]
        found.add(crate if crate in MAKERS else name)
    assert found == MAKERS.keys() | READERS.keys()
