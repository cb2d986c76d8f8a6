"""JSON Lines read as bytes: from files, from gzipped files, from standard input."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Final, NamedTuple, cast

from schemas.envelope import MAX_EVENT_BYTES
from streams.errors import UserError

STDIN: Final = "-"
_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_GZIP: Final = b"\x1f\x8b"
_CHUNK: Final = 64 * 1024
_READ: Final = MAX_EVENT_BYTES + 8
"""Room for the longest event, a byte order mark and a line end, and one byte more."""


class Line(NamedTuple):
    """One line that is not blank. ``number`` counts from 1 and counts blank lines too.

    ``raw`` is the line without its line end. Of a line longer than an event may be it holds the
    first ``MAX_EVENT_BYTES`` + 1 bytes: enough for a reader to see that it is too large.
    """

    file: str
    number: int
    raw: bytes

    @property
    def where(self) -> str:
        """``file:line``, as editors understand it."""
        return f"{self.file}:{self.number}"


def read_lines(files: Iterable[str]) -> Iterator[Line]:
    """The lines of ``files`` one after the other; ``-`` is standard input.

    A byte order mark and CRLF line ends are taken off. Memory is bounded by the size of one
    event, whatever the length of a line. Raises ``UserError`` for a file that can't be read.
    """
    for file in files:
        name = "<stdin>" if file == STDIN else file
        number = 0
        try:
            with _open(file) as stream:
                for number, raw in _numbered(stream, name):
                    yield Line(name, number, raw)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise UserError(f"{name}:{number + 1}: broken gzip data: {error}") from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(f"{name}: cannot be read: {reason}") from error


@contextmanager
def _open(file: str) -> Iterator[IO[bytes]]:
    if file == STDIN:
        yield _stdin()
        return
    with open(file, "rb") as stream:
        packed = file.endswith(".gz")
        if stream.seekable():
            packed = stream.read(2) == _GZIP
            stream.seek(0)
        if not packed:
            yield stream
            return
        with gzip.GzipFile(fileobj=stream) as unpacked:
            yield cast("IO[bytes]", unpacked)


def _stdin() -> IO[bytes]:
    """Standard input through a reader of our own.

    Python's own must not be in use by a thread when the process ends.
    """
    if sys.stdin is None:
        raise UserError("standard input is closed: there are no lines to read")
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except (io.UnsupportedOperation, AttributeError):  # replaced by something without a file
        return sys.stdin.buffer


def _numbered(stream: IO[bytes], name: str) -> Iterator[tuple[int, bytes]]:
    number = 0
    while raw := stream.readline(_READ):
        number += 1
        if number == 1 and raw.startswith(_UTF16):
            raise UserError(f"{name}:1: the file is UTF-16; convert it to UTF-8")
        if len(raw) == _READ and not raw.endswith(b"\n"):
            _skip_to_line_end(stream)
        if number == 1:
            raw = raw.removeprefix(_BOM)
        raw = raw.removesuffix(b"\n").removesuffix(b"\r")
        if raw.strip():
            yield number, raw[: MAX_EVENT_BYTES + 1]


def _skip_to_line_end(stream: IO[bytes]) -> None:
    while (more := stream.readline(_CHUNK)) and not more.endswith(b"\n"):
        pass
