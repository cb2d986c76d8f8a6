"""Topics on the embedded broker, which tells little about them."""

from __future__ import annotations

import pytest

from streams.embedded import EmbeddedBroker, free_port
from streams.errors import UserError
from streams.log.clients import AwayError, admin
from streams.log.topics import check_topics, create_topics
from streams.settings import BrokerSettings, Settings, TopicSettings
from tests.log.door import door


def settings_of(broker: EmbeddedBroker, partitions: int = 3) -> Settings:
    """Settings of the embedded broker."""
    return Settings(
        broker=BrokerSettings(bootstrap=broker.bootstrap, idempotent=False),
        topics=TopicSettings(partitions=partitions, replication=1),
    )


async def test_missing_then_created_then_as_they_should_be() -> None:
    """Check tells what is missing and creates nothing; create makes it; twice is harmless."""
    async with EmbeddedBroker() as broker:
        settings = settings_of(broker)
        topics = settings.topics
        names = [*topics.inputs, topics.dead_letter, topics.snapshot]
        for _ in range(2):
            assert [(each.topic, each.found) for each in await check_topics(settings)] == [
                (name, "missing") for name in names
            ]
        assert await create_topics(settings) == (names, [], [])
        assert await create_topics(settings) == ([], [], [])
        assert await check_topics(settings) == []


async def test_a_broker_that_goes_away_amid_the_look_is_no_fault_of_the_topics() -> None:
    """Who looks is told which of the two it was: a worker asks again, a command says so."""
    async with EmbeddedBroker() as broker, door(broker.bootstrap, 2) as there:
        behind = BrokerSettings(bootstrap=there.address, idempotent=False)
        settings = settings_of(broker).model_copy(update={"broker": behind})
        with pytest.raises(AwayError, match=f"the broker at {there.address} went away: "):
            await check_topics(settings)
        assert there.came == 2
        assert {each.what for each in await check_topics(settings)} == {"topic"}


async def test_what_the_broker_does_not_tell_is_said() -> None:
    """Topics that others made: no guess about settings that the broker keeps to itself."""
    from aiokafka.admin import NewTopic

    async with EmbeddedBroker() as broker:
        settings = settings_of(broker)
        async with admin(settings.broker) as client:
            await client.create_topics([NewTopic(name, 3, 1) for name in settings.topics.inputs])
        done = await create_topics(settings)
        assert done.created == [settings.topics.dead_letter, settings.topics.snapshot]
        assert len(done.problems) == 21
        assert {(each.found, each.kind) for each in done.problems} == {
            ("broker does not tell", "untold")
        }
        assert done.problems == await check_topics(settings)
        assert (await create_topics(settings, alter=True)).altered == []


async def test_counts_that_differ_stop_the_creation() -> None:
    """A third input is not created beside two that have another number of partitions."""
    async with EmbeddedBroker() as broker:
        settings = settings_of(broker, partitions=4)
        await create_topics(settings)
        other = settings_of(broker, partitions=6)
        done = await create_topics(other)
        assert done.created == []
        counts = [each for each in done.problems if each.what == "partitions"]
        assert [(each.topic, each.found, each.expected) for each in counts] == [
            (name, "4", "6") for name in settings.topics.inputs
        ]
        assert all("set topics.partitions = 4" in each.advice for each in counts)


async def test_no_broker_is_told() -> None:
    """The address, why, and which setting."""
    port = free_port()
    settings = Settings(broker=BrokerSettings(bootstrap=f"127.0.0.1:{port}"))
    with pytest.raises(UserError, match=rf"127\.0\.0\.1:{port}: connection refused.*bootstrap"):
        await check_topics(settings)
