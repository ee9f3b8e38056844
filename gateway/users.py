"""Who may log in, and to which session."""

import hashlib
import hmac
from dataclasses import dataclass

from journal.datadir import Era


@dataclass(frozen=True)
class User:
    """A user of binary order entry: its session, and the engine's entry of it."""

    name: str
    password: str
    entry: int
    session: int
    """Place of the session in ``core.OrderEntry``."""
    session_id: str
    cancel_on_disconnect: bool

    def admits(self, password: str) -> bool:
        """Compare in constant time, without case, as SoupBinTCP asks."""
        return hmac.compare_digest(password.lower().encode(), self.password.lower().encode())


def session_id(journal_id: int, era: Era, name: str) -> str:
    """Ten characters that are constant for a user and an era of a data directory."""
    named = f"{journal_id}:{era}:{name.lower()}"
    digest = hashlib.blake2b(named.encode(), digest_size=8).digest()
    number = int.from_bytes(digest, "big")
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(letters[(number >> (5 * digit)) & 31] for digit in range(10))
