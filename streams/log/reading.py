"""Reading a topic once from its start to the end it has now, for commands and tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from streams.errors import UserError
from streams.log.clients import AwayError, admin, asking, consumer, stable_end
from streams.log.closing import close
from streams.log.refusals import hidden, principal, refused_reading
from streams.settings import BrokerSettings

_POLL_MS: Final = 500
_STUCK_SECONDS: Final = 30.0


async def read_to_end(
    broker: BrokerSettings, topic: str, partition: int | None = None
) -> AsyncIterator[Any]:
    """Each record (aiokafka's ConsumerRecord) that ``topic`` holds when this begins.

    Of one ``partition`` or of all. In order within a partition. UserError: no such topic.
    AwayError: no broker, or no answer for long.
    """
    count = await _partition_count(broker, topic)
    reader = consumer(broker, auto_offset_reset="earliest")
    try:
        with asking(broker):
            async with aclosing(_read(reader, broker, topic, count, partition)) as records:
                async for record in records:
                    yield record
    finally:
        await close(reader.stop())


async def _read(
    reader: AIOKafkaConsumer, broker: BrokerSettings, topic: str, count: int, partition: int | None
) -> AsyncGenerator[Any, None]:
    await reader.start()
    numbers = range(count) if partition is None else [partition]
    parts = [TopicPartition(topic, number) for number in numbers]
    reader.assign(parts)
    ends = await reader.end_offsets(parts)
    # The embedded broker lists an end that is a batch old; that in its first answer is right.
    unsure = set(parts)
    open_parts = set(parts)
    heard = asyncio.get_running_loop().time()
    while open_parts:
        try:
            batches = await reader.getmany(*open_parts, timeout_ms=_POLL_MS)
        except TopicAuthorizationFailedError:
            raise refused_reading(principal(broker), [topic]) from None
        for tp in tuple(unsure):
            if (end := stable_end(reader, tp)) is not None:
                ends[tp] = max(ends[tp], end)
                unsure.remove(tp)
        for tp, records in batches.items():
            heard = asyncio.get_running_loop().time()
            for record in records:
                if record.offset < ends[tp]:
                    yield record
        # The position, not the last record: compaction leaves holes, also at the end.
        async with asyncio.timeout(_STUCK_SECONDS):  # there is none before the first answer
            open_parts = unsure | {tp for tp in open_parts if await reader.position(tp) < ends[tp]}
        if asyncio.get_running_loop().time() - heard > _STUCK_SECONDS:
            raise AwayError(f"{topic} cannot be read to its end: no leader for a partition?")


async def _partition_count(broker: BrokerSettings, topic: str) -> int:
    async with admin(broker) as client:
        # All are asked for: asking for one by name creates it on some brokers.
        for each in await client.describe_topics():
            if each["topic"] == topic:
                return len(each["partitions"])
        if await hidden(client, broker, topic):
            raise refused_reading(principal(broker), [topic])
    raise UserError(f"there is no topic {topic}: scrutineer topics create")
