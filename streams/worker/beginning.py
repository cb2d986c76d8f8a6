"""Where the rebuild of a partition begins: a snapshot that the log confirms, or the log's start."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiokafka.errors import KafkaError

from streams.errors import UserError
from streams.log.accepting import Acceptance, acceptance_key
from streams.log.looking import Bounds, Look, still_there
from streams.log.refusals import REFUSED
from streams.log.shelf import Shelf
from streams.log.snapshots import (
    SLOTS,
    Header,
    RefusedError,
    Restoring,
    check,
    chunk_key,
    decoded,
    header_key,
)
from streams.tables.partition import Partition
from streams.worker import logs
from streams.worker.state import PartitionState

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp

PATIENCE_SECONDS: Final = 30.0
"""The snapshot topic is waited for no longer: the log alone will do."""

_RETRY_SECONDS: Final = 1.0
_WATCH_SECONDS: Final = 2.0


class _Facts(NamedTuple):
    """What the log says. ``crcs``: of the records that were asked for, by topic.

    ``firsts``: likewise, of those that an acceptance is bound to.
    """

    bounds: Bounds
    crcs: dict[str, int | None]
    firsts: dict[str, int | None]

    def accepted(self, acceptance: Acceptance | None, topic: str) -> bool:
        """Whether all that is gone of the topic, if anything, was accepted."""
        start = self.bounds.starts[topic]
        return start == 0 or (
            acceptance is not None and acceptance.covers(topic, start, self.firsts)
        )


class Beginning:
    """Finds it for one partition. Reads in the bulk thread; the loop is left free."""

    def __init__(
        self,
        app: ScrutineerApp,
        state: PartitionState,
        submit: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]],
        chunk_done: Callable[[], None],
    ) -> None:
        self._app = app
        self._state = state
        self._submit = submit
        self._chunk_done = chunk_done
        self._shelf = Shelf(app.settings.topics.snapshot, state.number)

    async def find(self, *, snapshots: bool) -> None:
        """Put the state where reading the log is to go on.

        Not ``snapshots``: none may be used.
        """
        app, state = self._app, self._state
        state.reason = "reading the snapshots"
        if not await self._read_shelf(PATIENCE_SECONDS):
            unread = RefusedError("unreadable", "the snapshot topic does not answer")
            app.snapshots.refused(state.number, unread)
        app.snapshots.found(state, self._shelf)
        for slot in self._slots() if snapshots else ():
            part = await self._restored(slot)
            if part is not None:
                state.tables = part
                break
        await self._accept_gaps()

    async def until_accepted(self) -> None:
        """Return once an operator has accepted that the log's start is gone, or may have."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            if await self._read_shelf(0) and (told := self._acceptance()) is not None:
                facts = await self._look({})
                if all(facts.accepted(told, topic) for topic in facts.bounds.starts):
                    return

    def _slots(self) -> list[str]:
        """The slots that hold a header, the newest first."""
        order = self._shelf.order
        placed = [(order.get(header_key(self._state.number, slot), -1), slot) for slot in SLOTS]
        return [slot for offset, slot in sorted(placed, reverse=True) if offset >= 0]

    async def _restored(self, slot: str) -> Partition | None:
        app, state = self._app, self._state
        began = time.monotonic()
        try:
            header = decoded(self._shelf.values[header_key(state.number, slot)])
            check(header, app.snapshots.of, state.number)
            self._check(header, await self._look(header.anchors))
            part = await self._put_together(header)
        except RefusedError as refused:
            app.snapshots.refused(state.number, refused)
            return None
        app.snapshots.restored(state, header, slot, self._shelf)
        logs.info(
            "restored from a snapshot",
            partition=state.number,
            events=sum(header.next.values()),
            seconds=round(time.monotonic() - began, 3),
        )
        return part

    def _check(self, header: Header, facts: _Facts) -> None:
        """Refused: the log does not reach the position, or is another one than was folded."""
        told = self._acceptance()
        for topic, start in facts.bounds.starts.items():
            position = header.next.get(topic, 0)
            if position < start and not facts.accepted(told, topic):
                said = f"{topic}: the log starts at {start}, beyond {position}"
                raise RefusedError("position", said)
            # With an anchor the record before the position is asked for, which tells more than
            # the end that is listed: the embedded broker lists a stale one.
            if position > facts.bounds.ends[topic] and topic not in header.anchors:
                raise RefusedError("position", f"{topic}: {position} is beyond the log's end")
        for topic, crc in facts.crcs.items():
            offset, known = header.anchors[topic]
            if crc is None:
                raise RefusedError("position", f"{topic}: the log holds no record at {offset}")
            if crc != known:
                said = f"{topic}: another record at {offset} than was folded"
                raise RefusedError("anchor", said)

    async def _put_together(self, header: Header) -> Partition:
        values, number = self._shelf.values, self._state.number
        restoring = Restoring(header, self._app.snapshots.of)
        for digest in header.chunks:
            value = values.get(chunk_key(number, digest))
            if value is None:
                raise RefusedError("checksum", "a chunk is missing")
            await self._submit(_put(restoring, value, digest))
            self._state.moved_at = time.monotonic()
            self._chunk_done()
        return restoring.done()

    def _acceptance(self) -> Acceptance | None:
        value = self._shelf.values.get(acceptance_key(self._state.number))
        return None if value is None else Acceptance.parse(value)

    async def _accept_gaps(self) -> None:
        """Begin where the log does, where that was accepted, and keep in mind what is missing."""
        told = self._acceptance()
        if told is None:
            return
        part, facts = self._state.tables, await self._look({})
        for topic, start in facts.bounds.starts.items():
            position = part.next.get(topic, 0)
            if position >= start:
                continue
            if not facts.accepted(told, topic):
                logs.warn(
                    "what was accepted is not what is gone now: the log was cut further or made "
                    "anew; look at it, and accept it again if that is meant",
                    topic=topic,
                    partition=self._state.number,
                    accepted_to=told.starts.get(topic, 0),
                    missing_to=start,
                )
                continue
            part.gaps.setdefault(topic, []).append((position, start))
            part.next[topic] = start
            logs.warn(
                "the log's start is gone, which was accepted: the partition is incomplete",
                topic=topic,
                partition=self._state.number,
                missing_from=position,
                missing_to=start,
            )

    async def _read_shelf(self, patience: float) -> bool:
        """Whether all that the snapshot topic holds was read."""
        app, state = self._app, self._state
        deadline = time.monotonic() + patience
        while True:
            try:
                await self._submit(self._shelf.read(app.kafka_options))
            except REFUSED as error:
                app.fatal(UserError(f"the broker refuses to let this worker read: {error}"))
                await asyncio.Event().wait()  # until the worker's end cancels this
            except KafkaError as error:
                if time.monotonic() >= deadline:
                    app.reader_trouble(state, "")
                    return False
                app.reader_trouble(state, str(error) or type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                app.reader_trouble(state, "")
                return True

    async def _look(self, anchors: Mapping[str, tuple[int, int]]) -> _Facts:
        """Ask the log, for as long as it takes."""
        app, state = self._app, self._state
        told = self._acceptance()
        firsts = {} if told is None else told.firsts
        while True:
            try:
                look = Look(app.kafka_options, app.states.topics, state.number)
                facts: _Facts = await self._submit(_facts(look, anchors, firsts))
            except KafkaError as error:
                app.reader_trouble(state, str(error) or type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                app.reader_trouble(state, "")
                return facts


async def _facts(
    look: Look, anchors: Mapping[str, tuple[int, int]], firsts: Mapping[str, tuple[int, int]]
) -> _Facts:
    async with look:
        bounds = await look.bounds()
        # One that was deleted with the log's start cannot be compared; a log made anew has it.
        crcs = await look.crcs(still_there(anchors, bounds))
        return _Facts(bounds, crcs, await look.crcs(still_there(firsts, bounds)))


async def _put(restoring: Restoring, value: bytes, digest: bytes) -> None:
    restoring.put(value, digest)
