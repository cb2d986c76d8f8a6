"""Snapshots: a partition's state as records of a compacted topic. Pure; ``shelf.py`` moves them.

A snapshot is a header and the chunks that it names by their SHA-256. A chunk is a stretch of the
journal, so a full one never changes: the next snapshot names it again and writes only what came
since. The header is written last: until then, all that was written belongs to no snapshot.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from backports import zstd

from schemas.pack import Pack
from streams.tables import journal
from streams.tables.journal import JournalError, Refusal, Unpacker, schema_digest
from streams.tables.partition import Partition
from streams.tables.versions import Version

MAX_RECORD: Final = 512 * 1024
"""Longest value of a record, in bytes: half of what brokers let pass by default."""

SLOTS: Final = ("A", "B")
"""Two generations, written in turns: one stays whole while the other is written."""

_ENTRIES: Final = 2_048
_MAX_RAW: Final = 4 * 1024 * 1024
_LEVEL: Final = 3
_MAGIC: Final = b"scrutineer snapshot 1\n"
_DIGEST: Final = hashlib.sha256().digest_size


class RefusedError(Exception):
    """A snapshot that is not to be used, and why."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.reason: Refusal = reason


class Anchor(NamedTuple):
    """A record that was folded: its offset, and the CRC-32 of its key and value."""

    offset: int
    crc: int


class Chunk(NamedTuple):
    """A stretch of the journal. ``digest``: SHA-256 of ``value``, by which it is named.

    ``full``: no later version will be added to it.
    """

    digest: bytes
    value: bytes
    entries: int
    full: bool


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a partition keeps beside its versions; names as in ``Partition``."""

    next: dict[str, int]
    clock: int | None
    newest: int | None
    outcomes: list[tuple[str, str, int]]
    rejected: list[tuple[str, str, str, int]]
    urgent: list[tuple[str, str, str, int]]
    positions: dict[str, int]
    """Region → records folded."""
    gaps: dict[str, list[tuple[int, int]]]


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot says of itself. ``number`` of ``partitions``; ``written``: µs, wall clock."""

    schema: str
    election: str
    acceptance: str
    number: int
    partitions: int
    written: int
    entries: int
    chunks: list[bytes]
    full: list[tuple[bytes, int]]
    """(digest, entries) of the chunks, from the first on, to which nothing will be added."""
    anchors: dict[str, tuple[int, int]]
    counts: Counts

    @property
    def next(self) -> Mapping[str, int]:
        """Topic → next offset to fold."""
        return self.counts.next


class Of(NamedTuple):
    """Whose snapshots are written and read here."""

    pack: Pack
    topics: tuple[str, ...]
    partitions: int


def counts_of(part: Partition) -> Counts:
    """A copy of all that is small, to be taken at one moment with the journal's length."""
    return Counts(
        next=dict(part.next),
        clock=part.clock,
        newest=part.newest,
        outcomes=[(*key, number) for key, number in part.outcomes.items()],
        rejected=[(*key, number) for key, number in part.rejected.items()],
        urgent=[(*key, number) for key, number in part.urgent.items()],
        positions={code: tables.position for code, tables in part.regions.items()},
        gaps={topic: list(stretches) for topic, stretches in part.gaps.items()},
    )


class Body(NamedTuple):
    """The chunks of a snapshot as (digest, entries): all that is ``named``, and the ``full`` ones.

    ``anchors``: topic → a record that was folded. ``counts``: of the moment of its last version.
    """

    named: Sequence[tuple[bytes, int]]
    full: Sequence[tuple[bytes, int]]
    anchors: Mapping[str, Anchor]
    counts: Counts


def header_of(of: Of, number: int, written: int, body: Body) -> Header:
    """The header over ``body``; ``written``: µs since the epoch."""
    return Header(
        schema=schema_digest(),
        election=of.pack.id,
        acceptance=of.pack.acceptance_digest,
        number=number,
        partitions=of.partitions,
        written=written,
        entries=sum(entries for _, entries in body.named),
        chunks=[digest for digest, _ in body.named],
        full=list(body.full),
        anchors={topic: (anchor.offset, anchor.crc) for topic, anchor in body.anchors.items()},
        counts=body.counts,
    )


def header_key(number: int, slot: str) -> bytes:
    """The key of a header; ``slot``: one of ``SLOTS``."""
    return f"{number}/header/{slot}".encode()


def chunk_key(number: int, digest: bytes) -> bytes:
    """The key of a chunk."""
    return f"{number}/chunk/{digest.hex()}".encode()


