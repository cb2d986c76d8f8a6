"""The state at one moment after the other: what the room knew then."""

from __future__ import annotations

from collections.abc import Iterator

from schemas import read
from schemas.pack import Pack
from schemas.verdict import Origin
from streams.archive.folding import Log
from streams.archive.manifest import Place
from streams.archive.segments import Record
from streams.metrics.freshness import Freshness
from streams.metrics.view import View
from streams.tables.partition import Partition


class _Cursor:
    """The records of a place, one at a time; ``next`` is the one that is not folded yet."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self.next = next(records, None)

    def up_to(self, limit: int) -> Iterator[Record]:
        """Up to the first that is stamped later (ms): nobody can have read past it."""
        while self.next is not None and self.next.timestamp <= limit:
            yield self.next
            self.next = next(self._records, None)


class History:
    """One worker that has all partitions and is never behind, as a log would have had it."""

    def __init__(self, log: Log, pack: Pack) -> None:
        self._pack = pack
        self._partitions = log.partitions
        self._topics = log.topics
        self.parts = {number: Partition(pack, number) for number in range(log.partitions)}
        for part in self.parts.values():
            part.next = dict.fromkeys(log.topics, 0)
        self._cursors: dict[Place, _Cursor] = {
            (topic, number): _Cursor(log.records((topic, number)))
            for topic in log.topics
            for number in self.parts
        }

    def at(self, moment: int) -> View:
        """As a worker shows it at ``moment`` (µs), not before any that was asked for earlier.

        ``now`` is the log's clock where it has one, as of a day that was played, else the moment.
        How long events took to the tables is not known of the past: none is counted.
        """
        for (topic, number), cursor in self._cursors.items():
            part = self.parts[number]
            for record in cursor.up_to(moment // 1000):
                origin = Origin(topic, number, self._partitions, record.key, record.timestamp)
                part.fold(read(record.value or b"", origin, self._pack), topic, record.offset)
        clocks = [part.clock for part in self.parts.values() if part.clock is not None]
        return View(
            self.parts,
            dict.fromkeys(self.parts, "live"),
            max(clocks, default=moment),
            Freshness(self._topics),
            dict.fromkeys(self._cursors, 0),
        )
