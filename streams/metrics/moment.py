"""What the values of the election are read from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemas.pack import Pack
from streams.metrics.text import Values
from streams.tables.region import RegionTables

MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """What a value may depend on beside the region's tables. ``now``: µs since the epoch."""

    pack: Pack
    now: int


ValueFunction = Callable[[RegionTables, Moment], Values]


def add(found: Values, key: tuple[str, ...], number: float) -> None:
    """Add ``number`` to a value."""
    found[key] = found.get(key, 0) + number


def of_regions(value: ValueFunction) -> ValueFunction:
    """``value``, but nothing for the country: a sum over the series would count it twice."""

    def values(tables: RegionTables, moment: Moment) -> Values:
        return {} if tables.code == moment.pack.country else value(tables, moment)

    return values
