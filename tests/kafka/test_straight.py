"""What is said straight to brokers is what the library would say, by its tables of the protocol."""

from io import BytesIO

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.fetch import FetchRequest_v4, FetchResponse_v4
from aiokafka.protocol.produce import ProduceRequest_v7, ProduceResponse_v7

from journal.kafka.straight import Fetch, Fetched, Produce, Produced

AT = TopicPartition("an.exchange.commands", 3)
BATCH = bytes(range(256)) * 3


@pytest.mark.parametrize("transactional_id", [None, "a writer"])
def test_a_batch_is_appended(transactional_id: str | None) -> None:
    wanted = ProduceRequest_v7(transactional_id, -1, 5_000, [(AT.topic, [(AT.partition, BATCH)])])
    said = Produce(AT, BATCH, transactional_id, 5_000)
    assert said.encode() == wanted.encode()
    header = wanted.build_request_header(correlation_id=77, client_id="aiokafka")
    assert said.build_request_header(77, "aiokafka").encode() == header.encode()


@pytest.mark.parametrize(("error_code", "append_ms"), [(0, 1_790_000_000_123), (47, -1)])
def test_how_that_is_answered(error_code: int, append_ms: int) -> None:
    partition = (AT.partition, error_code, 2**40, append_ms, 12)
    answer = ProduceResponse_v7([(AT.topic, [partition])], 0).encode()
    assert Produced.decode(BytesIO(answer)) == (error_code, 2**40, append_ms)


def test_a_partition_is_read() -> None:
    partition = (AT.partition, 2**40, 4_096)
    wanted = FetchRequest_v4(-1, 500, 1, 4_096, 0, [(AT.topic, [partition])])
    said = Fetch(AT, 2**40, wait_ms=500, bytes_max=4_096)
    assert said.encode() == wanted.encode()
    assert (
        said.build_request_header(1, "x").encode() == wanted.build_request_header(1, "x").encode()
    )


@pytest.mark.parametrize("aborted", [None, [], [(1, 2), (3, 4)]])
@pytest.mark.parametrize("records", [b"", BATCH])
def test_what_stands_there(aborted: list[tuple[int, int]] | None, records: bytes) -> None:
    partition = (AT.partition, 0, 2**40, 2**40, aborted, records)
    answer = FetchResponse_v4(0, [(AT.topic, [partition])]).encode()
    assert Fetched.decode(BytesIO(answer)) == (0, records)


def test_the_number_of_an_answer_is_that_of_its_request() -> None:
    said = Fetch(AT, 0, wait_ms=500, bytes_max=4_096)
    assert said.parse_response_header(BytesIO(b"\x00\x00\x01\x02")).correlation_id == 258


@pytest.mark.parametrize("versions", [{}, {0: (8, 13)}, {0: (0, 6)}])
def test_a_broker_that_does_not_know_the_version_is_not_asked(
    versions: dict[int, tuple[int, int]],
) -> None:
    said = Produce(AT, BATCH, None, 5_000)
    assert said.prepare({0: (3, 13)}) is said
    with pytest.raises(IncompatibleBrokerVersion, match="version 7"):
        said.prepare(versions)
