"""The topics of an exchange: made once, and held to what they must be at each start."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from journal.kafka.topics import BROKER_FLUSH, Topic, Topics
from settings import KafkaSettings

UNKNOWN_TOPIC = 3
"""Kafka's error code of a topic that is not there."""
APPEAR_S = 10.0
"""How long a topic that was made may take until all brokers know it, in seconds."""


@dataclass(frozen=True)
class Mistake:
    """What is not as it must be."""

    text: str
    """In one line, with what to do."""
    missing: str | None = None
    """The topic that is not there, where that is what is wrong."""


@dataclass(frozen=True)
class Found:
    """A topic as it is."""

    partitions: int
    replicas: int
    config: Mapping[str, str | None]


class LostCommands(Exception):
    """The commands are gone, and something of the exchange is still there."""


async def mistakes(
    admin: AIOKafkaAdminClient, topics: Topics, settings: KafkaSettings
) -> list[Mistake]:
    """What is wrong with topics and brokers; nothing, where an exchange may run on them.

    Raises ``KafkaError`` where they can't be asked.
    """
    found = await _found(admin, [topic.name for topic in topics.all()])
    wrong = []
    for topic in topics.all():
        there = found.get(topic.name)
        engine = topics.engine_of(topic.name) if topics.commands in found else None
        wrong += _of(topic, there) if there else [_missing(topic.name, engine)]
    return wrong + await _of_brokers(admin, settings)


async def surplus(admin: AIOKafkaAdminClient, topics: Topics) -> list[str]:
    """What is there and nobody asks for, in a line each: topics of engines that are not listed."""
    engines = {name: topics.engine_of(name) for name in await admin.list_topics()}
    return [
        f"the topic {name} is of engine {engine}, which kafka.engines does not list: delete the "
        "topic, or list the engine"
        for name, engine in sorted(engines.items())
        if engine and not topics.is_listed(engine)
    ]


async def missing_topics(admin: AIOKafkaAdminClient, names: Iterable[str]) -> list[str]:
    """Those of these topics that are not there; raises ``KafkaError``.

    All are asked for: brokers may be set to make one that is asked for by its name.
    """
    there = set(await admin.list_topics())
    return [name for name in names if name not in there]


async def make_topics(
    admin: AIOKafkaAdminClient, topics: Topics, *, accept_loss: bool = False
) -> list[str]:
    """Make the topics that are not there; the names of those that were made.

    The commands come first: where they are missing and any other is there, they were lost, and are
    not made anew unless that is accepted.  Raises ``LostCommands``, and ``KafkaError``.
    """
    wanted = {topic.name: topic for topic in topics.all()}
    found = await _found(admin, wanted)
    if found and topics.commands not in found and not accept_loss:
        others = ", ".join(sorted(found))
        raise LostCommands(
            f"the topic {topics.commands} is gone, and these are there: {others}.  It is not made "
            "anew, for it would begin where others believe to know it; bring it back, or let "
            "quantscope setup --accept-loss go on from the newest state of an engine; or delete "
            "all of them, or take another kafka.topic_prefix for a new exchange"
        )
    made = []
    for name, topic in wanted.items():
        if name not in found:
            await _make(admin, topic)
            made.append(name)
    there = found
    try:
        async with asyncio.timeout(APPEAR_S):
            while len(there := await _found(admin, wanted)) < len(wanted):
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        lacking = ", ".join(wanted.keys() - there.keys())
        raise TimeoutError(
            f"topics were made that brokers do not know of after {APPEAR_S:g} s: {lacking}"
        ) from error
    return made


async def mend(admin: AIOKafkaAdminClient, topics: Topics) -> list[str]:
    """Set topics that are there as they must be; a line for each that was changed.

    Their partitions and replicas stay as they are.  Raises ``KafkaError``.
    """
    wanted = {topic.name: topic for topic in topics.all()}
    done = []
    for name, found in (await _found(admin, wanted)).items():
        config = wanted[name].config
        wrong = [key for key, value in config.items() if found.config.get(key) != value]
        if wrong:
            resource = ConfigResource(ConfigResourceType.TOPIC, name, configs=dict(config))
            await admin.alter_configs([resource])
            changed = ", ".join(f"{key} = {config[key]}" for key in wrong)
            done.append(f"set in the topic {name}: {changed}")
    return done


