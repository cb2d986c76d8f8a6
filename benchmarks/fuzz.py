"""What reading costs for the worst that 64 KiB can hold: it must grow no faster than the input.

Each shape is an event, or what pretends to be one, blown up to several sizes. The figure is the
processor time of ``schemas.read`` per byte, best of some rounds; ``growth`` is that of the largest
size over that of 4 KiB, and stays near or below 1 where the cost is proportional to the input.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from schemas import Origin, Rejected, read
from schemas.envelope import MAX_EVENT_BYTES
from schemas.pack import Pack
from schemas.routing import partition_of
from streams.packs import load_pack

SIZES: Final = (1024, 4096, 16_384, MAX_EVENT_BYTES)
BASE_SIZE: Final = 4096
ROUNDS: Final = 5
_SPENT: Final = 0.01
"""Seconds of processor time a round lasts at least, so that the clock's grain is no matter."""

Shape = Callable[[int], bytes]


def _event(kind: str, **data: Any) -> dict[str, Any]:
    report = {
        "report_id": "r-1",
        "revision": 0,
        "region": "KZ-75",
        "station": "KZ-75-0112",
        "observer_group": "citizen",
        "phase": "voting",
    }
    return {
        "specversion": "1.0",
        "id": "e-1",
        "source": "urn:scrutineer:manual",
        "type": f"election.observer.{kind}.v1",
        "time": "2023-03-19T14:20:00+06:00",
        "election": "kz-2023-03-19",
        "data": report | data,
    }


INCIDENT: Final = _event("incident", category="other")
VISIT: Final = _event("visit", arrived="2023-03-19T14:20:00+06:00", answers={})
PROTOCOL: Final = _event(
    "protocol", contest="party-list", protocol_time="2023-03-19T14:20:00+06:00"
)
_HOLE: Final = '"@"'


def _around(event: dict[str, Any], field: str) -> tuple[str, str]:
    """The event's text before and after the value of ``field`` (of ``data`` if dotted)."""
    holder, _, name = field.rpartition(".")
    copy = json.loads(json.dumps(event))
    (copy[holder] if holder else copy)[name] = "@"
    before, after = json.dumps(copy).split(_HOLE)
    return before, after


def _with(event: dict[str, Any], field: str, unit: str, head: str = "", tail: str = "") -> Shape:
    """``event`` with ``field`` made of ``unit`` as often as fits; ``#`` in it is a number."""
    before, after = _around(event, field)

    def make(size: int) -> bytes:
        room = size - len(before + after + head + tail)
        number = max(room // len(unit.replace("#", "00000").encode()), 0)
        body = "".join(unit.replace("#", f"{i:05}") for i in range(number))
        return (before + head + body.removesuffix(",") + tail + after).encode()

    return make


def _deep(event: dict[str, Any], field: str, opening: str, inner: str, closing: str) -> Shape:
    """``field`` nested as deep as fits."""
    before, after = _around(event, field)

    def make(size: int) -> bytes:
        number = (size - len(before + inner + after)) // len(opening + closing)
        return (before + opening * number + inner + closing * number + after).encode()

    return make


def _repeated(size: int) -> bytes:
    """The same key over and over; the last one counts."""
    whole = json.dumps(INCIDENT)[1:]
    unit = '"type":"election.observer.incident.v1",'
    return ("{" + unit * ((size - len(whole) - 1) // len(unit)) + whole).encode()


SHAPES: Final[dict[str, Shape]] = {
    "a text of ASCII": _with(INCIDENT, "data.description", "x", '"', '"'),
    "extension attributes": _with(INCIDENT, "x", '"k#":1,', "{", "}"),
    "an extension of numbers": _with(INCIDENT, "x", "1.5e300,", "[", "]"),
    "the same key repeated": _repeated,
    "contestants, from 1,000 on too many": _with(PROTOCOL, "data.votes", '"c#":1,', "{", "}"),
    "escapes in a text": _with(INCIDENT, "data.description", "\\u00e9", '"', '"'),
    "surrogate pairs in a text": _with(INCIDENT, "data.description", "\\ud83d\\ude00", '"', '"'),
    "NaN hidden behind numbers": _with(INCIDENT, "x", "1.5e300,", "[", ",NaN]"),
    "the word NaN, so read twice": _with(INCIDENT, "data.note", "NaN ", '"', '"'),
    "nested lists": _deep(INCIDENT, "x", "[", "", "]"),
    "nested objects in data": _deep(INCIDENT, "data.x", '{"a":', "1", "}"),
    "nested lists, never closed": lambda size: b"[" * size,
    "unknown fields of data": _with(INCIDENT, "data", '"k#":1,', "{", "}"),
    "wrong answers": _with(VISIT, "data.answers", '"q#":0,', "{", "}"),
    "wrong names of answers": _with(VISIT, "data.answers", '"Q#":"yes",', "{", "}"),
    "wrong votes": _with(PROTOCOL, "data.votes", '"c#":-1,', "{", "}"),
    "an endless integer": _with(INCIDENT, "data.revision", "9"),
    "an endless fraction": _with(INCIDENT, "x", "9", "0."),
    "an endless region": _with(INCIDENT, "data.region", "A", '"', '"'),
    "control characters, told": _with(INCIDENT, "type", "\\u001b", '"', '"'),
    "a type that is not listed": _with(INCIDENT, "type", "é", '"', '"'),
    "blanks": lambda size: json.dumps(INCIDENT).encode().ljust(size),
    "bytes that are no UTF-8": lambda size: b'"' + b"x" * (size - 3) + b'\xff"',
}


def nanoseconds(raw: bytes, origin: Origin, pack: Pack) -> float:
    """Processor time of one reading, per byte; the best round."""
    best = float("inf")
    repeat = 1
    for _ in range(ROUNDS):
        while True:
            begin = time.process_time()
            for _ in range(repeat):
                read(raw, origin, pack)
            spent = time.process_time() - begin
            if spent >= _SPENT:
                break
            repeat *= 2
        best = min(best, spent / repeat)
    return best / len(raw) * 1e9


def main() -> int:
    """Print the table."""
    console = Console(width=None if Console().is_terminal else 110)
    pack = load_pack("kazakhstan-2023")
    at = partition_of("KZ-75", 12)
    origin = Origin("election.observer", at, 12, b"KZ-75", 1_950_000_000_000)
    table = Table(title="schemas.read, ns/byte")
    table.add_column("shape")
    for size in SIZES:
        table.add_column(f"{size // 1024} KiB", justify="right")
    for column in ("growth", "ms at 64 KiB"):
        table.add_column(column, justify="right")
    table.add_column("verdict")
    for name, make in SHAPES.items():
        costs = {size: nanoseconds(make(size), origin, pack) for size in SIZES}
        last = make(SIZES[-1])
        verdict = read(last, origin, pack)
        told = verdict.reason if isinstance(verdict, Rejected) else "accepted"
        table.add_row(
            name,
            *(f"{cost:.1f}" for cost in costs.values()),
            f"{costs[SIZES[-1]] / costs[BASE_SIZE]:.2f}",
            f"{costs[SIZES[-1]] * len(last) / 1e6:.2f}",
            told,
        )
    console.print(table)
    return 0
