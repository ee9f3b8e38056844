"""What errors of the library say to who reads the log."""

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    NotLeaderForPartitionError,
    TopicAuthorizationFailedError,
)

from journal.kafka import Unavailable, in_words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotLeaderForPartitionError(), "not leader for partition"),
        (NodeNotReadyError("node 1"), "node not ready: node 1"),
        (KafkaConnectionError("Connection at h:1 closed"), "Connection at h:1 closed"),
        (TopicAuthorizationFailedError("x.commands"), "topic authorization failed: x.commands"),
        (KafkaError(), "kafka"),
        (TimeoutError(), "no broker has answered in time"),
        (TimeoutError("in a sentence"), "in a sentence"),
        (Unavailable("no broker of h:1"), "no broker of h:1"),
        (OSError(), "OSError"),
    ],
)
def test_an_error_is_said_in_words(error: Exception, words: str) -> None:
    assert in_words(error) == words
