"""Partitions sent from one process to another: their versions, of which the tables are made again.

Making the tables is the cheapest step of a replay. Pickling them object by object took as long as
reading the events had.
"""

from __future__ import annotations

import dataclasses
import io
import pickle
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple

from schemas.desk import ReportRef
from schemas.fields import TextDigest
from schemas.observer import CountInterval
from schemas.pack import Pack
from streams.tables.partition import Partition
from streams.tables.region import RegionTables
from streams.tables.versions import Version

_COUNTS: Final = attrgetter("next", "clock", "newest", "outcomes", "rejected", "urgent")

Rows = list[tuple[type, list[tuple[Any, ...]]]]
"""By kind of data, for each version: id, source, time, at and the values of the data's fields."""


def dump(part: Partition) -> bytes:
    """``part`` as bytes for ``load`` of a process of the same program."""
    regions = [
        (code, tables.position, tables.changes, tables.digest(), _rows(tables.versions()))
        for code, tables in part.regions.items()
    ]
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _reducers()
    pickler.dump((part.number, _COUNTS(part), regions))
    return stream.getvalue()


def load(raw: bytes, pack: Pack) -> Partition:
    """The partition in ``raw``, which must be one's own ``dump``: a pickle is a program."""
    number, counts, regions = pickle.loads(raw)  # noqa: S301 - see above
    part = Partition(pack, number)
    part.next, part.clock, part.newest, part.outcomes, part.rejected, part.urgent = counts
    for code, position, changes, digest, rows in regions:
        tables = part.regions[code] = RegionTables(code, pack)
        for kind, versions in rows:
            _take_all(tables, kind, versions)
        tables.restore(position, changes, digest)
    return part


def _rows(versions: Iterable[Version]) -> Rows:
    """Neighbours of one kind together."""
    rows: Rows = []
    for kind, several in groupby(versions, key=lambda version: version.data.__class__):
        values = _form(kind).values
        rows.append((kind, [(v.id, v.source, v.time, v.at, *values(v.data)) for v in several]))
    return rows


def _take_all(tables: RegionTables, kind: type, versions: list[tuple[Any, ...]]) -> None:
    make = _form(kind).make
    for id_, source, time, at, *values in versions:
        tables.take(Version(id_, source, time, at, make(*values)))


class _Form(NamedTuple):
    """How data of a kind is taken apart, and made again without being validated again."""

    values: Callable[[Any], tuple[Any, ...]]
    make: Callable[..., Any]


@cache
def _form(kind: Any) -> _Form:
    names = [field.name for field in dataclasses.fields(kind)]
    get = attrgetter(*names)
    values = get if len(names) > 1 else lambda data: (get(data),)
    # A frozen object is slow to fill: see ``schemas.decoding``.
    plain: Any = dataclasses.make_dataclass(kind.__name__, names)
    body = {"__slots__": (), "__init__": plain.__init__}
    ways = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    open_ = type(kind.__name__, (kind,), body | ways)

    def make(*values: Any) -> Any:
        made = open_(*values)
        made.__class__ = kind
        return made

    return _Form(values, make)


def _again(kind: type, values: tuple[Any, ...]) -> Any:
    return _form(kind).make(*values)


@cache
def _reducers() -> dict[type, Callable[[Any], tuple[Any, ...]]]:
    """How what is inside data is pickled: a third faster than pickle's own way."""
    table: dict[type, Callable[[Any], tuple[Any, ...]]] = {
        TextDigest: lambda text: (TextDigest, (bytes(text),)),
        datetime: lambda moment: (datetime.fromisoformat, (moment.isoformat(),)),
    }
    for kind in (ReportRef, CountInterval):
        table[kind] = lambda made: (_again, (made.__class__, _form(made.__class__).values(made)))
    return table
