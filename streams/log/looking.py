"""Looking at a log without reading it: where it starts and ends, and single records of it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from streams.log.clients import ISOLATION, stable_end
from streams.log.closing import close

_POLL_MS: Final = 100
_FETCH_WAIT_MS: Final = 100
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
            await self._consumer.start()
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

    async def crc(self, topic: str, offset: int) -> int | None:
        """``crc_of`` the record at an offset; None: there is no record at it."""
        consumer = self._consumer
        assert consumer is not None
        tp = next(tp for tp in self._tps if tp.topic == topic)
        consumer.pause(*self._tps)
        consumer.seek(tp, offset)
        consumer.resume(tp)
        try:
            async with asyncio.timeout(_SECONDS):
                while True:
                    batch = (await consumer.getmany(tp, timeout_ms=_POLL_MS, max_records=1)).get(tp)
                    if batch:
                        first = batch[0]
                        return crc_of(first.key, first.value) if first.offset == offset else None
                    end = stable_end(consumer, tp)
                    if await consumer.position(tp) > offset or (end is not None and end <= offset):
                        return None
        except OffsetOutOfRangeError:
            return None
        except TimeoutError:
            raise KafkaError(f"no answer for {topic}/{tp.partition} at {offset}") from None
