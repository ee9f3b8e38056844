"""Whom a request was sent to, and whose page sent it: what a browser says of both is looked at.

A browser lets any page send requests anywhere, and says in ``Origin`` whose page it was: only our
own may change anything, or listen.  A page whose name is made to lead to this server (DNS
rebinding) is of one origin with it, and for it also reads what it asks for; the browser then still
says in ``Host`` by which name it came.  Only a name can be made to lead here: addresses are taken.
"""

import ipaddress
from collections.abc import Collection

from facade.errors import ApiError
from facade.message import Request

HOSTS_KEPT_MAX = 64
"""Host headers that are remembered as good, so that they are looked at once."""
_SAFE = (b"GET", b"HEAD")


class Origins:
    """By which names requests may come: localhost, addresses, and those of the configuration."""

    def __init__(self, allowed_hosts: Collection[str], *, any_host: bool = False) -> None:
        """A name that begins with a dot stands for all below it; ``any_host`` looks at none."""
        names = {name.lower() for name in ("localhost", ".localhost", *allowed_hosts)}
        self._names = frozenset(name for name in names if not name.startswith("."))
        self._ends = tuple(name for name in names if name.startswith("."))
        self._any_host = any_host
        self._good: set[bytes] = set()

    def check(self, request: Request) -> None:
        """Refuse what a page of another origin sends, or sends by a name that is not ours."""
        host = request.headers.get(b"host")
        # A browser always names the host.
        if host is not None and host not in self._good:
            self._look_at(host)
        origin = request.headers.get(b"origin")
        if origin is None or (request.method in _SAFE and not request.upgrade):
            return
        if origin.partition(b"://")[2] != host:
            raise ApiError(403, "FORBIDDEN_ORIGIN")

    def _look_at(self, host: bytes) -> None:
        if not self._any_host and not self._is_ours(host.decode("latin-1")):
            raise ApiError(403, "FORBIDDEN_ORIGIN", "Host: not one of server.allowed_hosts")
        if len(self._good) < HOSTS_KEPT_MAX:
            self._good.add(host)

    def _is_ours(self, host: str) -> bool:
        if host.startswith("["):
            name = host[1:].partition("]")[0]
        else:
            name = host.partition(":")[0].removesuffix(".").lower()
        return name in self._names or name.endswith(self._ends) or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