async def _make(admin: AIOKafkaAdminClient, topic: Topic) -> None:
    new = NewTopic(topic.name, topic.partitions, topic.replicas, topic_configs=dict(topic.config))
    answer: Any = await admin.create_topics([new])
    for name, code, *rest in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"{name}: {rest[0] if rest else error.__name__}")


async def _found(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, Found]:
    """Those of these topics that are there."""
    described = await admin.describe_topics(list(names))
    there = {topic["topic"]: topic for topic in described if topic["error_code"] != UNKNOWN_TOPIC}
    for topic in there.values():
        if topic["error_code"]:
            raise for_code(topic["error_code"])(topic["topic"])
    configs = await _configs(admin, ConfigResourceType.TOPIC, there)
    return {
        name: Found(
            partitions=len(topic["partitions"]),
            replicas=min((len(row["replicas"]) for row in topic["partitions"]), default=0),
            config=configs[name],
        )
        for name, topic in there.items()
    }


async def _configs(
    admin: AIOKafkaAdminClient, kind: ConfigResourceType, names: Iterable[str]
) -> dict[str, dict[str, str | None]]:
    resources = [ConfigResource(kind, name) for name in names]
    if not resources:
        return {}
    found: dict[str, dict[str, str | None]] = {}
    answers: list[Any] = await admin.describe_configs(resources)
    for answer in answers:
        for code, _, _, name, entries in answer.resources:
            if code:
                raise for_code(code)(name)
            found[name] = {key: value for key, value, *_ in entries}
    return found


def _missing(name: str, engine: str | None) -> Mistake:
    """A topic is not there; ``engine`` has been added to an exchange that is."""
    if engine is not None:
        text = f"the topic {name} of engine {engine} (kafka.engines) is missing: run "
        return Mistake(f"{text}quantscope setup, which makes it", name)
    return Mistake(
        f"the topic {name} is missing: quantscope setup makes those of a new exchange", name
    )


def _of(topic: Topic, found: Found) -> list[Mistake]:
    """What is wrong with a topic."""
    name = topic.name
    wrong = []
    if found.partitions != topic.partitions:
        wrong.append(
            f"the topic {name} has {found.partitions} partition(s), and must have "
            f"{topic.partitions}: their number is fixed when an exchange is made"
        )
    if found.replicas < topic.replicas:
        wrong.append(
            f"the topic {name} is kept by {found.replicas} broker(s), and "
            f"kafka.replication_factor = {topic.replicas}"
        )
    for key, value in topic.config.items():
        if found.config.get(key) != value:
            wrong.append(
                f"the topic {name} has {key} = {found.config.get(key)}, and must have {value}"
            )
    return [Mistake(text) for text in wrong]


async def _of_brokers(admin: AIOKafkaAdminClient, settings: KafkaSettings) -> list[Mistake]:
    """What is wrong with the brokers."""
    cluster = await admin.describe_cluster()
    numbers = [str(broker["node_id"]) for broker in cluster["brokers"]]
    configs = await _configs(admin, ConfigResourceType.BROKER, numbers)
    wrong = []
    for number, config in configs.items():
        name, value = BROKER_FLUSH
        if settings.replication_factor == 1 and config.get(name) != value:
            wrong.append(
                f"broker {number} has {name} = {config.get(name)}, and must have {value}: without "
                "it flush.ms of a topic does nothing"
            )
        longest_ms = int(config.get("transaction.max.timeout.ms") or 0)
        if longest_ms < settings.transaction_timeout_s * 1_000:
            wrong.append(
                f"broker {number} has transaction.max.timeout.ms = {longest_ms}, below "
                f"kafka.transaction_timeout_s = {settings.transaction_timeout_s:g}"
            )
    return [Mistake(text) for text in wrong]


__all__ = [
    "KafkaError",
    "LostCommands",
    "Mistake",
    "make_topics",
    "mend",
    "missing_topics",
    "mistakes",
    "surplus",
]
