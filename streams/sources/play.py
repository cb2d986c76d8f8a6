"""The player: publishes a past day in the order in which it became known, and its clock.

Workers set to the log's clock live through the day again: `now` is what the player last wrote to
every partition of the desk's topic.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from schemas.fields import microseconds, rfc3339
from schemas.routing import partition_of
from streams.sources.pace import Clock

PLAYER: Final = "urn:scrutineer:player"
"""CloudEvents source of the clock; a pack that is played must list it as a desk's source."""
TICK: Final = 0.25
"""Seconds between two clock events."""
_REGION: Final = re.compile(rb'"region"\s*:\s*"([A-Za-z0-9-]{1,32})"')


class Producer(Protocol):
    """What is needed of an aiokafka producer that is already started."""

    async def send(
        self, topic: str, value: bytes, key: bytes | None = None, partition: int | None = None
    ) -> Awaitable[Any]:
        """Queue a record; the awaitable it returns has its metadata when the broker has it."""
        ...

    async def flush(self) -> None:
        """Return when everything queued is sent."""
        ...


class Item(NamedTuple):
    """A record to publish. ``at``: when it becomes known, microseconds since the epoch."""

    at: int
    topic: str
    key: bytes
    value: bytes


@dataclass(slots=True)
class Progress:
    """How far the player is. ``now`` is the log's clock (µs)."""

    now: int = 0
    events: int = 0
    sent: Counter[tuple[str, int]] = field(default_factory=Counter)
    """(topic, partition) → records, clock events included."""
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    """(topic, partition) → the offset after the last of them: others may write there too."""
    ours: set[tuple[str, int, int]] = field(default_factory=set)
    """(topic, partition, offset) of each of them."""

    def note(self, metadata: Any) -> None:
        """Take in what the broker said of one record."""
        topic, partition, offset = metadata.topic, metadata.partition, metadata.offset
        self.ends[topic, partition] = max(self.ends.get((topic, partition), 0), offset + 1)
        self.ours.add((topic, partition, offset))


def schedule(topic: str, lines: Iterable[bytes], lag: int = 0) -> list[Item]:
    """The lines of one file as records of ``topic``, in the order of their arrival.

    A line arrives at its ``recordedtime``, else when its figure was published, else ``lag`` µs
    after its event time. In a file with ``recordedtime`` none arrives before the line above it:
    a producer's repeat stands where it was repeated. A line that says no time goes with the one
    above it.
    """
    items: list[Item] = []
    last = 0
    for raw in lines:
        at, fixed = arrival(raw, lag)
        at = last if at is None else max(at, last) if fixed else at
        last = at
        items.append(Item(at, topic, _key(raw), raw))
    return sorted(items, key=lambda item: item.at)


def arrival(raw: bytes, lag: int = 0) -> tuple[int | None, bool]:
    """When the event in ``raw`` arrived, and whether it says so itself (``recordedtime``)."""
    try:
        event = json.loads(raw)
        if "recordedtime" in event:
            return _moment(event["recordedtime"]), True
        published = event["data"].get("published")
        return _moment(event["time"]) + lag if published is None else _moment(published), False
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None, False


def _moment(text: str) -> int:
    return microseconds(datetime.fromisoformat(text))


def _key(raw: bytes) -> bytes:
    """The region, as far as it can be read: bad events are published too, as they come."""
    found = _REGION.search(raw)
    return found[1] if found else b"unknown"


@dataclass(slots=True)
class Player:
    """Publishes ``items`` from ``begins`` to ``ends`` (µs) within ``seconds`` of the clock."""

    producer: Producer
    desk: str
    partitions: int
    election: str
    clock: Clock = field(default_factory=Clock)
    progress: Progress = field(default_factory=Progress)

    async def play(
        self,
        items: Iterable[Item],
        begins: int,
        ends: int,
        seconds: float,
        on_tick: Callable[[Progress], None] | None = None,
    ) -> Progress:
        """Publish everything, however late an item is; the last clock event says ``ends``.

        Items older than ``begins`` go out at once. Raises what the producer raises when the
        broker does not take a record.
        """
        waiting = sorted(items, key=lambda item: item.at)
        ends = max([ends, *(item.at for item in waiting[-1:])])
        pending: set[asyncio.Future[Any]] = set()
        start, place, tick = self.clock.now(), 0, 0
        while True:
            gone = self.clock.now() - start
            now = ends if gone >= seconds else begins + int((ends - begins) * gone / seconds)
            while place < len(waiting) and waiting[place].at <= now:
                pending.add(await self._publish(waiting[place]))
                place += 1
            await self._tick(now, pending)
            pending = self._settled(pending)
            self.progress.now = now
            if on_tick is not None:
                on_tick(self.progress)
            if now >= ends:
                break
            # By the tick's number, so that a slow tick is not added to the day.
            tick = max(tick + 1, int(gone / TICK) + 1)
            await self.clock.sleep(max(0.0, start + tick * TICK - self.clock.now()))
        await self.producer.flush()
        await asyncio.gather(*pending)
        self._settled(pending)
        return self.progress

    async def _publish(self, item: Item) -> asyncio.Future[Any]:
        partition = partition_of(item.key.decode("ascii"), self.partitions)
        self.progress.events += 1
        self.progress.sent[item.topic, partition] += 1
        return asyncio.ensure_future(
            await self.producer.send(
                item.topic, value=item.value, key=item.key, partition=partition
            )
        )

    async def _tick(self, now: int, pending: set[asyncio.Future[Any]]) -> None:
        value = clock_event(self.election, now)
        for partition in range(self.partitions):
            self.progress.sent[self.desk, partition] += 1
            sent = await self.producer.send(self.desk, value=value, key=None, partition=partition)
            pending.add(asyncio.ensure_future(sent))

    def _settled(self, pending: set[asyncio.Future[Any]]) -> set[asyncio.Future[Any]]:
        """Those still under way; raises what one of the others failed with."""
        left = set()
        for future in pending:
            if future.done():
                self.progress.note(future.result())
            else:
                left.add(future)
        return left


def clock_event(election: str, now: int, source: str = PLAYER) -> bytes:
    """The event that says what time it is in the log."""
    when = rfc3339(now)
    event = {
        "specversion": "1.0",
        "id": f"clock-{now}",
        "source": source,
        "type": "election.clock.v1",
        "time": when,
        "election": election,
        "data": {"now": when},
    }
    return json.dumps(event, separators=(",", ":")).encode()
