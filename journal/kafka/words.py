"""What the library's errors say, for who reads the log."""

import re

from aiokafka.errors import KafkaConnectionError, KafkaError

_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])")


def in_words(error: BaseException) -> str:
    """What went wrong; many errors say that by their class alone."""
    said = ", ".join(str(word) for word in error.args) if isinstance(error, KafkaError) else ""
    match error:
        case KafkaConnectionError() if said:
            return said
        case KafkaError():
            kind = _BORDER.sub(" ", type(error).__name__.removesuffix("Error")).lower()
            return f"{kind}: {said}" if said else kind
        case TimeoutError() if not str(error):
            return "no broker has answered in time"
    return str(error) or type(error).__name__
