"""Reading in bulk while the broker goes away for longer than the reader's patience."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiokafka import TopicPartition

from streams.log.bulk import BulkReader
from streams.log.clients import kafka_options
from streams.log.topics import create_topics
from tests.kafka.harness import KafkaCluster
from tests.worker.process import send
from tests.worker.sample import Event


async def test_goes_on_where_it_was(kafka_cluster: Callable[..., KafkaCluster]) -> None:
    """Nothing is missing or twice, and the trouble is told, and told to be over."""
    kafka = kafka_cluster(1)
    settings = kafka.settings(partitions=1)
    await create_topics(settings)
    expected = [f"{n}".encode() + b"x" * 2_000 for n in range(5_000)]
    await send(settings, [Event("observer", b"k", value) for value in expected])
    told: list[str] = []
    positions = {TopicPartition(topic, 0): 0 for topic in settings.topics.inputs}
    found: list[bytes] = []
    async with BulkReader(kafka_options(settings.broker), positions, told.append, 2.0) as reader:
        found += [record.value for record in await reader.read()]
        kafka.kill_broker(0)

        async def read_on() -> None:
            while records := await reader.read():
                found.extend(record.value for record in records)

        reading = asyncio.create_task(read_on())
        for _ in range(600):
            await asyncio.sleep(0.1)
            if told:
                break
        kafka.start_broker(0)
        await reading
    assert found == expected
    assert told[0]
    assert told[-1] == ""