def chunks(versions: Sequence[Version]) -> Iterator[Chunk]:
    """The versions as chunks; the last one may not be full. Costly: not for the worker's loop."""
    start = 0
    while start < len(versions):
        taken = versions[start : start + _ENTRIES]
        full = len(taken) == _ENTRIES
        while True:
            raw = journal.pack(taken)
            value = zstd.compress(raw, _LEVEL)
            if len(taken) == 1 or (len(raw) <= _MAX_RAW and len(value) <= MAX_RECORD):
                break
            taken, full = taken[: len(taken) // 2], True
        yield Chunk(hashlib.sha256(value).digest(), value, len(taken), full)
        start += len(taken)


def encoded(header: Header) -> bytes:
    """The header as a record's value: a magic word, the SHA-256 of the rest, the rest."""
    body = zstd.compress(msgspec.msgpack.encode(header), _LEVEL)
    return _MAGIC + hashlib.sha256(body).digest() + body


def decoded(value: bytes) -> Header:
    """The header in ``value``. RefusedError: checksum, or of another shape."""
    if not value.startswith(_MAGIC):
        raise RefusedError("schema", "no header of this program's")
    digest = value[len(_MAGIC) : len(_MAGIC) + _DIGEST]
    body = value[len(_MAGIC) + _DIGEST :]
    if hashlib.sha256(body).digest() != digest:
        raise RefusedError("checksum", "the header is damaged")
    try:
        return msgspec.msgpack.decode(_inflated(body), type=Header)
    except msgspec.MsgspecError as error:
        raise RefusedError("schema", f"header: {error}") from None


def check(header: Header, of: Of, number: int) -> None:
    """RefusedError: the snapshot is of something else, or events were judged otherwise for it."""
    check_shape(header, of.topics, of.partitions, number)
    if header.election != of.pack.id:
        raise RefusedError("election", f"of the election {header.election}")
    if header.acceptance != of.pack.acceptance_digest:
        raise RefusedError("acceptance", f"acceptance digest {header.acceptance[:12]}")


def check_shape(header: Header, topics: Collection[str], partitions: int, number: int) -> None:
    """RefusedError: of another version, of other topics; so far no election pack is needed."""
    if header.schema != schema_digest():
        raise RefusedError("schema", "written by another version of scrutineer")
    same = header.number == number and header.partitions == partitions
    if not same or not header.next.keys() <= set(topics):
        raise RefusedError("topics", "of other topics, or of another number of partitions")


def versions(value: bytes, digest: bytes, unpacker: Unpacker) -> list[Version]:
    """The versions of a chunk. RefusedError: damaged."""
    if hashlib.sha256(value).digest() != digest:
        raise RefusedError("checksum", "a chunk is damaged")
    try:
        return list(unpacker.unpack(_inflated(value)))
    except JournalError as error:
        raise RefusedError("schema", f"chunk: {error}") from None


class Restoring:
    """A partition while chunk after chunk is put into it."""

    def __init__(self, header: Header, of: Of) -> None:
        self._header = header
        self._unpacker = Unpacker()
        self._part = Partition(of.pack, header.number)
        self._journal: list[Version] = []

    def put(self, value: bytes, digest: bytes) -> None:
        """Fold the next chunk. RefusedError: damaged, or of no region of the pack."""
        part = self._part
        found = versions(value, digest, self._unpacker)
        known = part.pack.regions
        for version in found:
            if (version.data.region or part.pack.country) not in known:
                raise RefusedError("schema", "a version of no region of the pack")
            part.put(version)
        # Not as they change the tables: the next snapshot goes on where these chunks end.
        self._journal += found

    def done(self) -> Partition:
        """The partition, as it was. RefusedError: there is less in it than the header says."""
        part, counts = self._part, self._header.counts
        if len(self._journal) != self._header.entries:
            raise RefusedError("checksum", "another number of versions than the header says")
        if part.regions.keys() != counts.positions.keys():
            raise RefusedError("checksum", "other regions than the header says")
        for code, position in counts.positions.items():
            part.regions[code].position = position
        part.record(self._journal)
        part.next = dict(counts.next)
        part.clock, part.newest = counts.clock, counts.newest
        part.outcomes = _counter(counts.outcomes)
        part.rejected = _counter(counts.rejected)
        part.urgent = _counter(counts.urgent)
        part.gaps = {topic: list(stretches) for topic, stretches in counts.gaps.items()}
        return part


def _counter(rows: Collection[tuple[Any, ...]]) -> Counter[Any]:
    return Counter({row[:-1]: row[-1] for row in rows})


def _inflated(value: bytes) -> bytes:
    """RefusedError: it cannot be, or comes to more than is ever written."""
    decompressor = zstd.ZstdDecompressor()
    try:
        raw = decompressor.decompress(value, max_length=_MAX_RAW + 1)
    except (zstd.ZstdError, ValueError) as error:
        raise RefusedError("checksum", f"compressed data: {error}") from None
    if not decompressor.eof:
        raise RefusedError("checksum", "longer than anything that is written, or cut")
    return raw
