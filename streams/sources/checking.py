"""Lines checked before they are sent: what is right waits, what is wrong is told."""

from __future__ import annotations

import base64
import json
import struct
import tempfile
from array import array
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from schemas.envelope import EVENTS
from schemas.fields import Authority
from schemas.reading import read
from schemas.verdict import Rejected
from streams.sources.jsonl import Line

if TYPE_CHECKING:
    from schemas.pack import Pack

_IN_MEMORY: Final = 32 * 1024 * 1024
_HEAD: Final = struct.Struct("<BqHI")
_AUTHORITIES: Final[tuple[Authority, ...]] = ("observer", "official", "desk")


class Ready(NamedTuple):
    """An event to send: its bytes as they came. ``at``: event time, µs since the epoch."""

    authority: Authority
    region: str
    at: int
    raw: bytes


class Refusal(NamedTuple):
    """A line that is not sent. ``reason``: of the closed list, or ``clock``."""

    line: Line
    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.line.where}: {self.reason}: {self.detail}"

    def record(self) -> bytes:
        """One line of the file of ``--skip-invalid``."""
        row: dict[str, object] = {
            "file": self.line.file,
            "line": self.line.number,
            "reason": self.reason,
            "detail": self.detail,
        }
        try:
            row["raw"] = self.line.raw.decode()
        except UnicodeDecodeError:
            row["raw_base64"] = base64.b64encode(self.line.raw).decode()
        # A file's name need not be UTF-8: what is not becomes an escape, which JSON has too.
        return json.dumps(row, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"


def check(line: Line, pack: Pack) -> Ready | Refusal:
    """Whether ``line`` may be sent. What needs the log (times in the future) is not checked."""
    verdict = read(line.raw, None, pack)
    if isinstance(verdict, Rejected):
        return Refusal(line, verdict.reason, verdict.detail)
    authority = EVENTS[verdict.event.type][1]
    if not verdict.region:
        return Refusal(line, "clock", "type: only a player writes the log's clock")
    return Ready(authority, verdict.region, verdict.at, line.raw)


class Waiting:
    """Checked events between the first pass and the sending: in memory, or on disk when many.

    What was checked is what is sent, even if the file changes in between.
    """

    def __init__(self) -> None:
        self._store = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        # Two flat arrays: 16 bytes an event, however many there are.
        self._times = array("q")
        self._places = array("q")
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._store.close()

    def __len__(self) -> int:
        return len(self._times)

    def add(self, event: Ready) -> None:
        """Keep one event."""
        region = event.region.encode()
        head = _HEAD.pack(
            _AUTHORITIES.index(event.authority), event.at, len(region), len(event.raw)
        )
        self._times.append(event.at)
        self._places.append(self._size)
        self._size += self._store.write(head + region + event.raw)

    def events(self, by_time: bool = False) -> Iterator[Ready]:
        """The events as they came, or by event time (equal times: as they came)."""
        order = range(len(self))
        for number in sorted(order, key=self._times.__getitem__) if by_time else order:
            self._store.seek(self._places[number])
            authority, at, region, size = _HEAD.unpack(self._store.read(_HEAD.size))
            key = self._store.read(region).decode()
            yield Ready(_AUTHORITIES[authority], key, at, self._store.read(size))
