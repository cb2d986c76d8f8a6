"""The brokers of the tests do what the tests take for granted."""

from __future__ import annotations

from collections.abc import Callable

from streams.log.clients import consumer, producer, wait_for_broker
from streams.log.topics import check_topics, create_topics
from tests.kafka.harness import KafkaCluster


async def test_an_acknowledged_record_survives_the_kill_of_its_leader(
    kafka_cluster: Callable[..., KafkaCluster],
) -> None:
    """Three brokers, each killed and restarted in turn: every record is still there, once."""
    kafka = kafka_cluster(3)
    settings = kafka.settings(partitions=3)
    assert (await create_topics(settings)).problems == []
    topic = settings.topics.observer
    async with producer(settings) as sender:
        for number in range(3):
            await sender.send_and_wait(topic, f"before {number}".encode(), partition=number)
            kafka.kill_broker(number)
            await sender.send_and_wait(topic, f"without {number}".encode(), partition=number)
            kafka.start_broker(number)
    async with consumer(settings.broker, topic, auto_offset_reset="earliest") as reader:
        values = sorted([(await reader.getone()).value.decode() for _ in range(6)])
    assert values == [f"{when} {n}" for when in ("before", "without") for n in range(3)]
    assert await check_topics(settings) == []


async def test_a_stopped_broker_is_away_and_comes_back_with_its_data(
    kafka_cluster: Callable[..., KafkaCluster],
) -> None:
    """One broker, stopped in good order and started again on the same port and data."""
    kafka = kafka_cluster()
    settings = kafka.settings()
    await create_topics(settings)
    kafka.stop_broker(0)
    said: list[str] = []
    kafka.start_broker(0, wait=False)
    await wait_for_broker(settings, said.append)
    kafka.wait_ready()
    assert len(said) == 2
    assert await check_topics(settings) == []
