"""Bringing a partition up to the log's end without Faust: rebuilds, and bursts.

A thread with its own loop reads and parses slices; the worker's loop folds them, so that nothing
but that loop ever touches a state. All topics of a partition number go together.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faust.exceptions import ConsumerNotStarted
from faust.types import TP

from schemas import read
from schemas.pack import Pack
from schemas.verdict import Accepted, Origin, Rejected
from streams.log.bulk import BulkReader, LogMovedError
from streams.worker import logs
from streams.worker.acceptance import silent_offsets
from streams.worker.beginning import Beginning
from streams.worker.letters import Posted
from streams.worker.state import PartitionState
from streams.worker.threads import BulkGarbage, LoopThread

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp

NEAR: Final = 200
"""Events from the log's end at which the live path takes over."""

REBUILDS: Final = 2
"""Partitions rebuilt at a time: one parses while another waits for the broker."""


class Parsed(NamedTuple):
    """One record of a slice. ``raw`` and ``key`` are kept of rejected events alone."""

    topic: str
    offset: int
    result: Accepted | Rejected
    raw: bytes
    key: bytes | None


class Slice(NamedTuple):
    """Some records, and where reading stands after them. ``last``: of each topic, as it came."""

    records: list[Parsed]
    positions: dict[TopicPartition, int]
    ends: dict[TopicPartition, int]
    last: dict[str, ConsumerRecord]


async def next_slice(reader: BulkReader, pack: Pack, partitions: int) -> Slice:
    """Read and parse a slice (in the thread). At the end, look whether it has moved far on."""
    records = await reader.read()
    if not records and await reader.find_ends() > NEAR:
        records = await reader.read()
    parsed = []
    for record in records:
        raw = record.value or b""
        origin = Origin(record.topic, record.partition, partitions, record.key, record.timestamp)
        result = read(raw, origin, pack)
        bad = isinstance(result, Rejected)
        parsed.append(
            Parsed(
                record.topic,
                record.offset,
                result,
                raw if bad else b"",
                record.key if bad else None,
            )
        )
    last = {record.topic: record for record in records}
    return Slice(parsed, dict(reader.positions), dict(reader.ends), last)


