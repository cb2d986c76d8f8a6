"""Segments: stretches of one partition's log as Avro container files, compressed with zstd.

Any Avro library reads them: they carry their schema. Original bytes stay as they were.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import fastavro
from fastavro.types import Schema
from fastavro.write import Writer

from schemas.canonical import canonical
from streams.archive.manifest import Segment, segment_name
from streams.archive.store import told

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

Headers = tuple[tuple[str, bytes | None], ...]

SCHEMA: Final[dict[str, Any]] = {
    "type": "record",
    "name": "Record",
    "namespace": "scrutineer",
    "doc": "One record of a Kafka topic, as the broker gave it.",
    "fields": [
        {"name": "offset", "type": "long"},
        {"name": "timestamp", "type": "long", "doc": "milliseconds since the epoch"},
        {"name": "timestamp_type", "type": "int", "doc": "0 CreateTime, 1 LogAppendTime"},
        {"name": "key", "type": ["null", "bytes"]},
        {"name": "value", "type": ["null", "bytes"]},
        {
            "name": "headers",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Header",
                    "fields": [
                        {"name": "key", "type": "string"},
                        {"name": "value", "type": ["null", "bytes"]},
                    ],
                },
            },
        },
    ],
}
_LEVEL: Final = 9
_BLOCK: Final = 256 * 1024
"""Bytes before compression: larger blocks save little, smaller ones cost much."""
_SPOOL: Final = 256 * 1024


class Record(NamedTuple):
    """One record of the log. ``timestamp``: ms; ``timestamp_type``: 1 is the broker's own."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @classmethod
    def of(cls, record: ConsumerRecord) -> Record:
        """Of one that aiokafka has read."""
        return cls(
            record.offset,
            record.timestamp,
            record.timestamp_type,
            record.key,
            record.value,
            tuple((name, value) for name, value in record.headers),
        )

    def fingerprint(self) -> str:
        """Hex SHA-256 of everything in it, as a canonical JSON array with bytes in hex."""
        headers = [[name, _hex(value)] for name, value in self.headers]
        fields = [*self[:3], _hex(self.key), _hex(self.value), headers]
        return hashlib.sha256(canonical(fields)).hexdigest()


_RECORD: Final[Callable[[tuple[Any, ...]], Record]] = partial(tuple.__new__, Record)
"""``Record`` of its fields, in half the time."""


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


class SegmentError(Exception):
    """What is wrong with a segment's file."""


@cache
def _schema() -> Schema:
    return fastavro.parse_schema(SCHEMA)


