"""Partitions sent from one process to another: pickled, but for the pack, which both have."""

from __future__ import annotations

import dataclasses
import io
import pickle
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from schemas.pack import Pack
from streams.tables.partition import Partition
from streams.tables.versions import TYPE_OF, Version


def dump(part: Partition) -> bytes:
    """``part`` as bytes for ``load`` of a process of the same program."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _reducers()
    pickler.dump(part)
    return stream.getvalue()


def load(raw: bytes, pack: Pack) -> Partition:
    """The partition in ``raw``, which must be one's own ``dump``: a pickle is a program."""
    part = _Unpickler(io.BytesIO(raw), pack).load()
    assert isinstance(part, Partition)
    return part


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, pack: Pack) -> None:
        super().__init__(stream)
        self._pack = pack

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, _the_pack.__name__):
            return lambda: self._pack
        return super().find_class(module, name)


def _the_pack() -> Pack:
    raise AssertionError("stands for the pack in a pickle")


@cache
def _reducers() -> dict[type, Callable[[Any], tuple[Any, ...]]]:
    """How what there are many of is taken apart: a third faster than pickle's own way."""
    table: dict[type, Callable[[Any], tuple[Any, ...]]] = {
        Pack: lambda _: (_the_pack, ()),
    }
    # Only what has several fields: of one name the getter gives the bare value.
    kinds = [Version, *(kind for kind in TYPE_OF if len(_names(kind)) > 1)]
    return table | {kind: _by_names(kind) for kind in kinds}


def _by_names(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    values = attrgetter(*_names(kind))
    return lambda made: (_rebuilt, (kind, values(made)))


def _rebuilt(kind: type, values: tuple[Any, ...]) -> Any:
    made: Any = object.__new__(kind)
    put = object.__setattr__
    for name, value in zip(_names(kind), values, strict=True):
        put(made, name, value)
    return made


@cache
def _names(kind: Any) -> tuple[str, ...]:
    if kind is Version:
        return Version.__slots__
    return tuple(field.name for field in dataclasses.fields(kind))
