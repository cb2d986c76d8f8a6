"""Reading the log in bulk, on the embedded broker."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.embedded import EmbeddedBroker, free_port
from streams.log.bulk import SLICE, BulkReader, LogMovedError
from streams.log.clients import kafka_options
from streams.log.topics import create_topics
from streams.settings import BrokerSettings, Settings, TopicSettings
from tests.worker.process import send
from tests.worker.sample import Event


def settings_of(bootstrap: str) -> Settings:
    return Settings(
        broker=BrokerSettings(bootstrap=bootstrap, idempotent=False),
        topics=TopicSettings(prefix="bulk", partitions=1, replication=1),
    )


def numbered(count: int, start: int = 0) -> list[Event]:
    return [Event("observer", b"k", str(n).encode()) for n in range(start, start + count)]


async def read_all(reader: BulkReader) -> list[bytes]:
    found: list[bytes] = []
    while records := await reader.read():
        assert len(records) <= SLICE
        found += [record.value for record in records]
    return found


@pytest.mark.parametrize("count", [0, 1, 3, SLICE, 2 * SLICE + 1])
async def test_reads_from_a_position_to_the_end(count: int) -> None:
    """Everything from the position on comes once, in order, in slices; then nothing."""
    async with EmbeddedBroker() as broker:
        settings = settings_of(broker.bootstrap)
        await create_topics(settings)
        await send(settings, numbered(count))
        tps = [TopicPartition(topic, 0) for topic in settings.topics.inputs]
        first = count // 3
        positions = {tp: first if tp.topic.endswith("observer") else 0 for tp in tps}
        async with BulkReader(kafka_options(settings.broker), positions) as reader:
            found = await read_all(reader)
            assert found == [str(n).encode() for n in range(first, count)]
            assert reader.remaining == 0
            assert reader.positions[tps[0]] == count


async def test_a_log_whose_start_is_gone_leaves_no_connection_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Told when it is opened; a client that is left open would be complained of at the end."""
    opened: list[AIOKafkaConsumer] = []

    async def gone(self: AIOKafkaConsumer, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        opened.append(self)
        return dict.fromkeys(tps, 5)

    monkeypatch.setattr(AIOKafkaConsumer, "beginning_offsets", gone)
    async with EmbeddedBroker() as broker:
        settings = settings_of(broker.bootstrap)
        await create_topics(settings)
        tps = {TopicPartition("bulk.observer", 0): 0}
        with pytest.raises(LogMovedError, match="position 0 is deleted"):
            async with BulkReader(kafka_options(settings.broker), tps):
                pass
        assert [consumer._closed for consumer in opened] == [True]


async def test_waits_for_a_broker_that_is_away() -> None:
    """No broker is trouble that is told, not an error; reading begins when one answers."""
    port = free_port()
    settings = settings_of(f"127.0.0.1:{port}")
    told: list[str] = []
    seen = asyncio.Event()

    def trouble(why: str) -> None:
        told.append(why)
        seen.set()

    tps = {TopicPartition("bulk.observer", 0): 0}
    reader = BulkReader(kafka_options(settings.broker), tps, trouble)
    opening = asyncio.create_task(reader.__aenter__())
    await seen.wait()
    assert told[0]
    async with EmbeddedBroker(port=port):
        await create_topics(settings)
        await send(settings, numbered(3))
        await opening
        assert await read_all(reader) == [b"0", b"1", b"2"]
        assert told[-1] == ""
        await reader.__aexit__(None, None, None)
