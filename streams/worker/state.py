"""What a worker keeps of each partition number: its tables, its status, its side effects."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from schemas.verdict import Accepted, Rejected
from streams.log.snapshots import Anchor
from streams.metrics.view import Status
from streams.tables.partition import Partition
from streams.worker.snapshots import Shelved


@dataclass(slots=True, eq=False)
class PartitionState:
    """Partition ``number`` of all input topics: one object, touched by the worker's loop alone.

    ``tables`` is a pure function of the log's prefix [0, ``tables.next``) and moves with it. It is
    valid whoever owns the partition; it is shown only while ``status`` is live. ``fed``: whether
    the live path feeds it; else the bulk path does, or nobody.
    """

    number: int
    tables: Partition
    status: Status = "rebuilding"
    fed: bool = False
    reason: str = "waiting its turn"
    committed: dict[str, int] = field(default_factory=dict)
    """Offsets this group has committed with our acceptance digest, by topic."""
    silent: dict[str, int] = field(default_factory=dict)
    """Offsets below which rejected events have their letters already, by topic."""
    unsent: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Offsets whose dead letters the broker has not acknowledged, by topic."""
    ends: dict[str, int] = field(default_factory=dict)
    """Ends of the log last seen, by topic."""
    task: asyncio.Task[None] | None = None
    moved_at: float = field(default_factory=time.monotonic)
    """Monotonic seconds at which a position last moved or a reader said it is waiting."""
    held_since: float | None = None
    """Monotonic seconds since when it waits for room for a dead letter; None: it does not."""
    skipped: int = 0
    gaps: int = 0
    shelved: Shelved = field(default_factory=Shelved)
    anchors: dict[str, Anchor] = field(default_factory=dict)
    """A record that was folded, by topic, as the snapshot tells that this state began with."""
    last: dict[str, tuple[int, bytes | None, bytes | None]] = field(default_factory=dict)
    """The last record that was folded, by topic: offset, key, value."""

    def next(self, topic: str) -> int:
        """Next offset of ``topic`` to fold."""
        return self.tables.next.get(topic, 0)

    def lag(self, topic: str) -> int:
        """Events of ``topic`` in the log that are not in the tables yet, as far as known."""
        return max(0, self.ends.get(topic, 0) - self.next(topic))

    def watermark(self, topic: str) -> int:
        """The offset up to which all side effects are done."""
        unsent = self.unsent.get(topic)
        return min(unsent) if unsent else self.next(topic)

    def fold(self, result: Accepted | Rejected, topic: str, offset: int) -> bool:
        """Fold one event; returns whether it needs a dead letter, which then counts as unsent."""
        self.tables.fold(result, topic, offset)
        if not isinstance(result, Rejected) or offset < self.silent.get(topic, 0):
            return False
        self.unsent[topic].add(offset)
        return True


class States:
    """The partitions that are assigned to this worker."""

    def __init__(self, topics: tuple[str, ...]) -> None:
        self.topics = topics
        self._states: dict[int, PartitionState] = {}
        self.assigned = False
        """Whether the group has given this worker an assignment yet, be it an empty one."""

    def __iter__(self) -> Iterator[PartitionState]:
        return iter(sorted(self._states.values(), key=lambda state: state.number))

    def __len__(self) -> int:
        return len(self._states)

    def get(self, number: int) -> PartitionState | None:
        """The partition ``number``, if it is assigned here."""
        return self._states.get(number)

    def numbers(self) -> set[int]:
        """The numbers of the assigned partitions."""
        return set(self._states)

    def add(self, state: PartitionState) -> None:
        """Keep ``state`` in the place of an older one of its number."""
        self._states[state.number] = state

    def remove(self, number: int) -> PartitionState:
        """Forget a partition."""
        return self._states.pop(number)

    def live(self) -> Mapping[int, Partition]:
        """The tables that may be shown."""
        return {s.number: s.tables for s in self._states.values() if s.status == "live"}

    def fed_live(self, tp: TopicPartition) -> bool:
        """Whether records of ``tp`` go to the live path. Partitions of other topics always do."""
        if tp.topic not in self.topics:
            return True
        state = self._states.get(tp.partition)
        return state is not None and state.fed

    def positions(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where reading goes on, of those of ``tps`` that are kept here."""
        return {
            tp: state.next(tp.topic)
            for tp in tps
            if tp.topic in self.topics and (state := self._states.get(tp.partition)) is not None
        }

    def committable(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """What may be committed and is not: the offsets up to which side effects are done."""
        offsets: dict[TopicPartition, int] = {}
        for tp in tps:
            state = self._states.get(tp.partition)
            if state is None or tp.topic not in self.topics or state.status == "failed":
                continue
            watermark = state.watermark(tp.topic)
            if watermark > state.committed.get(tp.topic, 0):
                offsets[tp] = watermark
        return offsets

    def note_committed(
        self, offsets: Mapping[TopicPartition, int], committed: Iterable[PartitionState]
    ) -> None:
        """Remember what the broker has taken, of the states that were committed."""
        by_number = {state.number: state for state in committed}
        for tp, offset in offsets.items():
            if (state := by_number.get(tp.partition)) is not None:
                state.committed[tp.topic] = offset