class CatchUp:
    """The bulk path of one worker."""

    def __init__(self, app: ScrutineerApp) -> None:
        self._app = app
        self._thread = LoopThread("bulk")
        self._garbage = BulkGarbage()
        self._turn = asyncio.Semaphore(REBUILDS)

    def stop(self) -> None:
        """End the thread."""
        self._garbage.end()
        self._thread.stop()

    def start(self, state: PartitionState, *, loud: bool = False) -> None:
        """Rebuild a partition from the log. ``loud``: write all its dead letters again."""
        state.task = self._app.spawn(self._rebuild(state, loud=loud), f"rebuild {state.number}")

    def start_burst(self, state: PartitionState, why: str) -> None:
        """Take a live partition from the live path until it has caught up; it stays live."""
        state.fed = False
        state.reason = why
        self._app.consumer.pause_partitions(self._tps(state))
        state.task = self._app.spawn(self._burst(state), f"burst {state.number}")

    def _tps(self, state: PartitionState) -> set[TP]:
        return {TP(topic, state.number) for topic in self._app.states.topics}

    async def _rebuild(self, state: PartitionState, *, loud: bool) -> None:
        started = time.monotonic()
        async with self._turn:
            state.reason = "asking for the group's offsets"
            same_pack = await silent_offsets(self._app, state)
            if loud:
                state.silent.clear()
                state.committed.clear()
            await self._beginning(state).find(snapshots=same_pack)
            if not await self._read_all(state, rebuild=True):
                return
        await self._hand_over(state)
        seconds = time.monotonic() - started
        logs.info(
            "partition live",
            partition=state.number,
            events=sum(state.tables.next.values()),
            seconds=round(seconds, 3),
        )

    def _beginning(self, state: PartitionState) -> Beginning:
        return Beginning(self._app, state, self._thread.submit, self._lasting)

    async def _until_accepted(self, state: PartitionState) -> None:
        await self._beginning(state).until_accepted()
        logs.info("the gap was accepted: rebuilding", partition=state.number)
        self._app.rebuild(state)

    def _lasting(self) -> None:
        """The collector rests while a snapshot is put together, as it does while a log is read."""
        self._garbage.slice_done(lasting=True)

    async def _burst(self, state: PartitionState) -> None:
        before = sum(state.tables.next.values())
        if not await self._read_all(state, rebuild=False):
            return
        await self._hand_over(state)
        events = sum(state.tables.next.values()) - before
        logs.info("partition caught up in bulk", partition=state.number, events=events)

    async def _read_all(self, state: PartitionState, *, rebuild: bool) -> bool:
        """Read up to the end. False: the log does not hold our position, which is seen to."""
        app, thread = self._app, self._thread
        topics = app.states.topics
        positions = {TopicPartition(t, state.number): state.next(t) for t in topics}
        reader = BulkReader(app.kafka_options, positions, lambda why: self._trouble(state, why))
        if rebuild:
            state.reason = "reading the log"
        try:
            await thread.submit(reader.__aenter__())
            if rebuild:
                self._check_silence(state, reader)
            await self._fold_all(state, reader)
        except LogMovedError as moved:
            self._moved(state, moved)
            return False
        finally:
            app.reader_trouble(state, "")
            await asyncio.shield(thread.submit(reader.__aexit__(None, None, None)))
        return True

    async def _fold_all(self, state: PartitionState, reader: BulkReader) -> None:
        app = self._app
        partitions = app.settings.topics.partitions
        coming = self._thread.submit(next_slice(reader, app.pack, partitions))
        try:
            while True:
                slice_ = await coming
                if slice_.records:
                    coming = self._thread.submit(next_slice(reader, app.pack, partitions))
                await self._room(state)
                self._fold(state, slice_)
                if not slice_.records:
                    return
        finally:
            coming.cancel()

    async def _room(self, state: PartitionState) -> None:
        """Wait while the broker takes no letters: that it stands still then is to be told so."""
        state.held_since = time.monotonic()
        try:
            await self._app.letters.room()
        finally:
            state.held_since = None

    def _fold(self, state: PartitionState, slice_: Slice) -> None:
        for topic, record in slice_.last.items():
            state.last[topic] = (record.offset, record.key, record.value)
        for topic, offset, result, raw, key in slice_.records:
            if offset < state.next(topic):
                state.skipped += 1
            elif state.fold(result, topic, offset) and isinstance(result, Rejected):
                self._app.letters.post(Posted(state, topic, offset, raw, key, result))
        for tp, position in slice_.positions.items():
            # Beyond the last record where markers of transactions take up offsets.
            if position > state.next(tp.topic):
                state.tables.next[tp.topic] = position
        state.ends.update({tp.topic: end for tp, end in slice_.ends.items()})
        state.moved_at = time.monotonic()
        self._garbage.slice_done(lasting=state.status == "rebuilding")

    def _check_silence(self, state: PartitionState, reader: BulkReader) -> None:
        """A committed offset beyond the log's end is of a log that is no more."""
        for tp, end in reader.ends.items():
            if state.silent.get(tp.topic, 0) > end:
                logs.warn(
                    "the group's offset is beyond the log's end: the topic was recreated; "
                    "dead letters are written from its start",
                    topic=tp.topic,
                    partition=tp.partition,
                )
                state.silent[tp.topic] = state.committed[tp.topic] = 0

    def _moved(self, state: PartitionState, moved: LogMovedError) -> None:
        if not moved.start_gone:
            self._app.start_again(state, str(moved))
            return
        state.status, state.fed, state.reason = "failed", False, f"log start gone: {moved}"
        logs.error(
            "partition failed: the start of its log is gone, so its tables can't be whole; "
            "restore the topic and restart, or accept it with: scrutineer partition accept",
            partition=state.number,
            problem=str(moved),
        )
        state.task = self._app.spawn(self._until_accepted(state), f"failed {state.number}")

    def _trouble(self, state: PartitionState, why: str) -> None:
        """Told by the reader, in its thread."""
        self._app.loop.call_soon_threadsafe(self._app.reader_trouble, state, why)

    async def _hand_over(self, state: PartitionState) -> None:
        """Let the live path go on from the state's position; nothing is lost or doubled between."""
        app = self._app
        consumer = app.consumer
        tps = self._tps(state)
        state.reason = "waiting for the group"
        while True:
            try:
                if app.rebalancing or not tps <= consumer.assignment():
                    await asyncio.sleep(0.05)
                    continue
                generation = app.consumer_generation_id
                # Always seek: what was fetched while the partition was paused is thrown away.
                await consumer.seek_wait({tp: state.next(tp.topic) for tp in tps})
            except (IllegalStateError, ConsumerNotStarted, KafkaError, TimeoutError):
                await asyncio.sleep(0.2)
                continue
            if app.rebalancing or generation != app.consumer_generation_id:
                continue
            # No await from here on.
            state.status, state.fed, state.reason = "live", True, ""
            state.moved_at = time.monotonic()
            consumer.resume_partitions(tps)
            return
