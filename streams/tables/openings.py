"""Stations opened, as the authorities say, by checkpoint and publisher."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.fields import microseconds
from schemas.pack import Pack
from streams.tables.ledger import Ledger
from streams.tables.versions import Outcome, Version


class Openings(Ledger[tuple[int, str]]):
    """Every figure of one region by (checkpoint in µs, publisher)."""

    __slots__ = ()

    def put(self, new: Version, pack: Pack) -> Outcome:
        """Add a version, at the pack's checkpoint near its ``as_of``."""
        return self.add((pack.checkpoint(microseconds(new.data.as_of)), new.data.publisher), new)

    def headlines(self, pack: Pack) -> Iterator[tuple[int, Version]]:
        """(checkpoint, the highest-ranked publisher's current figure), ascending."""
        known = pack.publishers

        def rank(key: tuple[int, str]) -> tuple[int, int, str]:
            moment, code = key
            return moment, known[code].rank if code in known else len(known), code

        last: int | None = None
        for key in sorted(self.heads, key=rank):
            if key[0] != last:
                last = key[0]
                yield last, self.heads[key]