class _Spool:
    """What the Avro writer writes to: no file is held open between two pieces."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting = bytearray()
        self.sha = hashlib.sha256()
        self.size = 0
        with told(path):
            path.write_bytes(b"")

    def seekable(self) -> bool:
        return False

    def write(self, data: bytes) -> int:
        self._waiting += data
        self.sha.update(data)
        self.size += len(data)
        if len(self._waiting) >= _SPOOL:
            self.flush()
        return len(data)

    def flush(self) -> None:
        with told(self._path), self._path.open("ab") as file:
            file.write(self._waiting)
        self._waiting.clear()

    def finish(self) -> None:
        """Onto the disk, before anything says that it is there."""
        self.flush()
        with told(self._path), self._path.open("rb") as file:
            os.fsync(file.fileno())


class SegmentWriter:
    """A segment that is being written to the file ``path``; its records come in offset order.

    ``base``: the offset up to which the archive already has the partition.
    """

    def __init__(self, path: Path, topic: str, partition: int, base: int) -> None:
        self.path = path
        self.topic = topic
        self.partition = partition
        self.base = base
        self.count = 0
        self._spool = _Spool(path)
        self._first = self._last = -1
        self._earliest = self._latest = 0
        self._end: Record | None = None
        # Not a random mark: two archives of the same stretch are the same file.
        mark = hashlib.sha256(segment_name(topic, partition, base).encode()).digest()[:16]
        self._writer = Writer(
            self._spool,  # type: ignore[arg-type]
            _schema(),
            codec="zstandard",
            sync_interval=_BLOCK,
            metadata={"scrutineer.topic": topic, "scrutineer.partition": str(partition)},
            sync_marker=mark,
            compression_level=_LEVEL,
        )

    @property
    def size(self) -> int:
        """Bytes compressed so far."""
        return self._spool.size

    def add(self, record: Record) -> None:
        """Append a record."""
        offset, timestamp, timestamp_type, key, value, headers = record
        self._writer.write(
            {
                "offset": offset,
                "timestamp": timestamp,
                "timestamp_type": timestamp_type,
                "key": key,
                "value": value,
                "headers": [{"key": name, "value": content} for name, content in headers],
            }
        )
        if not self.count:
            self._first, self._earliest, self._latest = offset, timestamp, timestamp
        self.count += 1
        self._last = offset
        self._earliest = min(self._earliest, timestamp)
        self._latest = max(self._latest, timestamp)
        self._end = record

    def finish(self, position: int) -> Segment:
        """Put it onto the disk. ``position``: next offset after all that was read."""
        assert self._end is not None, "a segment holds records"
        self._writer.flush()
        self._spool.finish()
        return Segment(
            file=segment_name(self.topic, self.partition, self.base),
            topic=self.topic,
            partition=self.partition,
            base=self.base,
            first=self._first,
            last=self._last,
            next=max(position, self._last + 1),
            count=self.count,
            earliest=self._earliest,
            latest=self._latest,
            anchor=self._end.fingerprint(),
            bytes=self._spool.size,
            sha256=self._spool.sha.hexdigest(),
        )


def read_segment(data: bytes, segment: Segment) -> Iterator[Record]:
    """The records of a segment whose file holds ``data``, which must be what ``segment`` says.

    SegmentError: it is not. Bytes are compared before the first record comes; what the records
    say, once the last has come.
    """
    check_bytes(data, segment)
    count, before = 0, segment.base - 1
    earliest, latest, record = segment.earliest, segment.latest, None
    for record in _records(data):
        if not before < record.offset < segment.next:
            raise SegmentError(f"offset {record.offset} after {before}: not in ascending order")
        if not earliest <= record.timestamp <= latest:
            raise SegmentError(f"offset {record.offset}: its time is outside the manifest's")
        count, before = count + 1, record.offset
        if count == 1 and record.offset != segment.first:
            raise SegmentError(f"begins at offset {record.offset}, not at {segment.first}")
        yield record
    if record is None or count != segment.count or record.offset != segment.last:
        raise SegmentError(f"holds {count} records up to offset {before}, not as the manifest says")
    if record.fingerprint() != segment.anchor:
        raise SegmentError(f"offset {record.offset} is not the record that the manifest names")


def check_bytes(data: bytes, segment: Segment) -> None:
    """Compare a file with its entry in the manifest. SegmentError: it is another."""
    if len(data) < segment.bytes:
        raise SegmentError(f"is truncated: {len(data)} of {segment.bytes} bytes")
    if len(data) > segment.bytes:
        raise SegmentError(f"has {len(data)} bytes, {len(data) - segment.bytes} too many")
    if hashlib.sha256(data).hexdigest() != segment.sha256:
        raise SegmentError("has other bytes than were archived (its SHA-256 differs)")


def _records(data: bytes) -> Iterator[Record]:
    try:
        for row in fastavro.reader(io.BytesIO(data)):
            assert isinstance(row, dict)
            headers = row["headers"]
            yield _RECORD(
                (
                    row["offset"],
                    row["timestamp"],
                    row["timestamp_type"],
                    row["key"],
                    row["value"],
                    tuple((each["key"], each["value"]) for each in headers) if headers else (),
                )
            )
    except Exception as error:
        # Of bytes that anybody may have made up: the decoders' errors have no common kind.
        what = str(error).splitlines()[:1] or [type(error).__name__]
        raise SegmentError(f"is no archive segment: {what[0]}") from error
