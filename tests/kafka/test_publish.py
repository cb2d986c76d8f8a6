"""Publishing to Apache Kafka with an idempotent producer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from streams.errors import UserError
from streams.sources.checking import Ready
from streams.sources.pace import Pace
from streams.sources.publish import Publisher
from tests.kafka.harness import KafkaCluster
from tests.sources.publishing import REGIONS, figure, incident, ready, stored, topics, triage


def events(count: int) -> Iterator[bytes]:
    """Events for all three topics and every region."""
    for number in range(count):
        region = REGIONS[number % len(REGIONS)]
        yield (incident, figure, triage)[number % 3](number, region)


async def test_all_are_acknowledged_and_stand_once_in_the_log(kafka: KafkaCluster) -> None:
    """Byte for byte, in the order given within each partition of a topic."""
    settings = kafka.settings(partitions=12)
    assert settings.broker.idempotent
    await topics(settings)
    given = list(events(6_000))
    publisher = Publisher(settings, Pace(), 30, pytest.fail)
    await publisher.publish(ready(given))
    assert publisher.tally.acknowledged == dict.fromkeys(settings.topics.inputs, 2_000)
    records = await stored(settings)
    assert Counter(record.value for record in records) == Counter(given)
    place = {raw: number for number, raw in enumerate(given)}
    last: dict[tuple[str, int], int] = {}
    for record in records:
        where = (record.topic, record.partition)
        assert place[record.value] > last.get(where, -1)
        last[where] = place[record.value]


async def test_a_broker_that_restarts_in_between_costs_nothing(
    kafka_cluster: Callable[..., KafkaCluster],
) -> None:
    """One line says that it is away; every event is acknowledged and stands in the log once."""
    cluster = kafka_cluster(1)
    settings = cluster.settings()
    await topics(settings)
    given = list(events(9_000))
    said: list[tuple[str, int]] = []

    def say(line: str) -> None:
        said.append((line, publisher.tally.done))

    publisher = Publisher(settings, Pace(), 60, say)

    async def with_a_restart() -> AsyncIterator[Ready]:
        number = 0
        async for event in ready(given):
            yield event
            number += 1
            if number == 3_000:
                cluster.kill_broker(0)
            if number % 500 == 0:
                await asyncio.sleep(0.05)

    publishing = asyncio.create_task(publisher.publish(with_a_restart()))
    while not said and not publishing.done():  # noqa: ASYNC110 - two things are waited for
        await asyncio.sleep(0.05)
    cluster.start_broker(0, wait=False)
    await publishing
    lines, acknowledged = zip(*said, strict=True)
    assert set(lines) == {"no acknowledgement from the broker; waiting up to 60 s"}
    # Once for each silence: a broker that recovers on a busy machine may fall silent again.
    assert len(set(acknowledged)) == len(acknowledged)
    assert publisher.tally.done == len(given)
    assert Counter(record.value for record in await stored(settings)) == Counter(given)


async def test_a_missing_topic_is_told(kafka: KafkaCluster) -> None:
    """Before anything is sent."""
    publisher = Publisher(kafka.settings(), Pace(), 10, pytest.fail)
    with pytest.raises(UserError, match="does not exist: run `scrutineer topics create`"):
        await publisher.publish(ready([incident(1)]))
