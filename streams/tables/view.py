"""What rows are made from: partitions, the pack, a ``now``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from schemas.pack import Pack
from streams.tables.incidents import CONFIRMED, DISMISSED
from streams.tables.partition import Partition
from streams.tables.region import RegionTables

Row = dict[str, object]


class View(NamedTuple):
    """What rows are made from. ``regions``: those asked for; ``parts``: all partitions.

    ``whole``: ``parts`` are all there are, and not those of one worker among several.
    """

    parts: tuple[Partition, ...]
    regions: tuple[RegionTables, ...]
    region: str | None
    pack: Pack
    now: int
    confirmed_only: bool
    whole: bool = True

    def keeps(self, status: str) -> bool:
        """Whether reports of this status are shown."""
        return not self.confirmed_only or status in CONFIRMED

    def stands(self, status: str) -> bool:
        """Whether reports of this status count: not dismissed, and confirmed if that is asked."""
        return status in CONFIRMED if self.confirmed_only else status not in DISMISSED

    def everywhere(self) -> Iterator[RegionTables]:
        """The tables of every region, whichever was asked for."""
        for part in self.parts:
            yield from part.regions.values()

    def places(self) -> Iterator[tuple[str, RegionTables]]:
        """Every region of the pack and the country, or the one asked for; had it events or not.

        Nothing without partitions: then nobody has listened.
        """
        if not self.parts:
            return
        known = {tables.code: tables for tables in self.regions}
        for code in self.pack.regions if self.region is None else [self.region]:
            yield code, known.get(code) or RegionTables(code, self.pack)

    def expected(self) -> Iterator[tuple[str, RegionTables]]:
        """Every region that reports are expected from, or the one asked for; had it events or not.

        Never the country, which is the sum of its regions.
        """
        for code, tables in self.places():
            if code != self.pack.country:
                yield code, tables
