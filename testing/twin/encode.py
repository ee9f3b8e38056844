"""Commands as dictionaries, written into the native buffer."""

from collections.abc import Callable
from typing import Any

from core import Commands, EngineLimits
from protocol import terms

STP = {x.name: x.value for x in terms.SelfMatchPreventionInstruction} | {
    "DEFAULT": terms.STP_OF_ENTRY
}


def batch(header: dict[str, int], commands: list[dict[str, Any]]) -> bytes:
    """A sealed batch of commands."""
    buffer = Commands()
    for command in commands:
        fields = {name: value for name, value in command.items() if name != "type"}
        PUT[command["type"]](buffer, fields)
    sealed = buffer.seal(
        header["gateway"],
        header["incarnation"],
        header["number"],
        header["stamp_ns"],
        len(commands),
    )
    assert sealed is not None
    return sealed


def new(buffer: Commands, fields: dict[str, Any]) -> None:
    codes = {
        "side": terms.Side[fields["side"]],
        "ord_type": terms.OrdType[fields["ord_type"]],
        "tif": terms.TimeInForce[fields["tif"]],
        "stp": STP[fields["stp"]],
    }
    buffer.new_order(**(fields | codes))


def entry_open(buffer: Commands, fields: dict[str, Any]) -> None:
    buffer.entry_open(
        terms.EntryKind[fields["kind"]],
        fields["name"],
        fields["account"],
        cancel_on_disconnect=fields["cancel_on_disconnect"],
        stp=STP[fields["stp"]],
    )


def mass_cancel(buffer: Commands, fields: dict[str, Any]) -> None:
    buffer.mass_cancel(**(fields | {"kind": terms.MassCancelRequestType[fields["kind"]]}))


PUT: dict[str, Callable[[Commands, dict[str, Any]], None]] = {
    "GATEWAY_OPEN": lambda buffer, fields: buffer.gateway_open(**fields),
    "TICK": lambda buffer, fields: buffer.tick(),
    "ENTRY_OPEN": entry_open,
    "ENTRY_CLAIM": lambda buffer, fields: buffer.entry_claim(**fields),
    "ENTRY_CLOSED": lambda buffer, fields: buffer.entry_closed(**fields),
    "NEW": new,
    "CANCEL": lambda buffer, fields: buffer.cancel(**fields),
    "REPLACE": lambda buffer, fields: buffer.replace(**fields),
    "MASS_CANCEL": mass_cancel,
    "STATUS": lambda buffer, fields: buffer.status(**fields),
    "SESSION_MESSAGE": lambda buffer, fields: buffer.session_message(**fields),
    "SESSION_RESET": lambda buffer, fields: buffer.session_reset(**fields),
    "REFUSE": lambda buffer, fields: buffer.refuse(**fields),
    "INSTRUMENT": lambda buffer, fields: buffer.instrument(**fields),
    "SETTINGS": lambda buffer, fields: buffer.settings(EngineLimits(**fields)),
    "RAISE": lambda buffer, fields: buffer.raise_numbers(**fields),
    "RAISE_ENTRY": lambda buffer, fields: buffer.raise_entry(**fields),
    "RULES": lambda buffer, fields: buffer.rules(**fields),
}
