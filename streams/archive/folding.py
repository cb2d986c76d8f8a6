"""Folding a log partition by partition: the same two functions as the live worker."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from schemas import read
from schemas.pack import Pack
from schemas.verdict import Origin, Rejected
from streams.archive.manifest import Place
from streams.archive.segments import Record
from streams.tables.partition import Partition

STEP: Final = 500
"""Records between two ticks."""


class Log(Protocol):
    """The input topics, wherever they are kept. Can be sent to another process."""

    @property
    def topics(self) -> tuple[str, ...]:
        """Their names."""

    @property
    def partitions(self) -> int:
        """Partitions of each."""

    def records(self, place: Place) -> Iterator[Record]:
        """The records of a topic's partition, in offset order."""

    def end(self, place: Place) -> int:
        """The offset after all that there is."""

    def count(self, place: Place) -> int:
        """Records of a place, about."""

    def lost(self) -> int:
        """Offsets that an archive was salvaged without."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """Moments in µs. ``known_at``: by the records' timestamps; ``happened_by``: by event time."""

    known_at: int | None = None
    happened_by: int | None = None


class Folded(NamedTuple):
    """A partition number's state. ``later``: events left out because they happened after."""

    part: Partition
    read: int
    later: int
    rejections: list[tuple[str, Rejected]]
    """Place and verdict of each rejected event, if they were asked for."""


def fold(
    log: Log,
    number: int,
    pack: Pack,
    as_of: AsOf,
    tick: Callable[[int], None],
    *,
    tell: bool = False,
) -> Folded:
    """The state that partition ``number`` of the topics comes to.

    What was known at a moment is a prefix of the log: up to the first record that the broker
    stamped later. ``tick`` is told how many records have been read since it last was.
    """
    part = Partition(pack, number)
    part.next = dict.fromkeys(log.topics, 0)
    limit = None if as_of.known_at is None else as_of.known_at // 1000
    known = later = 0
    rejections: list[tuple[str, Rejected]] = []
    for topic in log.topics:
        for record in log.records((topic, number)):
            if limit is not None and record.timestamp > limit:
                break
            known += 1
            if known % STEP == 0:
                tick(STEP)
            origin = Origin(topic, number, log.partitions, record.key, record.timestamp)
            result = read(record.value or b"", origin, pack)
            if isinstance(result, Rejected):
                if tell:
                    rejections.append((f"{topic}/{number}/{record.offset}", result))
            elif as_of.happened_by is not None and result.at > as_of.happened_by:
                later += 1
                part.next[topic] = record.offset + 1
                continue
            part.fold(result, topic, record.offset)
        else:
            part.next[topic] = log.end((topic, number))
    tick(known % STEP)
    for tables in part.regions.values():
        tables.digest()  # kept: so it is made here, beside the other partitions' ones
    return Folded(part, known, later, rejections)


@contextmanager
def no_garbage() -> Iterator[None]:
    """Without the cyclic garbage collector: what is made lasts, and holds no cycles.

    It is kept out of its sight for good: looking through it takes longer than making it.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.freeze()
            gc.enable()
