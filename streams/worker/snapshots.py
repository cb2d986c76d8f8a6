"""Snapshots of this worker's partitions: when they are written, and what became of those read."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiokafka.errors import KafkaError
from mode import Service

from streams.log.looking import crc_of
from streams.log.shelf import Place, Record, Shelf, ShelfWriter
from streams.log.snapshots import (
    SLOTS,
    Anchor,
    Body,
    Counts,
    Header,
    Of,
    RefusedError,
    chunk_key,
    chunks,
    counts_of,
    decoded,
    encoded,
    header_key,
    header_of,
)
from streams.tables.versions import Version
from streams.worker import logs
from streams.worker.threads import LoopThread

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp
    from streams.worker.state import PartitionState

_TICK: Final = 0.5
_LETTERS_SECONDS: Final = 0.05
_AGAIN_SECONDS: Final = 10.0
_REMIND_SECONDS: Final = 300.0
_LOOK_SECONDS: Final = 60.0
_AT_ONCE: Final = 8


@dataclass(slots=True)
class Shelved:
    """What is on the snapshot topic of one partition, as far as its worker knows.

    ``full``: (digest, entries) of the full chunks that hold the journal's beginning. ``slots``: the
    chunks that the header in each slot names. ``chunks``: all there are, named or not.
    """

    full: list[tuple[bytes, int]] = field(default_factory=list)
    slots: dict[str, frozenset[bytes]] = field(default_factory=dict)
    chunks: set[bytes] = field(default_factory=set)
    newest: str = SLOTS[-1]
    """The slot of the newest snapshot that holds."""
    at: float = field(default_factory=time.monotonic)
    """Monotonic seconds of the last snapshot, else of the beginning."""
    events: int = 0
    """Records folded by then."""
    written: int | None = None
    """When it was written, µs since the epoch; None: there is none."""
    oldest: Place | None = None
    """The oldest chunk that the newest snapshot names."""
    header: Place | None = None
    """The header of the newest snapshot."""
    looked_at: float = field(default_factory=time.monotonic)
    """Monotonic seconds at which the two were last seen, or written."""

    @property
    def entries(self) -> int:
        """Versions in the full chunks."""
        return sum(entries for _, entries in self.full)

    @property
    def places(self) -> list[Place]:
        """Records that are there as long as all are that the newest snapshot is made of.

        The header alone would not do: the topic may be another one since a chunk was written.
        """
        return [place for place in (self.oldest, self.header) if place is not None]

    def lose(self) -> None:
        """Nothing may rest on what the topic should hold: all is to be written, and at once.

        What is left of it there is cleared away as always, once no header names it.
        """
        self.full, self.oldest, self.header = [], None, None
        self.at, self.events, self.written = -inf, 0, None


class _Job(NamedTuple):
    """All that a snapshot is made of, taken at one moment."""

    number: int
    counts: Counts
    anchors: Mapping[str, Anchor]
    versions: Sequence[Version]
    full: tuple[tuple[bytes, int], ...]
    oldest: Place | None
    """Of the ``full``."""


class _Done(NamedTuple):
    """What a job came to."""

    full: list[tuple[bytes, int]]
    named: list[tuple[bytes, int]]
    written: int
    oldest: Place | None
    header: Place


class Snapshots(Service):
    """Writes snapshots by time and by events, one at a time, in a thread of its own."""

    abstract = False

    def __init__(self, app: ScrutineerApp) -> None:
        super().__init__()
        self._app = app
        settings = app.settings
        self._seconds = settings.worker.snapshot_seconds
        self._events = settings.worker.snapshot_events
        self._thread: LoopThread | None = None
        self._writer: ShelfWriter | None = None
        self._told_at = 0.0
        self._not_before = 0.0
        self.of = Of(app.pack, settings.topics.inputs, settings.topics.partitions)
        self.refusals: Counter[str] = Counter()
        """Reason → snapshots that were not used."""

    @property
    def on(self) -> bool:
        """Whether any are written."""
        return self._seconds > 0 or self._events > 0

    # Told by whoever restores

    def refused(self, number: int, why: RefusedError) -> None:
        """A snapshot was not used."""
        self.refusals[why.reason] += 1
        logs.warn("snapshot not used", partition=number, reason=why.reason, detail=str(why))

    def found(self, state: PartitionState, shelf: Shelf) -> None:
        """What the topic holds of a partition, whether or not it is of use."""
        number, shelved = state.number, state.shelved
        start = chunk_key(number, b"")
        names = [key[len(start) :] for key in shelf.values if key.startswith(start)]
        shelved.chunks = {bytes.fromhex(name.decode()) for name in names if _is_hex(name)}
        by_age = sorted(SLOTS, key=lambda slot: shelf.order.get(header_key(number, slot), -1))
        shelved.newest = by_age[-1]
        for slot in SLOTS:
            value = shelf.values.get(header_key(number, slot))
            try:
                named = () if value is None else decoded(value).chunks
            except RefusedError:
                named = ()
            shelved.slots[slot] = frozenset(named)

    def restored(self, state: PartitionState, header: Header, slot: str, shelf: Shelf) -> None:
        """A partition goes on from this snapshot."""
        shelved, number = state.shelved, state.number
        # Of the full ones, if there are any: the next snapshot names those again.
        full = {digest for digest, _ in header.full}
        named = [digest for digest in header.chunks if digest in full] or header.chunks
        keys = [chunk_key(number, digest) for digest in named]
        if keys:
            shelved.oldest = shelf.place(min(keys, key=lambda key: shelf.order[key]))
        shelved.header = shelf.place(header_key(number, slot))
        shelved.full = list(header.full)
        shelved.newest = slot
        shelved.events = sum(header.next.values())
        shelved.written = header.written
        state.anchors = {topic: Anchor(*each) for topic, each in header.anchors.items()}

    # Writing

    @Service.task
    async def _run(self) -> None:
        while self.on and not self.should_stop:
            await self.sleep(_TICK)
            try:
                for state in self._app.states:
                    if self._due(state):
                        await self._write(state)
                    elif self._unsure(state):
                        await self._still_there(state)
            except Exception as error:
                self._app.fatal(error)
                return

    async def on_stop(self) -> None:
        """What is half written is no snapshot."""
        thread, self._thread = self._thread, None
        if thread is not None:
            if self._writer is not None:
                await thread.submit(self._writer.close())
            thread.stop()

    def _due(self, state: PartitionState) -> bool:
        now, shelved = time.monotonic(), state.shelved
        moved = sum(state.tables.next.values()) - shelved.events
        if state.status != "live" or moved <= 0 or now < self._not_before:
            return False
        late = 0 < self._seconds <= now - shelved.at
        return late or 0 < self._events <= moved

    def _unsure(self, state: PartitionState) -> bool:
        """Whether it is time to look for a snapshot that nothing new is to be written of."""
        now, shelved = time.monotonic(), state.shelved
        if state.status != "live" or shelved.header is None or now < self._not_before:
            return False
        return now - shelved.looked_at >= _LOOK_SECONDS

    async def _still_there(self, state: PartitionState) -> bool:
        """Whether the topic has what it should. If it has lost it, all is to be written anew."""
        shelved = state.shelved
        places = shelved.places
        try:
            there = await self._in_thread().submit(self._look(state.number, places))
        except (KafkaError, TimeoutError) as error:
            self._complain(error)
            return False
        shelved.looked_at = time.monotonic()
        if not there:
            shelved.lose()
            logs.warn(
                "the snapshot topic has lost what was written: made anew, or purged; "
                "all of it is written again",
                partition=state.number,
            )
        return there

    async def _write(self, state: PartitionState) -> None:
        """Take a view of the state at this moment, and write it once its letters are written."""
        # What is all written anew rests on nothing.
        if state.shelved.full and not await self._still_there(state):
            return
        job = _job(state)
        if job is None or not await self._letters_written(state, job.counts):
            return
        shelved = state.shelved
        slot = next(slot for slot in SLOTS if slot != shelved.newest)
        began = time.monotonic()
        try:
            done = await self._in_thread().submit(self._put_down(job, slot))
        except (KafkaError, TimeoutError) as error:
            self._complain(error)
            return
        named = frozenset(digest for digest, _ in done.named)
        shelved.full, shelved.newest, shelved.slots[slot] = done.full, slot, named
        shelved.chunks |= named
        shelved.at, shelved.written = time.monotonic(), done.written
        shelved.oldest, shelved.header, shelved.looked_at = done.oldest, done.header, shelved.at
        shelved.events = sum(job.counts.next.values())
        self._told_at = 0.0
        await self._clear_away(state)
        logs.info(
            "snapshot written",
            partition=state.number,
            events=shelved.events,
            seconds=round(time.monotonic() - began, 3),
        )

    async def _letters_written(self, state: PartitionState, counts: Counts) -> bool:
        """Wait until all below the positions is done: a restored worker will not do it again."""
        while self._app.states.get(state.number) is state and not self.should_stop:
            if all(state.watermark(topic) >= at for topic, at in counts.next.items()):
                return True
            await self.sleep(_LETTERS_SECONDS)
        return False

    def _in_thread(self) -> LoopThread:
        if self._thread is None:
            self._thread = LoopThread("snapshots")
        return self._thread

    def _shelf_writer(self) -> ShelfWriter:
        """The thread's."""
        if self._writer is None:
            topic = self._app.settings.topics.snapshot
            self._writer = ShelfWriter(self._app.kafka_options, topic)
        return self._writer

    async def _look(self, number: int, places: Sequence[Place]) -> bool:
        return await self._shelf_writer().still_holds(number, places)

    async def _put_down(self, job: _Job, slot: str) -> _Done:
        """Encode and write, the header last (in the thread)."""
        writer = self._shelf_writer()
        placed: list[Place] = []
        full, named = list(job.full), list(job.full)
        waiting: list[Record] = []
        for chunk in chunks(job.versions):
            waiting.append((chunk_key(job.number, chunk.digest), chunk.value))
            named.append((chunk.digest, chunk.entries))
            if chunk.full:
                full.append((chunk.digest, chunk.entries))
            if len(waiting) == _AT_ONCE:
                placed += await writer.write(job.number, waiting)
                waiting = []
        placed += await writer.write(job.number, waiting)
        written = time.time_ns() // 1000
        body = Body(named, full, job.anchors, job.counts)
        header = header_of(self.of, job.number, written, body)
        (place,) = await writer.write(job.number, [(header_key(job.number, slot), encoded(header))])
        return _Done(full, named, written, job.oldest or min(placed, default=None), place)

    async def _clear_away(self, state: PartitionState) -> None:
        """Have the topic forget the chunks that no header names any longer."""
        shelved = state.shelved
        dead = shelved.chunks - frozenset().union(*shelved.slots.values())
        if not dead or self._thread is None or self._writer is None:
            return
        records: list[Record] = [(chunk_key(state.number, digest), None) for digest in dead]
        try:
            await self._thread.submit(self._writer.write(state.number, records))
        except (KafkaError, TimeoutError) as error:
            self._complain(error)
        else:
            shelved.chunks -= dead

    def _complain(self, error: BaseException) -> None:
        """A snapshot that is missing loses nothing but time at the next start."""
        now = time.monotonic()
        self._not_before = now + _AGAIN_SECONDS
        if not self._told_at or now - self._told_at > _REMIND_SECONDS:
            self._told_at = now
            said = str(error) or type(error).__name__
            logs.warn("no snapshot can be written now; trying on", error=said)

    def as_json(self, state: PartitionState) -> dict[str, Any]:
        """Of one partition, for /state."""
        return {"written": state.shelved.written, "events": state.shelved.events}


def _job(state: PartitionState) -> _Job | None:
    """No await in here: everything is of one moment. None: nothing was recorded."""
    part, shelved = state.tables, state.shelved
    if part.journal is None:
        return None
    anchors = dict(state.anchors)
    for topic, (offset, key, value) in state.last.items():
        anchors[topic] = Anchor(offset, crc_of(key, value))
    # Versions do not change once they are there, but for ``at``, which a later record may lower;
    # whoever restores folds that record too.
    versions = part.journal[shelved.entries :]
    full = tuple(shelved.full)
    oldest = shelved.oldest if full else None
    return _Job(state.number, counts_of(part), anchors, versions, full, oldest)


def _is_hex(name: bytes) -> bool:
    try:
        bytes.fromhex(name.decode())
    except ValueError:
        return False
    return True
