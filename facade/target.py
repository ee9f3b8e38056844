"""What a request is about: the forms of its target (RFC 9112, 3.2), and what a host may be."""

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from facade.errors import ApiError

HOSTS_KEPT_MAX = 64
"""Hosts that are remembered as well-formed or not, so that they are looked at once."""
TARGETS_KEPT_MAX = 256
"""And targets; those of orders are few."""
_UNRESERVED = rb"A-Za-z0-9\-._~"
_SUB_DELIMS = rb"!$&'()*+,;="
_FOREIGN = re.compile(rb"[^%b%b:@/?%%]" % (_UNRESERVED, _SUB_DELIMS))
"""What stands in no path and no query (RFC 3986, 3.3 and 3.4)."""
_HALF_ENCODED = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_NAME = re.compile(
    rb"(?P<name>(?:[%b%b]|%%[0-9A-Fa-f]{2})*)(?::[0-9]*)?" % (_UNRESERVED, _SUB_DELIMS)
)
"""A name or an IPv4 address, and a port (RFC 3986, 3.2.2); a name may be empty."""
_IN_BRACKETS = re.compile(
    rb"\[(?:(?P<v6>[0-9A-Fa-f:.]+)|v[0-9A-Fa-f]+\.[%b%b:]+)\](?::[0-9]*)?"
    % (_UNRESERVED, _SUB_DELIMS)
)


class Target(NamedTuple):
    """Path and query of what is asked for, and the host where the target itself names one."""

    path: bytes
    """Decoded, but for slashes that were encoded: these are no slashes."""
    query: bytes = b""
    authority: bytes | None = None


@lru_cache(HOSTS_KEPT_MAX)
def is_host(value: bytes) -> bool:
    """Whether it is ``uri-host [":" port]`` (RFC 9110, 7.2)."""
    if _NAME.fullmatch(value):
        return True
    found = _IN_BRACKETS.fullmatch(value)
    if found is None:
        return False
    try:
        return found["v6"] is None or bool(ipaddress.IPv6Address(found["v6"].decode()))
    except ValueError:
        return False


@lru_cache(TARGETS_KEPT_MAX)
def parse(method: bytes, target: bytes) -> Target:
    """Take a request-target apart; ``ApiError`` where it is none, or names another server."""
    if method == b"CONNECT":
        raise _connect(target)
    if target[:1] == b"/":
        return _take(target, None)
    if target == b"*" and method == b"OPTIONS":
        raise ApiError(501, "NOT_IMPLEMENTED", "OPTIONS: only a page can be asked")
    scheme, colon, rest = target.partition(b"://")
    if not colon:
        raise ApiError(400, "BAD_REQUEST", "the target of the request is none")
    if scheme.lower() != b"http":
        raise ApiError(421, "MISDIRECTED_REQUEST", "the target is of another scheme than http")
    end = min(at for at in (rest.find(b"/"), rest.find(b"?"), len(rest)) if at >= 0)
    authority = rest[:end]
    if not authority or authority[:1] == b":" or not is_host(authority):
        raise ApiError(400, "BAD_REQUEST", "the target of the request names no host")
    return _take(rest[end:], authority)


def _take(target: bytes, authority: bytes | None) -> Target:
    """A path, which may be empty and is ``/`` then, and a query."""
    if _FOREIGN.search(target) or (b"%" in target and _HALF_ENCODED.search(target)):
        raise ApiError(400, "BAD_REQUEST", "the target has characters that have to be encoded")
    path, _, query = target.partition(b"?")
    if b"%" in path:
        path = _decoded(path)
    return Target(path or b"/", query, authority)


def _decoded(path: bytes) -> bytes:
    """Each segment decoded, unless it then has a slash: that one would be another path."""
    segments = [(raw, unquote_to_bytes(raw)) for raw in path.split(b"/")]
    return b"/".join(raw if b"/" in decoded else decoded for raw, decoded in segments)


def _connect(target: bytes) -> ApiError:
    """Why there is no tunnel; RFC 9110, 9.3.6: a port that is none is 400 before all else."""
    host, _, port = target.rpartition(b":")
    if not (host and is_host(target) and port.isdigit() and 0 < int(port[:9]) < 65_536):
        return ApiError(400, "BAD_REQUEST", "the target of CONNECT is a host and a port")
    return ApiError(501, "NOT_IMPLEMENTED", "CONNECT: there are no tunnels")
