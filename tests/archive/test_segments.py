"""Segments: what goes in comes out, by any Avro library, and nothing else does."""

from __future__ import annotations

import io
from pathlib import Path

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.archive.manifest import Segment
from streams.archive.segments import Record, SegmentError, SegmentWriter, read_segment

bytes_or_none = st.none() | st.binary(max_size=40)
bodies = st.tuples(
    st.integers(1, 50),
    st.integers(0, 2**50),
    st.sampled_from([0, 1]),
    bytes_or_none,
    bytes_or_none,
    st.lists(st.tuples(st.text(max_size=8), bytes_or_none), max_size=3).map(tuple),
)


def written(path: Path, records: list[Record], base: int = 0) -> tuple[bytes, Segment]:
    """The file of a segment of ``records``, and its entry."""
    writer = SegmentWriter(path, "t.observer", 4, base)
    for record in records:
        writer.add(record)
    segment = writer.finish(records[-1].offset + 3)
    return path.read_bytes(), segment


def some(count: int, first: int = 0) -> list[Record]:
    """Plain records."""
    return [
        Record(first + n, 1_000 + n, 1, b"KZ-75", b"{%d}" % n, (("trace", b"\x00"),))
        for n in range(count)
    ]


@given(st.lists(bodies, min_size=1, max_size=20), st.integers(0, 5))
def test_every_record_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, ...]], base: int
) -> None:
    """Bytes, nulls, headers, both kinds of timestamps, holes between the offsets."""
    records, offset = [], base
    for step, *rest in drawn:
        offset += step
        records.append(Record(offset, *rest))  # type: ignore[arg-type]
    data, segment = written(tmp_path_factory.mktemp("s") / "x", records, base)
    assert list(read_segment(data, segment)) == records
    assert segment.count == len(records)
    assert (segment.first, segment.last, segment.next) == (
        records[0].offset,
        records[-1].offset,
        records[-1].offset + 3,
    )
    assert segment.earliest == min(record.timestamp for record in records)
    assert segment.latest == max(record.timestamp for record in records)
    assert segment.holes == segment.next - base - len(records)
    assert segment.bytes == len(data)


def test_a_stranger_can_read_it(tmp_path: Path) -> None:
    """The file says itself what it holds: no code of ours is needed."""
    data, _ = written(tmp_path / "x", some(3))
    reader = fastavro.reader(io.BytesIO(data))
    assert reader.metadata["scrutineer.topic"] == "t.observer"
    assert reader.metadata["scrutineer.partition"] == "4"
    assert reader.codec == "zstandard"
    rows = list(reader)
    assert rows[1] == {
        "offset": 1,
        "timestamp": 1_001,
        "timestamp_type": 1,
        "key": b"KZ-75",
        "value": b"{1}",
        "headers": [{"key": "trace", "value": b"\x00"}],
    }


def test_the_same_records_make_the_same_file(tmp_path: Path) -> None:
    """Two archives of one stretch can be compared by their checksums."""
    assert written(tmp_path / "a", some(1000)) == written(tmp_path / "b", some(1000))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"count": 4}, "holds 5 records"),
        ({"first": 1}, "begins at offset 0"),
        ({"last": 3}, "up to offset 4"),
        ({"next": 4}, "not in ascending order"),
        ({"base": 1}, "not in ascending order"),
        ({"latest": 1_003}, "its time is outside"),
        ({"earliest": 1_001}, "its time is outside"),
        ({"anchor": "0" * 64}, "not the record that the manifest names"),
        ({"bytes": 10}, "too many"),
    ],
)
def test_what_the_manifest_says_of_it_is_held_against_it(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    """An entry that was made to fit another file is found by the records."""
    data, segment = written(tmp_path / "x", some(5))
    with pytest.raises(SegmentError, match=told):
        list(read_segment(data, segment.model_copy(update=change)))


def test_a_truncated_file_is_told(tmp_path: Path) -> None:
    """With how much of it is there."""
    data, segment = written(tmp_path / "x", some(5))
    with pytest.raises(SegmentError, match=f"truncated: {len(data) - 1} of {len(data)} bytes"):
        list(read_segment(data[:-1], segment))


def test_memory_does_not_hold_a_segment(tmp_path: Path) -> None:
    """While it is written it goes to the disk in pieces."""
    import random

    path = tmp_path / "x"
    dice = random.Random(1)
    writer = SegmentWriter(path, "t.observer", 0, 0)
    for number in range(3_000):
        writer.add(Record(number, 1, 1, None, dice.randbytes(1_000), ()))
    assert path.stat().st_size > 2_000_000
    assert writer.size - path.stat().st_size < 600_000
