"""Bodies and fields into values, with a sentence that names the field where that fails."""

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from core import View, parse_decimal
from facade.errors import ApiError
from facade.models import FORMS, USER_ID

T = TypeVar("T")

NO_CHOICES: Mapping[str, int] = {}
U32_MAX = 2**32 - 1
U64_MAX = 2**64 - 1
_USER_ID = re.compile(USER_ID)
_AT = re.compile(r"^(.*?) - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `([^`]*)`")
_UNKNOWN = re.compile(r"^Object contains unknown field `([^`]*)`")
_PATTERN = re.compile(r" matching regex ")
_NULL = Raw(b"null")
_TEXT = msgspec.json.Decoder(str)


def body(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """The body of a request as its structure."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ApiError(400, "INVALID_JSON") from None


def _explain(text: str) -> ApiError:
    if found := _UNKNOWN.match(text):
        return ApiError(400, "UNKNOWN_FIELD", f"{found[1][:40]}: no such field")
    if found := _MISSING.match(text):
        return ApiError(400, "INVALID_FIELD", f"{found[1]}: missing")
    if found := _AT.match(text):
        about, name = found[1], found[2]
        if _PATTERN.search(about) and name in FORMS:
            about = FORMS[name]
        return ApiError(400, "INVALID_FIELD", f"{name}: {_as_clause(about)}")
    return ApiError(400, "INVALID_JSON", _as_clause(text))


def _as_clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def amount(name: str, raw: Raw | UnsetType) -> int | None:
    """A decimal in units of 10^-8; None where it is absent or null."""
    if raw is UNSET or raw == _NULL:
        return None
    text = bytes(raw)
    try:
        if b"\\" in text:
            text = msgspec.json.encode(_TEXT.decode(text))
        return parse_decimal(text)
    except msgspec.DecodeError:
        raise ApiError(400, "INVALID_FIELD", f"{name}: not a decimal number") from None
    except ValueError as error:
        raise ApiError(400, "INVALID_FIELD", f"{name}: {error}") from None


def choice(
    name: str, value: str, choices: Mapping[str, int], refused: Mapping[str, int] = NO_CHOICES
) -> int:
    """The number of a named value; those of ``refused`` are known too, and not offered."""
    number = choices.get(value)
    if number is None:
        number = refused.get(value)
    if number is None:
        raise ApiError(400, "INVALID_FIELD", f"{name}: must be one of {', '.join(choices)}")
    return number


def user_id(fields: Mapping[str, str], view: View) -> str:
    """The user that a query string names, with case or without."""
    user = fields.get("user_id")
    if user is None:
        raise ApiError(400, "INVALID_FIELD", "user_id: missing")
    if not _USER_ID.match(user):
        raise ApiError(400, "INVALID_FIELD", f"user_id: {FORMS['user_id']}")
    return view.user(user)


def count(fields: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A number from 1 to ``most``."""
    text = fields.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
        raise ApiError(400, "INVALID_FIELD", f"{name}: must be a number from 1 to {most}")
    return int(text)


def order_id(text: str) -> int:
    """The order id of a path; what can't be one names no order."""
    if text.isascii() and text.isdigit() and len(text) <= 20:
        value = int(text)
        if 0 < value <= U64_MAX:
            return value
    raise ApiError(404, "UNKNOWN_ORDER")
