"""The snapshot topic: reading what it holds of one partition, and writing to it.

Partition p of the inputs has its records in partition p of this topic (modulo its own count), so
that whoever needs them reads little else. Later records of a key replace earlier ones, as in
compaction, which may not have happened yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from streams.log.clients import ISOLATION, stable_end
from streams.log.closing import close, close_producer
from streams.log.looking import Look, crc_of
from streams.log.snapshots import MAX_RECORD
from streams.log.starting import start

_POLL_MS: Final = 200
_FETCH_WAIT_MS: Final = 10
_TIMEOUT_MS: Final = 10_000
_SEND_SECONDS: Final = 30.0
_OVERHEAD: Final = 16 * 1024

Record = tuple[bytes, bytes | None]
"""Key, and value or None for what is to be forgotten."""


class Place(NamedTuple):
    """Where a record was put: its offset, and the CRC-32 of its key and value."""

    offset: int
    crc: int


class Shelf:
    """What the topic holds of one partition number, up to ``position``.

    ``values``: key → value. ``order``: key → offset of that value: the higher, the later.
    """

    def __init__(self, topic: str, number: int) -> None:
        self.topic = topic
        self.number = number
        self.position: int | None = None
        self.values: dict[bytes, bytes] = {}
        self.order: dict[bytes, int] = {}

    async def read(self, options: Mapping[str, Any]) -> bool:
        """Read on to the end there is now; returns whether there was anything new of ours.

        KafkaError: it could not be; what was read so far is kept, and it may be tried again.
        """
        consumer = AIOKafkaConsumer(
            **options,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level=ISOLATION,
            request_timeout_ms=_TIMEOUT_MS,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
        )
        try:
            await start(consumer)
            tp = await self._assign(consumer)
            return await self._read_on(consumer, tp)
        finally:
            await close(consumer.stop())

    def place(self, key: bytes) -> Place:
        """Where the value of ``key`` is. KeyError: there is none."""
        return Place(self.order[key], crc_of(key, self.values[key]))

    async def _assign(self, consumer: AIOKafkaConsumer) -> TopicPartition:
        # All topics' metadata: asking for one that is missing would create it on some brokers.
        cluster = await consumer._client.fetch_all_metadata()
        count = len(cluster.partitions_for_topic(self.topic) or ())
        if not count:
            raise KafkaError(f"there is no topic {self.topic}")
        tp = TopicPartition(self.topic, self.number % count)
        consumer.assign([tp])
        starts = await consumer.beginning_offsets([tp])
        consumer.seek(tp, max(starts[tp], self.position or 0))
        return tp

    async def _read_on(self, consumer: AIOKafkaConsumer, tp: TopicPartition) -> bool:
        end = (await consumer.end_offsets([tp]))[tp]
        news = False
        loop = asyncio.get_running_loop()
        heard = loop.time()
        # The embedded broker lists an end that is a batch old; that in its first answer is right.
        unsure = True
        while unsure or await consumer.position(tp) < end:
            before = await consumer.position(tp)
            batches = await consumer.getmany(tp, timeout_ms=_POLL_MS)
            if (found := stable_end(consumer, tp)) is not None:
                end, unsure = max(end, found), False
            # Not what it knows of the end: that it keeps when nobody answers any longer.
            if await consumer.position(tp) > before:
                heard = loop.time()
            for record in batches.get(tp, ()):
                news |= self._take(record.key or b"", record.value, record.offset)
            if loop.time() - heard > _TIMEOUT_MS / 1000:
                raise KafkaError(f"no answer for {tp.topic}/{tp.partition}")
        self.position = await consumer.position(tp)
        return news

    def _take(self, key: bytes, value: bytes | None, offset: int) -> bool:
        if not key.startswith(f"{self.number}/".encode()):
            return False
        if value is None:
            self.values.pop(key, None)
            self.order.pop(key, None)
        else:
            self.values[key] = value
            self.order[key] = offset
        return True


class ShelfWriter:
    """Writes records of any partition number. Make it and use it within one event loop."""

    def __init__(self, options: Mapping[str, Any], topic: str) -> None:
        self._options = options
        self._topic = topic
        self._producer: AIOKafkaProducer | None = None

    async def write(self, number: int, records: Sequence[Record]) -> list[Place]:
        """Write, all acknowledged by all in-sync replicas. KafkaError, TimeoutError: they may not.

        In any order: what must come last is a call of its own. Returns where each one is.
        """
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                producer = await self._started()
                count = len(await producer.partitions_for(self._topic))
                sent = [
                    await producer.send(self._topic, value, key=key, partition=number % count)
                    for key, value in records
                ]
                offsets = [(await future).offset for future in sent]
        except BaseException:
            await self.close()
            raise
        return [Place(at, crc_of(*record)) for at, record in zip(offsets, records, strict=True)]

    async def still_holds(self, number: int, places: Iterable[Place]) -> bool:
        """Whether these records are where they were put. KafkaError, TimeoutError: unknown now.

        Reads just them. What purges a log begins at its start, and a topic that was made anew has
        nothing: where the oldest record of some is in its place, all of them are.
        """
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                producer = await self._started()
                count = len(await producer.partitions_for(self._topic))
                async with Look(self._options, (self._topic,), number % count) as look:
                    for offset, crc in places:
                        found = await look.crcs({self._topic: offset})
                        if found[self._topic] != crc:
                            return False
        except BaseException:
            await self.close()
            raise
        return True

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            # A record written twice is the same record.
            producer = AIOKafkaProducer(
                **self._options,
                acks="all",
                enable_idempotence=False,
                max_request_size=MAX_RECORD + _OVERHEAD,
            )
            try:
                await start(producer)
            except BaseException:
                await close_producer(producer)
                raise
            self._producer = producer
        return self._producer

    async def close(self) -> None:
        """Let go of the connection; the next writing makes another one."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await close_producer(producer)
