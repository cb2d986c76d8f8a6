"""Reading a stretch of the log in bulk: without a group, in slices, up to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from streams.log.clients import ISOLATION, stable_end
from streams.log.closing import close
from streams.log.refusals import REFUSED, refused_reading
from streams.log.starting import start

SLICE: Final = 2000
"""Records a slice: small enough that whoever shares the processor hardly notices one."""

_POLL_MS: Final = 500
_FETCH_WAIT_MS: Final = 100
SILENT_SECONDS: Final = 15.0
_RETRY_SECONDS: Final = 1.0


class LogMovedError(Exception):
    """The log does not hold what was asked for.

    ``start_gone``: its start was deleted (retention, DeleteRecords), so no reader can have it all;
    otherwise it ends before the position asked for: it was truncated or recreated.
    """

    def __init__(self, tp: TopicPartition, position: int, start: int, end: int) -> None:
        self.tp = tp
        self.start_gone = start > position
        what = f"{tp.topic}/{tp.partition} holds offsets {start} to {end}, position {position}"
        super().__init__(
            f"{what} is deleted" if self.start_gone else f"{what} is beyond the log's end"
        )


def _nothing(_: str) -> None:
    pass


class Once:
    """A reader's ``trouble`` that says once that it waits, and once that it goes on."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._troubled = False

    def __call__(self, why: str) -> None:
        """Told with every attempt; "": the broker answers."""
        if bool(why) != self._troubled:
            self._troubled = bool(why)
            self._say(f"waiting for the broker: {why}" if why else "the broker answers again")


class BulkReader:
    """Reads partitions from given positions up to their ends.

    ``options``: connection options of an aiokafka client. ``positions``: where to begin, moved
    along while reading: next offset of each partition. A broker that fails or goes away is waited
    for without limit: ``trouble`` is told the reason, and "" once it answers again. With records
    to come and none within ``patience`` seconds it connects anew.
    LogMovedError: the log does not hold a position. RefusedError: the brokers' ACLs let us not.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        positions: Mapping[TopicPartition, int],
        trouble: Callable[[str], None] = _nothing,
        patience: float = SILENT_SECONDS,
    ) -> None:
        self._patience = patience
        self._options = options
        self._trouble = trouble
        self._troubled = False
        self._consumer: AIOKafkaConsumer | None = None
        self._heard = time.monotonic()
        self.positions = dict(positions)
        self.ends: dict[TopicPartition, int] = {}
        self._unsure = set(positions)
        self._refused: set[TopicPartition] = set()

    async def __aenter__(self) -> Self:
        try:
            await self.find_ends()
        except BaseException:
            await self._close()  # whoever did not get in does not get out
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    @property
    def remaining(self) -> int:
        """Offsets between the positions and the ends last seen."""
        return sum(max(0, end - self.positions[tp]) for tp, end in self.ends.items())

    async def find_ends(self) -> int:
        """Ask for the ends again; returns what remains."""

        async def ask(consumer: AIOKafkaConsumer) -> None:
            starts = await consumer.beginning_offsets(list(self.positions))
            ends = await consumer.end_offsets(list(self.positions))
            for tp, position in self.positions.items():
                if position < starts[tp] or (position > ends[tp] and tp in self._refused):
                    raise LogMovedError(tp, position, starts[tp], ends[tp])
            self.ends = dict(ends)
            self._learn(consumer)

        await self._insist(ask)
        self._tell("")
        return self.remaining

    def _learn(self, consumer: AIOKafkaConsumer) -> None:
        """Take a later end from the answers to fetches: the embedded broker lists a stale one.

        For the same reason a position beyond the end listed is believed until a fetch is refused.
        """
        for tp in self.ends:
            end = stable_end(consumer, tp)
            if end is not None:
                self.ends[tp] = max(self.ends[tp], end)
                self._unsure.discard(tp)

    async def read(self) -> list[ConsumerRecord]:
        """The next slice, in offset order within each partition; empty at the ends last seen."""
        records: list[ConsumerRecord] = []

        async def fetch(consumer: AIOKafkaConsumer) -> None:
            batches = await consumer.getmany(timeout_ms=_POLL_MS, max_records=SLICE)
            for tp in batches:
                records.extend(batches[tp])
            for tp in self.positions:
                # Not "last offset + 1": markers of transactions take offsets and are no records.
                self.positions[tp] = max(self.positions[tp], await consumer.position(tp))
            self._learn(consumer)

        before = self.remaining
        while (self.remaining or self._unsure) and not records:
            await self._insist(fetch)
            if records or self.remaining != before or not (self.remaining or self._unsure):
                self._tell("")
                self._heard = time.monotonic()
                before = self.remaining
            elif time.monotonic() - self._heard > self._patience:
                self._tell(f"no records from the broker for {self._patience:.0f} s")
                await self._close()
        return records

    async def _insist(self, action: Callable[[AIOKafkaConsumer], Any]) -> None:
        """Do ``action``; after any error of Kafka with a new consumer, from the same positions."""
        while True:
            try:
                consumer = self._consumer or await self._open()
                await action(consumer)
            except OffsetOutOfRangeError as error:
                await self._close()
                self._refused.update(error.args[0])
                await self.find_ends()
                await asyncio.sleep(_RETRY_SECONDS)
            except REFUSED:
                await self._close()
                who = self._options.get("sasl_plain_username")
                topics = {tp.topic for tp in self.positions}
                raise refused_reading(f"User:{who}" if who else "this client", topics) from None
            except KafkaError as error:
                await self._close()
                self._tell(str(error) or type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    def _tell(self, why: str) -> None:
        if why or self._troubled:
            self._troubled = bool(why)
            self._trouble(why)

    async def _open(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            **self._options,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level=ISOLATION,
            request_timeout_ms=15_000,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
        )
        try:
            await start(consumer)
            consumer.assign(list(self.positions))
            for tp, position in self.positions.items():
                consumer.seek(tp, position)
        except BaseException:
            await close(consumer.stop())
            raise
        self._consumer = consumer
        self._heard = time.monotonic()
        return consumer

    async def _close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await close(consumer.stop())
