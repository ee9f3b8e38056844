"""Sending batches by a producer of the library's, as few requests as they fit in."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    DuplicateSequenceNumber,
    IncompatibleBrokerVersion,
    InvalidProducerEpoch,
    KafkaError,
    NoError,
    ProducerFenced,
    for_code,
)
from aiokafka.producer.message_accumulator import BatchBuilder

from journal.kafka.straight import Produce, Produced, request

NO_STAMP = 0
"""Brokers stamp records; of a time of its own the second of two attempts would hold another."""


async def send(
    producer: AIOKafkaProducer,
    topic: str,
    partition: int,
    batches: Sequence[bytes],
    key: bytes | None = None,
) -> int | None:
    """Send batches, one request after the other.

    Return when the broker appended the last, in ms since the epoch, where it stamps records.
    Nothing else may be sent by this producer meanwhile.
    """
    append_ms: int | None = None
    at, rest = TopicPartition(topic, partition), list(batches)
    while rest:
        append_ms, taken = await _send_some(producer, at, rest, key)
        del rest[:taken]
    return append_ms


async def _send_some(
    producer: AIOKafkaProducer, at: TopicPartition, batches: list[bytes], key: bytes | None
) -> tuple[int | None, int]:
    """As many of them as fit in a request.

    The library sends the first of a producer and of a transaction.  What a broker has not taken
    straight, or not said so, it sends again with the same number, and from that a broker knows it.
    """
    if _is_begun(producer, at):
        built, taken = _built(producer, batches, key)
        try:
            return await _send_straight(producer, at, built, taken), taken
        except KafkaError as error:
            if not (error.retriable or isinstance(error, IncompatibleBrokerVersion)):
                raise
            if error.invalid_metadata:
                producer.client.force_metadata_update()
    built, taken = _built(producer, batches, key)
    answer = await (await producer.send_batch(built, at.topic, partition=at.partition))
    append_ms = answer.timestamp if answer is not None and answer.timestamp_type else None
    return append_ms, taken


def _built(
    producer: AIOKafkaProducer, batches: list[bytes], key: bytes | None
) -> tuple[BatchBuilder, int]:
    built: BatchBuilder = producer.create_batch()
    taken = 0
    # The first one always fits.
    while taken < len(batches):
        if built.append(key=key, value=batches[taken], timestamp=NO_STAMP) is None:
            break
        taken += 1
    return built, taken


def _is_begun(producer: AIOKafkaProducer, at: TopicPartition) -> bool:
    """Whether brokers know of the producer, and that its transaction writes here."""
    manager = producer._txn_manager
    if not manager.has_pid() or producer.client.cluster.leader_for_partition(at) in (None, -1):
        return False
    return manager.transactional_id is None or (
        manager.is_in_transaction() and at in manager.txn_partitions
    )


async def _send_straight(
    producer: AIOKafkaProducer, at: TopicPartition, built: BatchBuilder, count: int
) -> int | None:
    """Send so many records.  After a ``KafkaError`` the next attempt takes the same numbers.

    After a cancellation nothing else gets them: a broker that has the records would take what comes
    with their numbers for these, and acknowledge what it does not have.
    """
    manager, client = producer._txn_manager, producer.client
    number = manager.sequence_number(at)
    built._set_producer_state(manager.producer_id, manager.producer_epoch, number)
    timeout_ms = client._request_timeout_ms
    produce = Produce(at, built._build(), manager.transactional_id, timeout_ms)
    leader = client.cluster.leader_for_partition(at)
    manager.increment_sequence_number(at, count)
    try:
        answer: Produced = await client.send(leader, request(produce))
        error = for_code(answer.error_code)
        if error is InvalidProducerEpoch:
            raise ProducerFenced
        if error not in (NoError, DuplicateSequenceNumber):
            raise error(f"{at.topic}: a broker has refused a record batch")
    except KafkaError:
        manager.increment_sequence_number(at, -count)
        raise
    return answer.append_ms if answer.append_ms >= 0 else None
