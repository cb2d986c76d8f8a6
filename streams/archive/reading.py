"""Reading archives: one, or several copies of the same log that must agree."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from streams.archive.manifest import (
    MANIFEST,
    PACK,
    Lost,
    Manifest,
    ManifestError,
    Place,
    Segment,
    difference,
    parse,
    problems,
)
from streams.archive.segments import Record, SegmentError, read_segment
from streams.archive.store import Store, open_store
from streams.errors import UserError

VERIFY: Final = "See scrutineer archive verify"


class Archive:
    """An archive whose manifest holds together. Each segment is verified as it is read."""

    def __init__(self, store: Store, manifest: Manifest) -> None:
        self.store = store
        self.where = store.where
        self.manifest = manifest
        self.head = manifest.head
        self.ends = manifest.positions()
        self.segments: dict[Place, list[Segment]] = {place: [] for place in self.ends}
        for link in manifest.segments:
            self.segments[link.segment.place].append(link.segment)

    def records(self, place: Place) -> Iterator[Record]:
        """The records of a place, in offset order. UserError: a segment is not what it was."""
        for segment in self.segments[place]:
            try:
                yield from read_segment(self.store.read(segment.file), segment)
            except FileNotFoundError:
                raise UserError(f"{self.where}/{segment.file}: is missing. {VERIFY}") from None
            except SegmentError as error:
                raise UserError(f"{self.where}/{segment.file}: {error}. {VERIFY}") from None

    def covers(self, place: Place, offset: int) -> bool:
        """Whether the archive says what is at that offset, be it nothing."""
        lost = any(
            (each.topic, each.partition) == place and each.base <= offset < each.next
            for each in self.head.lost
        )
        return offset < self.ends[place] and not lost

    def pack_texts(self) -> dict[str, str]:
        """The texts of the election pack. UserError: a file is not what it was."""
        texts = {}
        for name, file in self.head.pack.items():
            where = f"{self.where}/{PACK}{name}"
            try:
                raw = self.store.read(f"{PACK}{name}")
            except FileNotFoundError:
                raise UserError(f"{where}: is missing. {VERIFY}") from None
            if hashlib.sha256(raw).hexdigest() != file.sha256:
                raise UserError(f"{where}: is not the file that was archived. {VERIFY}")
            texts[name] = raw.decode()
        return texts


def open_archive(where: str) -> Archive:
    """The archive at ``where``, a path or URL. UserError: there is none, or not a whole one."""
    store = open_store(where)
    try:
        raw = store.read(MANIFEST)
        manifest = parse(raw)
    except FileNotFoundError:
        raise UserError(f"{where}: is no archive (it has no {MANIFEST})") from None
    except ManifestError as error:
        raise UserError(f"{where}/{MANIFEST}: {error}. {VERIFY}") from None
    if wrong := next(problems(manifest, raw), None):
        raise UserError(f"{where}/{wrong.file}: {wrong.what}. {VERIFY}")
    return Archive(store, manifest)


class Archives:
    """Copies of one log, read as one: what one lacks another may have."""

    def __init__(self, archives: Sequence[Archive]) -> None:
        """UserError: they are of different logs."""
        self.archives = archives
        self.head = archives[0].head
        for other in archives[1:]:
            if different := difference(other.head, self.head):
                raise UserError(
                    f"{archives[0].where} and {other.where} are archives of different logs: the "
                    f"second is {different}"
                )

    @property
    def topics(self) -> tuple[str, ...]:
        """The input topics."""
        return tuple(self.head.topics[authority] for authority in ("observer", "official", "desk"))

    def end(self, place: Place) -> int:
        """The offset after all that is archived of a place."""
        return max(archive.ends[place] for archive in self.archives)

    def count(self, place: Place) -> int:
        """Records of a place: those that several copies hold are counted once.

        Too many, if anything: where copies were sealed at other offsets and offsets hold none.
        """
        number = at = 0
        for each in sorted(self._segments(place), key=lambda segment: segment.base):
            number += min(each.count, max(0, each.next - max(at, each.base)))
            at = max(at, each.next)
        return number

    def _segments(self, place: Place) -> Iterator[Segment]:
        for archive in self.archives:
            yield from archive.segments[place]

    def lost(self) -> list[Lost]:
        """Stretches that any copy was salvaged without and no copy has, in the order of offsets."""
        ever = [each for archive in self.archives for each in archive.head.lost]
        return [
            Lost(topic=place[0], partition=place[1], base=base, next=end)
            for place in self.head.places()
            for base, end in left_of(
                [(each.base, each.next) for each in ever if (each.topic, each.partition) == place],
                [(each.base, each.next) for each in self._segments(place)],
            )
        ]

    def records(self, place: Place) -> Iterator[Record]:
        """The records of a place. UserError: damage, or copies that disagree."""
        if len(self.archives) == 1:
            yield from self.archives[0].records(place)
            return
        streams = [_marked(archive, place) for archive in self.archives]
        merged = heapq.merge(*streams, key=lambda found: found.record.offset)
        for offset, group in groupby(merged, key=lambda found: found.record.offset):
            yield self._agreed(place, offset, list(group))

    def _agreed(self, place: Place, offset: int, group: list[_Found]) -> Record:
        first = group[0]
        for other in group[1:]:
            if other.record != first.record:
                raise UserError(
                    f"{place[0]}/{place[1]}: offset {offset} is one record in "
                    f"{first.archive.where} and another in {other.archive.where}"
                )
        have = {each.archive.where for each in group}
        for archive in self.archives:
            if archive.where not in have and archive.covers(place, offset):
                raise UserError(
                    f"{place[0]}/{place[1]}: offset {offset} is a record in {first.archive.where} "
                    f"and none in {archive.where}"
                )
        return first.record


class _Found(NamedTuple):
    record: Record
    archive: Archive


def _marked(archive: Archive, place: Place) -> Iterator[_Found]:
    for record in archive.records(place):
        yield _Found(record, archive)


def left_of(
    stretches: Sequence[tuple[int, int]], covered: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """What of ``stretches`` is in none of ``covered``; both from, up to and without."""
    there = sorted(covered)
    at = 0  # what is before it is told already
    for base, end in sorted(stretches):
        at = max(at, base)
        for low, high in there:
            if high <= at:
                continue
            if low >= end:
                break
            if low > at:
                yield at, low
            at = high
        if at < end:
            yield at, end
            at = end
