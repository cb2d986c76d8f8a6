"""Topics on Apache Kafka: created as they must be, and every way they can be wrong is found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.errors import UserError
from streams.log.clients import admin, producer
from streams.log.heads import check_heads
from streams.log.layout import layouts
from streams.log.topics import Topic, check_topics, create_topics, describe
from streams.settings import Settings
from tests.kafka.harness import KafkaCluster


async def make(settings: Settings, counts: Mapping[str, int]) -> None:
    """Topics made by hand: all settings at the broker's defaults."""
    async with admin(settings.broker) as client:
        await client.create_topics([NewTopic(name, n, 1) for name, n in counts.items()])
        await until(client, settings, lambda found: len(found) == len(counts))


async def until(
    client: AIOKafkaAdminClient, settings: Settings, holds: Callable[[dict[str, Topic]], bool]
) -> None:
    """Wait until the broker has taken a request in: it answers before that."""
    async with asyncio.timeout(30):
        while True:
            if holds(await describe(client, settings)):
                return
            await asyncio.sleep(0.05)


def with_partitions(settings: Settings, partitions: int, replication: int = 1) -> Settings:
    """The same topics, other expectations."""
    update = {"partitions": partitions, "replication": replication}
    return settings.model_copy(update={"topics": settings.topics.model_copy(update=update)})


async def test_created_topics_are_exactly_as_the_layout_says(kafka: KafkaCluster) -> None:
    """The broker confirms partitions, copies and every setting; check has nothing to say."""
    settings = kafka.settings(partitions=5)
    assert len(await check_topics(settings)) == 5
    done = await create_topics(settings)
    names = settings.topics
    assert done == ([*names.inputs, names.dead_letter, names.snapshot], [], [])
    async with admin(settings.broker) as client:
        found = await describe(client, settings)
    for layout in layouts(settings.topics):
        topic = found[layout.name]
        assert (topic.partitions, topic.replication, topic.leaderless) == (5, 1, 0)
        assert layout.configs.items() <= topic.configs.items()
    assert await check_topics(settings) == []
    assert await create_topics(settings) == ([], [], [])


async def test_a_log_whose_beginning_is_gone_is_found(kafka: KafkaCluster) -> None:
    """The settings may be right now, and what was deleted before stays deleted."""
    settings = kafka.settings(partitions=3)
    await create_topics(settings)
    topic = settings.topics.observer
    async with producer(settings) as out:
        for number in (1, 1, 1, 2):
            await out.send_and_wait(topic, b"event", partition=number)
    assert await check_heads(settings) == []
    async with admin(settings.broker) as client:
        await client.delete_records({TopicPartition(topic, 1): RecordsToDelete(before_offset=2)})
    (problem,) = await check_heads(settings)
    assert problem[:4] == (topic, "log begins", "partition 1 at 2", "at offset 0")
    assert problem.kind == "wrong"
    assert await check_topics(settings) == []


async def test_topics_with_a_brokers_defaults_are_refused_and_set_right(
    kafka: KafkaCluster,
) -> None:
    """A week's retention and producers' time stamps are found; only --alter changes them."""
    settings = kafka.settings()
    names = settings.topics
    await make(settings, dict.fromkeys((*names.inputs, names.dead_letter, names.snapshot), 3))
    wrong = {(each.topic, each.what, each.found) for each in await check_topics(settings)}
    assert wrong == {
        *((name, "retention.ms", "604800000") for name in settings.topics.inputs),
        *((name, "message.timestamp.type", "CreateTime") for name in settings.topics.inputs),
        (names.dead_letter, "cleanup.policy", "delete"),
        (names.dead_letter, "retention.ms", "604800000"),
        (names.dead_letter, "message.timestamp.type", "CreateTime"),
        (names.snapshot, "cleanup.policy", "delete"),
        (names.snapshot, "retention.ms", "604800000"),
        (names.snapshot, "segment.bytes", "1073741824"),
        (names.snapshot, "min.cleanable.dirty.ratio", "0.5"),
    }
    untouched = await create_topics(settings)
    assert (untouched.created, untouched.altered) == ([], [])
    assert {(each.topic, each.what, each.found) for each in untouched.problems} == wrong
    done = await create_topics(settings, alter=True)
    assert set(done.altered) == {(topic, what) for topic, what, _ in wrong}
    assert done.problems == []
    assert await check_topics(settings) == []


async def test_altering_leaves_other_settings_of_a_topic_alone(kafka: KafkaCluster) -> None:
    """What an operator set beside ours stays; compaction on an input is told, with the reason."""
    settings = kafka.settings()
    await create_topics(settings)
    own = {"cleanup.policy": "compact", "segment.ms": "3600000"}
    async with admin(settings.broker) as client:
        topic = ConfigResource(ConfigResourceType.TOPIC, settings.topics.desk, own)
        await client.alter_configs([topic])
        await until(client, settings, lambda found: found[settings.topics.desk].own == own)
    (compacted,) = [each for each in await check_topics(settings) if each.what == "cleanup.policy"]
    assert (compacted.topic, compacted.found) == (settings.topics.desk, "compact")
    assert "compaction removes events" in compacted.advice
    assert (await create_topics(settings, alter=True)).problems == []
    async with admin(settings.broker) as client:
        configs = (await describe(client, settings))[settings.topics.desk].own
    assert (configs["segment.ms"], configs["cleanup.policy"]) == ("3600000", "delete")


async def test_inputs_with_different_counts(kafka: KafkaCluster) -> None:
    """All counts are named, no input is created beside them, none is to be grown."""
    settings = kafka.settings(partitions=6)
    names = settings.topics
    await make(settings, {names.observer: 6, names.official: 4})
    done = await create_topics(settings)
    assert done.created == [names.dead_letter, names.snapshot]
    (problem,) = [each for each in done.problems if each.what == "partitions"]
    assert (problem.topic, problem.found, problem.expected) == (names.official, "4", "6")
    assert f"{names.observer} has 6, {names.official} has 4" in problem.advice
    assert "Never add partitions" in problem.advice


async def test_settings_that_differ_from_the_topics(kafka: KafkaCluster) -> None:
    """One count everywhere, another one in the settings: the settings are what to mend."""
    settings = kafka.settings(partitions=2)
    await create_topics(settings)
    problems = await check_topics(with_partitions(settings, 3))
    assert [(each.topic, each.what, each.found) for each in problems] == [
        (name, "partitions", "2") for name in settings.topics.inputs
    ]
    assert "set topics.partitions = 2" in problems[0].advice


async def test_too_few_copies(kafka: KafkaCluster) -> None:
    """min.insync.replicas is not raised above the copies there are: that would stop all writing."""
    settings = kafka.settings()
    await create_topics(settings)
    wanted = with_partitions(settings, 3, replication=3)
    done = await create_topics(wanted, alter=True)
    assert done.altered == []
    assert {each.what for each in done.problems} == {"replication", "min.insync.replicas"}
    assert {each.topic for each in done.problems} == {
        *settings.topics.inputs,
        settings.topics.dead_letter,
        settings.topics.snapshot,
    }


async def test_more_copies_than_brokers(kafka: KafkaCluster) -> None:
    """The broker's refusal is passed on with the setting to change."""
    settings = with_partitions(kafka.settings(), 3, replication=3)
    with pytest.raises(UserError, match=r"cannot be created: .*topics\.replication"):
        await create_topics(settings)
