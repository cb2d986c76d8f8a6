"""Publishes records once more as they were, in their order and at the pace at which they came.

Beside them goes a clock, on every partition of the desk's topic: workers set to the log's clock
live through the day again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from streams.sources.pace import Clock
from streams.sources.play import TICK, clock_event

BATCH: Final = 500
"""Most records between two looks at the clock."""
LAST_WAIT: Final = 5.0
"""Seconds that one who is told to stop still waits for acknowledgements."""
_LEAST: Final = 0.001
"""Seconds slept at least: a moment in µs is not always one of a float in seconds."""


class Kept(NamedTuple):
    """A record as it was. ``at``: when it is due (µs, by the log's time).

    ``stamp``: its timestamp (ms), None for the broker's own.
    """

    at: int
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()
    stamp: int | None = None


class Producer(Protocol):
    """What is needed of an aiokafka producer that is already started."""

    async def send(
        self,
        topic: str,
        *,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        timestamp_ms: int | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> Awaitable[Any]:
        """Queue a record; the awaitable it returns is done when the broker has it."""
        ...

    async def flush(self) -> None:
        """Return when everything queued is sent."""
        ...


class Ticker(NamedTuple):
    """The clock to write: where, of which election, in whose name. ``stamped``: with its time."""

    desk: str
    partitions: int
    election: str
    source: str
    stamped: bool = False


@dataclass(slots=True)
class Progress:
    """How far it is. ``now`` is the played day's time (µs)."""

    now: int = 0
    records: int = 0
    ticks: int = 0
    sent: Counter[tuple[str, int]] = field(default_factory=Counter)
    """(topic, partition) → records, those of the clock not included."""


@dataclass(slots=True)
class Republisher:
    """Sends through a started ``producer``; without a ``ticker`` no clock is written."""

    producer: Producer
    ticker: Ticker | None
    clock: Clock = field(default_factory=Clock)
    progress: Progress = field(default_factory=Progress)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Set to end before the end."""
    _pending: set[asyncio.Future[Any]] = field(default_factory=set)

    async def play(
        self,
        records: Iterable[Kept],
        begins: int,
        speed: float | None,
        on_tick: Callable[[Progress], None] | None = None,
    ) -> bool:
        """Publish ``records``, which come in order; returns whether it came to their end.

        The day's time is ``begins`` at first and passes ``speed`` times as fast as the clock's;
        what is older goes out at once. None: as fast as the broker takes it. Raises what the
        producer raises when the broker does not take a record.
        """
        waiting = iter(records)
        due = next(waiting, None)
        start, ticked, reached = self.clock.now(), float("-inf"), begins
        while due is not None and not self.stop.is_set():
            now = None if speed is None else begins + int((self.clock.now() - start) * speed * 1e6)
            sent = 0
            while due is not None and sent < BATCH and (now is None or due.at <= now):
                await self._publish(due)
                reached, sent = max(reached, due.at), sent + 1
                due = next(waiting, None)
            if due is not None and now is not None:
                # Never ahead of what is not sent yet, however far behind the sending is.
                reached = max(reached, min(now, due.at))
            if due is None or self.clock.now() - ticked >= TICK:
                await self._tick(reached)
                ticked = self.clock.now()
                self._look(on_tick)
            if due is not None and speed is not None and sent < BATCH:
                wake = min(start + (due.at - begins) / 1e6 / speed, ticked + TICK)
                await self.clock.sleep(max(_LEAST, wake - self.clock.now()))
        arrived = await self._arrive()
        self._look(on_tick)
        return due is None and arrived

    async def _arrive(self) -> bool:
        """Wait until all that was sent has arrived; no longer than a moment once told to stop."""
        flushing = asyncio.ensure_future(self.producer.flush())
        stopping = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({flushing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({flushing}, timeout=LAST_WAIT)
            if not flushing.done():
                return False
            await flushing
        finally:
            flushing.cancel()
            stopping.cancel()
        await asyncio.gather(*self._pending)
        return True

    async def _publish(self, kept: Kept) -> None:
        sent = await self.producer.send(
            kept.topic,
            value=kept.value,
            key=kept.key,
            partition=kept.partition,
            timestamp_ms=kept.stamp,
            headers=list(kept.headers),
        )
        self._pending.add(asyncio.ensure_future(sent))
        self.progress.records += 1
        self.progress.sent[kept.topic, kept.partition] += 1

    async def _tick(self, now: int) -> None:
        self.progress.now = now
        if self.ticker is None:
            return
        desk, partitions, election, source, stamped = self.ticker
        value = clock_event(election, now, source)
        for partition in range(partitions):
            stamp = now // 1000 if stamped else None
            sent = await self.producer.send(
                desk, value=value, key=None, partition=partition, timestamp_ms=stamp, headers=[]
            )
            self._pending.add(asyncio.ensure_future(sent))
        self.progress.ticks += 1

    def _look(self, on_tick: Callable[[Progress], None] | None) -> None:
        """Let go of what has arrived; raises what one of them failed with."""
        for future in [future for future in self._pending if future.done()]:
            self._pending.discard(future)
            future.result()
        if on_tick is not None:
            on_tick(self.progress)
