"""Journals as bytes and back: what a partition's tables are made from, as MessagePack.

Every shape is derived from the contracts' models, and nothing but those shapes can come out:
whoever may write such bytes can make up events, but runs no code.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final, Literal, Union

import msgspec

from schemas.canonical import canonical
from schemas.envelope import event_adapter
from schemas.fields import TextDigest
from streams.tables.versions import TYPE_OF, Version

FORMAT: Final = 1
"""Of the bytes. To be raised when the same events are judged or kept otherwise than before."""

_DIGEST_BYTES: Final = hashlib.sha256().digest_size

_RECURRING: Final = frozenset(
    ("region", "station", "commission", "observer", "contest", "publisher", "category", "subject")
)
"""Fields whose texts come again and again: each is kept once."""


@cache
def schema_digest() -> str:
    """SHA-256 (hex) of the format and of the contracts: other ones may judge events otherwise."""
    contracts = event_adapter().json_schema()
    return hashlib.sha256(canonical({"format": FORMAT, "contracts": contracts})).hexdigest()


Refusal = Literal[
    "unreadable", "checksum", "schema", "election", "acceptance", "topics", "position", "anchor"
]
"""Why a state that was kept as bytes is not used."""


class JournalError(Exception):
    """These bytes are no journal of this program's."""


def pack(versions: Sequence[Version]) -> bytes:
    """The versions, in their order, but for ``others``."""
    entries = _entries()
    rows = [
        entries[each.data.__class__](
            each.id,
            each.source,
            each.time,
            None if each.at == each.time else each.at,
            each.data,
        )
        for each in versions
    ]
    return _encoder().encode(rows)


class Unpacker:
    """Reads what ``pack`` wrote. One for a partition: texts that come again are shared."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}

    def unpack(self, raw: bytes) -> Iterator[Version]:
        """The versions. JournalError: these are none."""
        try:
            rows = _decoder().decode(raw)
        except (msgspec.MsgspecError, ValueError) as error:
            raise JournalError(str(error)) from None
        known, sharers = self._known, _sharers()
        for row in rows:
            data = row.data
            for read, write in sharers[data.__class__]:
                value = read(data)
                if value is not None:
                    write(data, known.setdefault(value, value))
            source = known.setdefault(row.source, row.source)
            at = row.time if row.at is None else row.at
            yield Version(row.id, source, row.time, at, data)


@cache
def _entries() -> dict[type, Callable[..., msgspec.Struct]]:
    """Data class → the shape of its entries, which carries the event type."""
    return {
        kind: msgspec.defstruct(
            kind.__name__,
            [("id", str), ("source", str), ("time", int), ("at", int | None), ("data", kind)],
            array_like=True,
            tag=name,
            gc=False,
        )
        for kind, name in TYPE_OF.items()
    }


@cache
def _encoder() -> msgspec.msgpack.Encoder:
    return msgspec.msgpack.Encoder(enc_hook=_plain)


@cache
def _decoder() -> msgspec.msgpack.Decoder[Any]:
    shapes: Any = Union[tuple(_entries().values())]  # noqa: UP007 - of a tuple
    return msgspec.msgpack.Decoder(list[shapes], dec_hook=_made)


def _plain(value: object) -> object:
    if isinstance(value, TextDigest):
        return bytes(value)
    raise TypeError(f"no way to write a {type(value).__name__}")


def _made(kind: type, value: object) -> object:
    if kind is TextDigest and isinstance(value, bytes) and len(value) == _DIGEST_BYTES:
        return TextDigest(value)
    raise ValueError(f"no {kind.__name__}")


@cache
def _sharers() -> dict[type, list[tuple[Callable[[Any], Any], Callable[[Any, Any], None]]]]:
    """Data class → getter and setter of each field that recurs; the models are frozen."""
    return {
        kind: [
            (slot.__get__, slot.__set__)
            for field in dataclasses.fields(kind)
            if field.name in _RECURRING
            for slot in [getattr(kind, field.name)]
        ]
        for kind in TYPE_OF
    }
