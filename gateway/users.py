"""Who may log in, and to which session."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from core import Entry
from journal.datadir import Era
from settings import UserSettings


@dataclass(frozen=True)
class User:
    """A user of binary order entry: its session, and the engine's entry of it."""

    name: str
    password: str = field(repr=False)
    entry: int
    session: int
    """Place of the session in ``core.OrderEntry``."""
    account: str
    session_ids: Callable[[int], str] = field(repr=False)
    """How its session is called that was reset so often."""
    cancel_on_disconnect: bool

    @classmethod
    def of(
        cls, user: UserSettings, entry: Entry, session: int, session_ids: Callable[[int], str]
    ) -> "User":
        """A user as it is configured, with the entry that the engine has of it."""
        return cls(
            name=user.name,
            password=user.password,
            entry=entry.entry,
            session=session,
            account=entry.account_name,
            session_ids=session_ids,
            cancel_on_disconnect=user.cancel_on_disconnect,
        )

    def admits(self, password: str) -> bool:
        """Compare in constant time, without case, as SoupBinTCP asks."""
        return hmac.compare_digest(password.lower().encode(), self.password.lower().encode())


def session_id(journal_id: int, era: Era, name: str, epoch: int = 0) -> str:
    """Ten characters that are constant for a user and an era of a data directory.

    Each reset of a session (``epoch``: how many there were) gives others.
    """
    named = f"{journal_id}:{era}:{name.lower()}"
    if epoch:
        named += f":{epoch}"
    digest = hashlib.blake2b(named.encode(), digest_size=8).digest()
    number = int.from_bytes(digest, "big")
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(letters[(number >> (5 * digit)) & 31] for digit in range(10))
