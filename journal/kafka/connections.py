"""Connections of the library, where it does not see how they end."""

from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_send = AIOKafkaConnection.send


def _send_or_break(self: AIOKafkaConnection, request: Any, expect_response: bool = True) -> Any:
    """Send; a connection that is closed already is broken.

    asyncio's transports say nothing then.  uvloop's raise ``RuntimeError``, which the library does
    not know for what it is, so that it would end whatever waits for an answer.
    """
    try:
        return _send(self, request, expect_response)  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        if self._writer is None or not self._writer.transport.is_closing():
            raise
        self.close(reason=CloseReason.CONNECTION_BROKEN, exc=error)
        raise KafkaConnectionError(
            f"connection to {self.host}:{self.port} is closed: {error}"
        ) from error


AIOKafkaConnection.send = _send_or_break  # type: ignore[method-assign]


class ClosesAll(dict[Any, AIOKafkaConnection]):
    """The connections of a client that is let go of: tasks of its own may still be opening some."""

    def __init__(self, client: AIOKafkaClient) -> None:
        """Close all that there are."""
        super().__init__(client._conns)
        for connection in tuple(client._conns.values()):
            connection.close()

    def __setitem__(self, key: Any, connection: AIOKafkaConnection) -> None:
        """It comes too late."""
        super().__setitem__(key, connection)
        connection.close()
