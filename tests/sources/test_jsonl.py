"""Reading JSON Lines."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import MAX_EVENT_BYTES
from streams.errors import UserError
from streams.sources.jsonl import Line, read_lines


def write(tmp_path: Path, raw: bytes, name: str = "events.jsonl") -> str:
    """A file with these bytes."""
    path = tmp_path / name
    path.write_bytes(raw)
    return str(path)


def lines(path: str) -> list[tuple[int, bytes]]:
    """Numbers and bytes of a file's lines."""
    return [(line.number, line.raw) for line in read_lines([path])]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_byte_order_mark_are_no_part_of_a_line(
    tmp_path: Path, end: bytes, bom: bytes, last: bool
) -> None:
    """Blank lines are left out but counted."""
    raw = bom + b'{"a":1}' + end + b"   " + end + end + b'{"b":2}' + (end if last else b"")
    assert lines(write(tmp_path, raw)) == [(1, b'{"a":1}'), (4, b'{"b":2}')]


@given(
    st.lists(
        st.integers(MAX_EVENT_BYTES - 12, MAX_EVENT_BYTES + 12)
        | st.sampled_from([1, 3 * MAX_EVENT_BYTES, 200_000]),
        min_size=1,
        max_size=6,
    )
)
def test_a_line_that_is_too_long_keeps_one_byte_too_many(sizes: list[int]) -> None:
    """Lines after it are read as if it were not there; nothing of it is kept in memory."""
    stream = io.BytesIO(b"".join(b"x" * size + b"\r\n" for size in sizes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        found = list(read_lines(["-"]))
    assert [line.number for line in found] == list(range(1, len(sizes) + 1))
    assert [len(line.raw) for line in found] == [min(n, MAX_EVENT_BYTES + 1) for n in sizes]


def test_gzip_is_read_by_its_content(tmp_path: Path) -> None:
    """Whatever the file's name says."""
    packed = gzip.compress(b'{"a":1}\n{"b":2}\n')
    for name in ("events.jsonl.gz", "events.jsonl"):
        assert lines(write(tmp_path, packed, name)) == [(1, b'{"a":1}'), (2, b'{"b":2}')]


def test_broken_gzip_is_told_with_its_line(tmp_path: Path) -> None:
    """A file cut short gives its lines so far, then the error."""
    packed = gzip.compress(b"".join(b'{"n":%d}\n' % n for n in range(20_000)))
    path = write(tmp_path, packed[: len(packed) // 2], "cut.jsonl.gz")
    with pytest.raises(UserError, match=r"cut\.jsonl\.gz:\d+: broken gzip data"):
        lines(path)


def test_files_follow_each_other_with_their_names(tmp_path: Path) -> None:
    """Numbers begin anew with each file."""
    first = write(tmp_path, b"1\n2\n", "first.jsonl")
    second = write(tmp_path, b"3\n", "second.jsonl")
    assert list(read_lines([first, second])) == [
        Line(first, 1, b"1"),
        Line(first, 2, b"2"),
        Line(second, 1, b"3"),
    ]
    assert [line.where for line in read_lines([second])] == [f"{second}:1"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing.jsonl", "No such file"), (".", "Is a directory")],
)
def test_a_file_that_cannot_be_read_is_a_user_error(
    tmp_path: Path, name: str, message: str
) -> None:
    """With the file's name and the system's reason."""
    with pytest.raises(UserError, match=message):
        lines(str(tmp_path / name))


def test_utf16_is_told(tmp_path: Path) -> None:
    """Instead of garbage in every line."""
    with pytest.raises(UserError, match="UTF-16"):
        lines(write(tmp_path, '{"a":1}\n'.encode("utf-16")))
