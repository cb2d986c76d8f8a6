"""Folding what was fetched of the live partitions: whole batches, a stretch of each in turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from aiokafka import ConsumerRecord, TopicPartition

from schemas import read
from schemas.verdict import Accepted, Origin, Rejected
from streams.worker.breath import BREATH
from streams.worker.future import Future
from streams.worker.garbage import LiveGarbage
from streams.worker.letters import Posted
from streams.worker.state import PartitionState

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp

PORTION: Final = 100
"""Records taken of a partition at a time: however many wait on one, the others' turn comes."""


class _Held(NamedTuple):
    """Records of a partition that wait, from the first on, for room for a dead letter."""

    state: PartitionState
    records: Sequence[ConsumerRecord]


class Feed:
    """The live path of one worker: folds each partition's next record, and no other.

    A partition whose dead letters are not written as fast as they come is held up alone.
    """

    def __init__(self, app: ScrutineerApp) -> None:
        self._app = app
        self._held: dict[TopicPartition, _Held] = {}
        self._garbage = LiveGarbage()
        # A day that is played has its own time, and what is made of it does not ask the wall's.
        self._future = Future(app.states) if app.settings.worker.clock == "wall" else None

    @property
    def held(self) -> frozenset[TopicPartition]:
        """Partitions of which nothing more is to be fetched now."""
        return frozenset(self._held)

    def forget(self) -> None:
        """Drop what is held up: it will be fetched again, from the states' positions."""
        for held in self._held.values():
            held.state.held_since = None
        self._held.clear()

    def end(self) -> None:
        """Nothing more comes."""
        self._garbage.end()

    async def take(self, fetched: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> None:
        """Fold what was fetched, and what was held up before."""
        held, self._held = self._held, {}
        states = self._app.states
        # Bound now: a state that is dropped meanwhile, for another log, must not have these.
        turns = list(held.items())
        for tp, records in fetched.items():
            state = states.get(tp.partition)
            if state is not None:
                turns.append((tp, _Held(state, records)))
        for tp, (state, records) in turns:
            if not self._feeds(state):
                continue
            if rest := await self._fold_all(tp, state, records):
                self._held[tp] = _Held(state, rest)
        self._tell_held({state for _, (state, _) in turns})

    def _tell_held(self, states: Iterable[PartitionState]) -> None:
        """Since when each of the states is held up: until the end of a turn, as before it."""
        waiting = {held.state for held in self._held.values()}
        for state in states:
            if state not in waiting:
                state.held_since = None
            elif state.held_since is None:
                state.held_since = time.monotonic()

    async def _fold_all(
        self, tp: TopicPartition, state: PartitionState, records: Sequence[ConsumerRecord]
    ) -> Sequence[ConsumerRecord]:
        """Fold the records of one partition; returns those that there is no room for."""
        at = 0
        while at < len(records):
            done = self._fold(tp, state, records, at)
            await asyncio.sleep(0)
            if not self._feeds(state):
                break
            if done == at:
                return records[at:]
            at = done
        return ()

    def _feeds(self, state: PartitionState) -> bool:
        """Whether the live path is to bring this very state on."""
        return state.fed and self._app.states.get(state.number) is state

    def _fold(
        self, tp: TopicPartition, state: PartitionState, records: Sequence[ConsumerRecord], at: int
    ) -> int:
        """Fold for a breath, from the record ``at`` on; returns where it stopped."""
        until = time.perf_counter() + BREATH
        while at < len(records) and records[at].offset < state.next(tp.topic):
            state.skipped += 1
            at += 1
        first = at
        while at < len(records) and self._fold_one(tp, state, records[at]):
            at += 1
            if time.perf_counter() > until:
                break
        if at > first:
            self._observe(tp, records[first:at])
            self._garbage.folded(at - first)
        return at

    def _fold_one(self, tp: TopicPartition, state: PartitionState, record: ConsumerRecord) -> bool:
        """Fold the record if it is the next. False: it is not, or has to wait for its letter."""
        app, topic, offset = self._app, tp.topic, record.offset
        expected = state.next(topic)
        if offset != expected:
            state.gaps += 1
            app.catch_up.start_burst(state, f"gap: {topic} offset {offset} after {expected}")
            return False
        raw = record.value or b""
        partitions = app.settings.topics.partitions
        origin = Origin(topic, tp.partition, partitions, record.key, record.timestamp)
        result = read(raw, origin, app.pack)
        if isinstance(result, Rejected) and not app.letters.takes(state):
            return False
        needs_letter = state.fold(result, topic, offset)
        state.last[topic] = (offset, record.key, record.value)
        if isinstance(result, Accepted):
            app.senders.count(result.event.source)
            return True
        app.senders.count_raw(raw)
        if needs_letter:
            app.letters.post(Posted(state, topic, offset, raw, record.key, result))
        return True

    def _observe(self, tp: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        """How long the records took: they are visible once the loop goes on."""
        now = time.time()
        durations = [now - each.timestamp / 1000 for each in records]
        self._app.freshness.observe_all(tp.topic, durations)
        self._app.slowest.observe(tp.topic, tp.partition, max(durations))
        if self._future is not None:
            self._future.note(tp, records[-1], durations[-1])
