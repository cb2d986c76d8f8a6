"""Partitions sent from one process to another: their tables, with short forms of what is many.

Versions are nearly all of a state. Pickle's own way with them and their data, attribute by
attribute, takes as long as reading the events had.
"""

from __future__ import annotations

import dataclasses
import io
import pickle
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, Final, NamedTuple, NoReturn

from schemas.desk import ReportRef
from schemas.fields import TextDigest
from schemas.observer import CountInterval
from schemas.pack import Pack
from streams.tables.partition import Partition
from streams.tables.region import RegionTables
from streams.tables.versions import Version

_COUNTS: Final = ("next", "clock", "newest", "outcomes", "rejected", "urgent", "gaps")


def dump(part: Partition) -> bytes:
    """``part``, which keeps no journal, as bytes for ``load`` of a process of the same program."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _short_forms()
    counts = {name: getattr(part, name) for name in _COUNTS}
    pickler.dump((part.number, counts, len(part.regions)))
    for tables in part.regions.values():
        # Nothing is shared between regions, and what is remembered costs the more the more it is.
        pickler.clear_memo()
        pickler.dump(tables)
    return stream.getvalue()


def load(raw: bytes, pack: Pack) -> Partition:
    """The partition in ``raw``, which must be one's own ``dump``: a pickle is a program."""
    stream = io.BytesIO(raw)
    number, counts, regions = _Unpickler(stream, pack).load()
    part = Partition(pack, number)
    for name, value in counts.items():
        setattr(part, name, value)
    for _ in range(regions):
        tables: RegionTables = _Unpickler(stream, pack).load()
        part.regions[tables.code] = tables
    return part


class _Unpickler(pickle.Unpickler):
    """Tables refer to their pack, of which every process has its own."""

    def __init__(self, stream: io.BytesIO, pack: Pack) -> None:
        super().__init__(stream)
        # No method: it is remembered by what it would belong to, and nobody collects such cycles.
        self._get_pack = lambda: pack

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle means by a name; by ``_own_pack`` the pack of this process."""
        found = super().find_class(module, name)
        return self._get_pack if found is _own_pack else found


def _own_pack() -> NoReturn:
    """Stands for the pack."""
    raise AssertionError("not read by load")


@cache
def _short_forms() -> dict[type, Callable[[Any], tuple[Any, ...]]]:
    """Kind → how one is pickled: what makes it again, and of what."""
    inside = dict.fromkeys((ReportRef, CountInterval), lambda made: (_again, _taken_apart(made)))
    return {
        Pack: lambda _: (_own_pack, ()),
        TextDigest: lambda text: (TextDigest, (bytes(text),)),
        Version: lambda v: (
            _version,
            (v.id, v.source, v.time, v.at, v.others, *_taken_apart(v.data)),
        ),
        **inside,
    }


def _version(
    id_: str, source: str, time: int, at: int, others: list[Version] | None, *data: Any
) -> Version:
    version = Version(id_, source, time, at, _again(*data))
    version.others = others
    return version


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


def _taken_apart(data: Any) -> tuple[Any, ...]:
    kind = data.__class__
    return (kind, *_form(kind).values(data))


def _again(kind: type, *values: Any) -> Any:
    return _form(kind).make(*values)
