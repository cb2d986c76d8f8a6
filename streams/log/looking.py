"""Looking at a log without reading it: where it starts and ends, and single records of it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from streams.log.clients import ISOLATION, stable_end
from streams.log.closing import close
from streams.log.snapshots import Anchor
from streams.log.starting import start

_POLL_MS: Final = 100
_FETCH_WAIT_MS: Final = 10
_SECONDS: Final = 10.0
_FETCH_BYTES: Final = 4096


class Bounds(NamedTuple):
    """First offset that the log holds, and the one after the last, by topic."""

    starts: dict[str, int]
    ends: dict[str, int]


def crc_of(key: bytes | None, value: bytes | None) -> int:
    """CRC-32 of a record's key and value, told apart from each other and from none."""
    lengths = f"{-1 if key is None else len(key)} {-1 if value is None else len(value)} ".encode()
    return zlib.crc32(value or b"", zlib.crc32(key or b"", zlib.crc32(lengths)))


def still_there(records: Mapping[str, tuple[int, int]], bounds: Bounds) -> dict[str, int]:
    """Topic → offset of those ``records`` (offset, CRC-32) that the log's start is not beyond."""
    return {
        topic: offset
        for topic, (offset, _) in records.items()
        if topic in bounds.starts and offset >= bounds.starts[topic]
    }


class Look:
    """Partition ``number`` of ``topics``, while open. KafkaError: no answer; make another one."""

    def __init__(self, options: Mapping[str, Any], topics: tuple[str, ...], number: int) -> None:
        self._tps = [TopicPartition(topic, number) for topic in topics]
        self._options = options
        self._consumer: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> Self:
        self._consumer = AIOKafkaConsumer(
            **self._options,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level=ISOLATION,
            request_timeout_ms=int(_SECONDS * 1000),
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            # One record is enough: the first one comes whole, however long it is.
            max_partition_fetch_bytes=_FETCH_BYTES,
        )
        try:
            await start(self._consumer)
            self._consumer.assign(self._tps)
        except BaseException:
            await close(self._consumer.stop())
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._consumer is not None
        await close(self._consumer.stop())

    async def bounds(self) -> Bounds:
        """Where the log starts and ends now."""
        assert self._consumer is not None
        starts = await self._consumer.beginning_offsets(self._tps)
        ends = await self._consumer.end_offsets(self._tps)
        return Bounds(
            {tp.topic: offset for tp, offset in starts.items()},
            {tp.topic: offset for tp, offset in ends.items()},
        )

    async def crcs(self, offsets: Mapping[str, int]) -> dict[str, int | None]:
        """By topic ``crc_of`` the record at its offset; None: there is no record at it."""
        found = await self._first(offsets, exact=True)
        return {
            topic: record and crc_of(record.key, record.value) for topic, record in found.items()
        }

    async def firsts(self, offsets: Mapping[str, int]) -> dict[str, Anchor]:
        """By topic the first record at its offset or after it; none: there is none yet."""
        found = await self._first(offsets, exact=False)
        return {
            topic: Anchor(record.offset, crc_of(record.key, record.value))
            for topic, record in found.items()
            if record is not None
        }

    async def _first(
        self, offsets: Mapping[str, int], *, exact: bool
    ) -> dict[str, ConsumerRecord | None]:
        """``exact``: at the offset alone. A marker of a transaction may stand there instead."""
        consumer = self._consumer
        assert consumer is not None
        found: dict[str, ConsumerRecord | None] = {}
        waiting = {tp for tp in self._tps if tp.topic in offsets}
        consumer.pause(*self._tps)
        for tp in waiting:
            consumer.seek(tp, offsets[tp.topic])
        consumer.resume(*waiting)
        try:
            async with asyncio.timeout(_SECONDS):
                while waiting:
                    try:
                        batches = await consumer.getmany(*waiting, timeout_ms=_POLL_MS)
                    except OffsetOutOfRangeError as error:
                        found |= dict.fromkeys((tp.topic for tp in error.args[0]), None)
                        batches = {}
                    for tp in waiting:
                        if batch := batches.get(tp):
                            same = batch[0].offset == offsets[tp.topic]
                            found[tp.topic] = batch[0] if same or not exact else None
                        elif await self._over(tp, offsets[tp.topic], exact=exact):
                            found.setdefault(tp.topic, None)
                    waiting = {tp for tp in waiting if tp.topic not in found}
                    consumer.pause(*(set(self._tps) - waiting))
        except TimeoutError:
            raise KafkaError(f"no answer for {sorted(waiting)}") from None
        return found

    async def _over(self, tp: TopicPartition, offset: int, *, exact: bool) -> bool:
        """Whether no record is to be expected any longer."""
        assert self._consumer is not None
        position: int = await self._consumer.position(tp)
        end = stable_end(self._consumer, tp)
        return (exact and position > offset) or (end is not None and end <= position)
