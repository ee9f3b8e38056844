"""The topics of an exchange: made once, held to what they must be, never made anew once lost."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from journal.kafka import Clients, Topics, Unavailable, make_topics, mistakes, surplus
from journal.kafka.setup import LostCommands
from settings import KafkaSettings
from testing.cluster import settings_of
from testing.kafka import Brokers


@pytest.fixture
async def admin(kafka: Brokers) -> AsyncIterator[AIOKafkaAdminClient]:
    client = await Clients(settings_of(kafka)).admin()
    yield client
    await client.close()


async def test_they_are_made_once_and_as_they_must_be(
    kafka: Brokers, admin: AIOKafkaAdminClient
) -> None:
    settings = settings_of(kafka, engines=("a", "b"))
    topics = Topics(settings)
    missing = await mistakes(admin, topics, settings)
    assert {mistake.missing for mistake in missing} == {topic.name for topic in topics.all()}
    made = await make_topics(admin, topics)
    assert made == [topic.name for topic in topics.all()]
    assert made[0] == topics.commands
    assert await mistakes(admin, topics, settings) == []
    assert await make_topics(admin, topics) == []


async def test_an_engine_more_gets_its_log(kafka: Brokers, admin: AIOKafkaAdminClient) -> None:
    settings = settings_of(kafka)
    await make_topics(admin, Topics(settings))
    settings = msgspec.structs.replace(settings, engines=("a", "b"))
    more = Topics(settings)
    (found,) = await mistakes(admin, more, settings)
    assert (found.missing, found.text) == (
        more.events("b"),
        f"the topic {more.events('b')} of engine b (kafka.engines) is missing: run quantscope "
        "setup, which makes it",
    )
    assert await make_topics(admin, more) == [more.events("b")]


async def test_an_engine_less_leaves_a_topic_that_is_named(
    kafka: Brokers, admin: AIOKafkaAdminClient
) -> None:
    settings = settings_of(kafka, engines=("a", "b"))
    await make_topics(admin, Topics(settings))
    assert await surplus(admin, Topics(settings)) == []
    fewer = msgspec.structs.replace(settings, engines=("b",))
    assert await mistakes(admin, Topics(fewer), fewer) == []
    name = Topics(settings).events("a")
    assert await surplus(admin, Topics(fewer)) == [
        f"the topic {name} is of engine a, which kafka.engines does not list: delete the topic, or "
        "list the engine"
    ]


async def test_each_wrong_setting_is_named(kafka: Brokers, admin: AIOKafkaAdminClient) -> None:
    settings = settings_of(kafka)
    topics = Topics(settings)
    wrong = {"retention.ms": "1000000", "message.timestamp.type": "CreateTime"}
    await admin.create_topics([NewTopic(topics.commands, 2, 1, topic_configs=wrong)])
    await make_topics(admin, topics)
    found = [mistake.text for mistake in await mistakes(admin, topics, settings)]
    assert all(text.startswith(f"the topic {topics.commands} has ") for text in found)
    for part in (
        "2 partition(s), and must have 1",
        "retention.ms = 1000000, and must have -1",
        "message.timestamp.type = CreateTime, and must have LogAppendTime",
        "max.message.bytes =",
        "flush.messages = 9223372036854775807, and must have 1",
    ):
        assert any(part in text for text in found), (part, found)


async def test_more_replicas_than_there_are_and_longer_transactions_are_named(
    kafka: Brokers, admin: AIOKafkaAdminClient
) -> None:
    settings = settings_of(kafka)
    await make_topics(admin, Topics(settings))
    three = settings_of(kafka, topic_prefix=settings.topic_prefix, replication_factor=3)
    found = [x.text for x in await mistakes(admin, Topics(three), three)]
    assert sum("is kept by 1 broker(s), and kafka.replication_factor = 3" in x for x in found) == 5


async def test_commands_that_were_lost_are_not_made_anew(
    kafka: Brokers, admin: AIOKafkaAdminClient
) -> None:
    settings = settings_of(kafka)
    topics = Topics(settings)
    await make_topics(admin, topics)
    await admin.delete_topics([topics.commands])
    with pytest.raises(LostCommands, match=f"{topics.commands} is gone"):
        await make_topics(admin, topics)
    assert [x.missing for x in await mistakes(admin, topics, settings)] == [topics.commands]


async def test_a_start_without_brokers_names_them() -> None:
    settings = KafkaSettings(bootstrap_servers=("127.0.0.1:9",), start_deadline_s=0.5)
    with pytest.raises(Unavailable, match=r"no broker of 127\.0\.0\.1:9 .* within 0\.5 s"):
        await Clients(settings).producer()
