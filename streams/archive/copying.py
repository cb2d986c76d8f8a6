"""Copying the input topics into an archive: up to their ends, or for as long as they grow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from aiokafka import ConsumerRecord, TopicPartition

from streams.archive.manifest import Place, Segment
from streams.archive.segments import Record
from streams.archive.watch import Watch
from streams.archive.writing import ArchiveWriter
from streams.errors import UserError
from streams.log.bulk import BulkReader, LogMovedError, Once
from streams.log.clients import AwayError, admin, kafka_options, wait_for_broker
from streams.log.refusals import kept_from
from streams.log.topics import describe
from streams.settings import Settings

T = TypeVar("T")

_IDLE_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 1.0


class Progress(NamedTuple):
    """Records of this run, and what is known to be there still."""

    done: int
    remaining: int


class Observer(NamedTuple):
    """Who is told: lines for people, progress, and each sealing."""

    say: Callable[[str], None]
    progress: Callable[[Progress], None]
    sealed: Callable[[list[Segment]], None]


class Copier:
    """One run. ``stop``: set to seal what was read and end. ``watch`` is told how it is doing."""

    def __init__(
        self,
        settings: Settings,
        writer: ArchiveWriter,
        observer: Observer,
        stop: asyncio.Event,
        watch: Watch,
    ) -> None:
        self._settings = settings
        self._writer = writer
        self._observer = observer
        self._stop = stop
        self._watch = watch
        self._archived = dict(writer.next)
        self._last = {link.segment.place: link.segment for link in writer.manifest.segments}
        self._positions: dict[Place, int] = {}
        self._tell = Once(observer.say)
        self.records = 0

    async def run(self, *, once: bool) -> bool:
        """Copy; returns whether the end of the log was reached (in a live run: always).

        UserError: the log is not the one that was archived, or lacks what was not yet.
        """
        if once:
            await self._check_topics()
        else:
            await self._unless_stopped(self._reach_topics())
        if self._stop.is_set():
            return not once
        reader = await self._unless_stopped(self._open())
        if reader is None:
            return not once
        try:
            whole = await self._copy(reader, once=once)
            await self._seal(self._writer.unsealed)
        except LogMovedError as moved:
            raise _other_log(moved) from None
        finally:
            await reader.__aexit__(None, None, None)
        return whole

    async def _reach_topics(self) -> None:
        """Wait for a broker that answers until the topics are looked at."""

        def waits(why: str) -> None:
            self._observer.say(why)
            self._watch.trouble(why)

        while True:
            await wait_for_broker(self._settings, waits)
            try:
                await self._check_topics()
            except AwayError as error:
                waits(f"{error}; asking again")
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                self._watch.trouble("")
                return

    async def _check_topics(self) -> None:
        """The three inputs are there, with as many partitions as the settings say."""
        wanted = self._settings.topics.partitions
        async with admin(self._settings.broker) as client:
            topics = await describe(client, self._settings)
        for name in self._settings.topics.inputs:
            if name not in topics:
                if refused := await kept_from(self._settings, "Read", name):
                    raise refused
                raise UserError(f"there is no topic {name}: see topics.prefix")
            if topics[name].partitions != wanted:
                raise UserError(
                    f"{name} has {topics[name].partitions} partitions: set topics.partitions to it"
                )

    async def _open(self) -> BulkReader:
        """A reader that stands at the last record archived of each place, to compare it."""
        starts = {
            TopicPartition(*place): self._last[place].last if place in self._last else 0
            for place in self._archived
        }
        while True:
            reader = BulkReader(kafka_options(self._settings.broker), starts, self._trouble)
            try:
                return await reader.__aenter__()
            except LogMovedError as moved:
                await reader.__aexit__(None, None, None)
                beyond = self._archived[moved.tp.topic, moved.tp.partition]
                if not moved.start_gone or starts[moved.tp] >= beyond:
                    raise _other_log(moved) from None
                # Only what is archived already is gone: it cannot be compared, and is not needed.
                starts[moved.tp] = beyond
            except BaseException:
                await reader.__aexit__(None, None, None)
                raise

    async def _copy(self, reader: BulkReader, *, once: bool) -> bool:
        while not self._stop.is_set():
            records = await self._unless_stopped(reader.read())
            if records is None:
                break
            self._take(records)
            # Only now: everything below the positions has been taken.
            self._positions = {(tp.topic, tp.partition): at for tp, at in reader.positions.items()}
            ends = {(tp.topic, tp.partition): at for tp, at in reader.ends.items()}
            self._watch.looked(ends, self._positions)
            await self._seal(self._writer.due())
            self._observer.progress(Progress(self.records, reader.remaining))
            if not records:
                self._check_ends()
                if once:
                    return True
                if not await self._unless_stopped(reader.find_ends()):
                    await self._unless_stopped(asyncio.sleep(_IDLE_SECONDS))
        return not once

    def _take(self, records: Sequence[ConsumerRecord]) -> None:
        for each in records:
            place = each.topic, each.partition
            record = Record.of(each)
            if record.offset < self._archived[place]:
                self._compare(place, record)
                continue
            self._writer.append(place, record)
            self._watch.took(place, record)
            self.records += 1

    def _compare(self, place: Place, record: Record) -> None:
        """What is read again must be what was archived: else it is another log."""
        last = self._last[place]
        if record.offset == last.last and record.fingerprint() != last.anchor:
            raise UserError(
                f"{place[0]}/{place[1]}: offset {record.offset} is not the record that {last.file} "
                "ends with: the topic was recreated; archive it elsewhere"
            )

    def _check_ends(self) -> None:
        for place, archived in self._archived.items():
            position = self._positions[place]
            if position < archived:
                raise UserError(
                    f"{place[0]}/{place[1]} ends at offset {position}, but {archived} are "
                    "archived: it was truncated or recreated; archive it elsewhere"
                )

    async def _seal(self, places: Sequence[Place]) -> None:
        if not places:
            return
        # Shielded: what is half sealed is sealed, whatever comes.
        sealing = asyncio.to_thread(self._writer.seal, places, self._positions)
        self._observer.sealed(await asyncio.shield(sealing))
        self._watch.sealed(self._writer.manifest, list(places))

    async def _unless_stopped(self, action: Coroutine[Any, Any, T]) -> T | None:
        """What ``action`` returns; None when told to stop before."""
        doing = asyncio.ensure_future(action)
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            doing.cancel()
            await asyncio.wait({doing})
            return None
        finally:
            stopping.cancel()
            doing.cancel()

    def _trouble(self, why: str) -> None:
        """Told again with every attempt: said once."""
        self._watch.trouble(why)
        self._tell(why)


def _other_log(moved: LogMovedError) -> UserError:
    what = "before it was archived" if moved.start_gone else "or is another log than was archived"
    return UserError(f"{moved} {what}: an archive without a gap cannot be made of it")
