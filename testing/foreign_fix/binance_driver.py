"""Binance's connector, spoken to in lines of JSON: the folder's docstring says which.

Its ``settings`` are ``endpoint``, ``api_key`` and the arguments of its class by their names.  It
keeps nothing: each Logon begins with number 1.
"""

import json
import logging
import os
import sys
import threading
from typing import Any

from binance_fix_connector.fix_connector import BinanceFixConnector
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from simplefix.message import FixMessage

from testing.foreign_fix.text import ForeignMessage

HEADER = (8, 9, 34, 35, 49, 52, 56, 10)
"""What the connector writes by itself."""
_WRITING = threading.Lock()


def say(said: str, **more: Any) -> None:
    """One line, whole: the connector's thread speaks too."""
    with _WRITING:
        sys.stdout.write(json.dumps({"said": said, **more}) + "\n")
        sys.stdout.flush()


class Connector(BinanceFixConnector):  # type: ignore[misc]
    """It says what comes and goes."""

    def on_message_received(self, messages: list[FixMessage]) -> None:
        """Each message that it has cut out of what it read."""
        for message in messages:
            say("in", text=message.encode(True).decode("latin-1"))
            if message.get(35) in (b"A", b"5"):
                say("logged_on" if message.get(35) == b"A" else "logged_out")
        super().on_message_received(messages)

    def send_message(self, message: FixMessage, *, raw: bool = False) -> None:
        """Each message that it sends."""
        say("out", text=message.encode(raw).decode("latin-1"))
        super().send_message(message, raw=raw)


def carry_out(command: dict[str, Any], connector: Connector) -> dict[str, Any]:
    """Do what a line says; what is to be answered."""
    match command["do"]:
        case "send":
            given = ForeignMessage("out", command["text"])
            message = connector.create_fix_message_with_basic_header(given[35])
            for tag, value in given.fields:
                if tag not in HEADER:
                    message.append_pair(tag, value)
            connector.send_message(message)
        case "numbers":
            connector.msg_seq_num = command.get("next_out", connector.msg_seq_num + 1) - 1
            return {"next_out": connector.msg_seq_num + 1, "next_in": 0}
        case "logon":
            connector.connect()
            connector.logon()
        case "logout":
            connector.logout(command["text"] or None)
        case "disconnect":
            connector.disconnect()
            say("logged_out")
        case other:
            raise ValueError(f"the connector can not {other}")
    return {}


def main() -> None:
    """Run until the input ends."""
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    first = json.loads(sys.stdin.readline())
    connector = Connector(private_key=Ed25519PrivateKey.generate(), **first["settings"])
    connector.connect()
    connector.logon()
    say("ready")
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "stop":
            break
        try:
            say("done", **carry_out(command, connector))
        except Exception as error:  # noqa: BLE001
            say("failed", text=f"{type(error).__name__}: {error}")
    os._exit(0)  # its thread would go on


if __name__ == "__main__":
    main()
