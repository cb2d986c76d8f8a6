"""The quick decoder: what it decodes the models read alike, and it decodes all that is common."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import SHAPES, SIZES
from docs.generate import FILLING
from docs.generate.filling import modules
from schemas import Accepted, Origin, Rejected, read
from schemas.decoding import quick_decoder
from schemas.envelope import EVENTS, MAX_EVENT_BYTES
from schemas.pack import Pack
from schemas.reading import read_by_models
from streams.packs import load_pack
from tests.contracts.test_accepted import RELEASES, lines_of, pack_of
from tests.packs import small_pack
from tests.schemas.examples import EVENTS_BY_TYPE, encoded, incident
from tests.strategies import Record, records

quick = cache(quick_decoder)


def same(raw: bytes, pack: Pack, origin: Origin | None = None) -> Accepted | Rejected:
    """Reads ``raw`` both ways, which must not differ in anything."""
    if len(raw) > MAX_EVENT_BYTES:
        return read(raw, origin, pack)
    found, slow = read(raw, origin, pack), read_by_models(raw, origin, pack)
    if isinstance(found, Rejected):
        found = found._replace(urgent=False)
    assert found == slow
    if isinstance(found, Accepted) and isinstance(slow, Accepted):
        assert list(values(found.event)) == list(values(slow.event))
    return found


def values(made: Any) -> Iterator[object]:
    """All that is in an event, with classes: 1 is not True. Times with the offset as printed."""
    yield made.__class__
    if dataclasses.is_dataclass(made):
        for field in dataclasses.fields(made):
            yield from values(getattr(made, field.name))
    else:
        yield made
        yield made.utcoffset() if hasattr(made, "utcoffset") else None


def test_every_type_is_decoded_quickly() -> None:
    """One example each; a new kind of field would be left to the models, and slow."""
    for type_, make in EVENTS_BY_TYPE.items():
        raw = encoded(make())
        assert quick()(raw) is not None, type_
        same(raw, small_pack())
    assert EVENTS_BY_TYPE.keys() == EVENTS.keys()


def test_what_fills_the_models_is_written_from_them() -> None:
    """A field more or fewer, a type of event: `make docs` writes what is committed."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in FILLING.glob("*.py")}
    del texts["__init__.py"]
    assert texts == modules()


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: str(folder.name))
def test_what_releases_accepted(folder: Any) -> None:
    """Every field there, null and away, every value, times in every spelling."""
    lines = lines_of(folder)
    for raw in lines:
        same(raw, pack_of(folder))
    # A small "z" is rare, and left to the models.
    assert not [raw for raw in lines if quick()(raw) is None and not re.search(rb'\dz"', raw)]


@pytest.mark.parametrize("name", SHAPES)
def test_the_worst_shapes(name: str) -> None:
    """All sizes, whole and cut off."""
    pack = load_pack("kazakhstan-2023")
    for size in SIZES[:3]:
        raw = SHAPES[name](size)
        same(raw, pack)
        same(raw[:-1], pack)
    quick()(SHAPES[name](SIZES[-1]))


TIMES = (
    "2030-06-02T08:00:00Z",
    "2030-06-02t08:00:00z",
    "2030-06-02T08:00:00.123456789+06:00",
    "2030-06-02T08:00:00.9999999Z",
    "2030-06-02T08:00:00.1234567890Z",
    "2030-06-02T08:00:00-00:00",
    "2030-06-02T08:00:00+23:59",
    "2030-06-02T08:00:00+24:00",
    "2030-06-02T08:00:00+06",
    "2030-06-02T08:00:00+0600",
    "2030-06-02T08:00:00+06:00:30",
    "2030-06-02T08:00:00",
    "2030-06-02T08:00Z",
    "2030-06-02 08:00:00Z",
    "2030-06-02T08:00:60Z",
    "2030-06-02T24:00:00Z",
    "2030-06-02T08:00:00,5Z",
    "2030-06-02T08:00:00.Z",
    "2030-02-29T08:00:00Z",
    "2032-02-29T08:00:00Z",
    "1970-01-01T00:00:00Z",
    "1970-01-01T00:00:00+23:59",
    "1969-12-31T23:59:59Z",
    "8999-12-31T23:59:59-23:59",
    "9000-01-01T00:00:00Z",
    "2030-W22-7T08:00:00Z",
    "20300602T080000Z",
    "2030-06-02T08:00:00Z\n",
    "２０30-06-02T08:00:00Z",
    "2030-06-02T08:00:00+0６:00",
    "1900000000",
    "",
)
TEXTS = (
    "",
    "x",
    "x" * 64,
    "x" * 65,
    "x" * 128,
    "x" * 129,
    "é",
    "a b",
    "a\x7f",
    "a\n",
    "a\x00",
    "~!",
)
ODD: tuple[Any, ...] = (
    *TIMES, *TEXTS, "KZ-75", "9.5", "9999.12345678", "yes",
    0, 1, -1, 1.0, 2_000_000_000, 2_000_000_001, 10**30, True, False, None,
    [], {}, {"x": "yes"}, {"x": 1, "é": 2}, {"x": True}, [["x", "yes"]],
)  # fmt: skip


def paths(event: Any) -> list[tuple[str, ...]]:
    """Where a value of an event is."""
    found: list[tuple[str, ...]] = []
    for key, value in event.items():
        found.append((key,))
        if isinstance(value, dict):
            found += [(key, *path) for path in paths(value)]
    return found


@st.composite
def changed_events(draw: st.DrawFn) -> bytes:
    """An event of any type, some values of which are others, away, or there for nothing."""
    event = draw(records()).event
    for _ in range(draw(st.integers(0, 3))):
        *holders, last = draw(st.sampled_from(paths(event)))
        holder = event
        for name in holders:
            holder = holder[name]
        action = draw(st.sampled_from(("put", "put", "put", "away", "more")))
        if action == "away":
            del holder[last]
        elif action == "put":
            holder[last] = deepcopy(draw(st.sampled_from(ODD)))
        else:
            holder[
                draw(st.sampled_from(("x", "note", "station", "revision", "contest", "left")))
            ] = draw(st.sampled_from(ODD))
        if not isinstance(holder, dict) or not event:
            break
    return json.dumps(event, ensure_ascii=draw(st.booleans())).encode()


@given(changed_events())
@settings(max_examples=400)
def test_an_event_with_other_values(raw: bytes) -> None:
    """Whether good or bad."""
    same(raw, small_pack())


@given(records(), st.data())
@settings(max_examples=200)
def test_an_event_in_its_place_in_the_log(one: Record, data: st.DataObject) -> None:
    """With what is held against the record: clocks that are ahead, wrong keys and topics."""
    same(one.raw, small_pack(), one.origin)
    shift = data.draw(st.sampled_from((-90_000_000, -3_600_000, 0, 3_600_000)))
    key = data.draw(st.sampled_from((one.origin.key, b"XX-A", None)))
    moved = one.origin._replace(timestamp=one.origin.timestamp + shift, key=key)
    same(one.raw, small_pack(), moved)


PIECES = (
    b'"', b"\\", b"\\u0061", b"\\ud83d", b"\\ude00", b"\\u0000", b"\x00", b"\n", b" ", b"\t",
    b"\x0c", b"\xff", b"\xed\xa0\x80", b"\xc3\xa9", b"\xef\xbb\xbf", b",", b":", b"{", b"}", b"[",
    b"]", b"null", b"true", b"0", b"-", b".0", b"e1", b"NaN", b"Infinity", b"//", b"'",
    b'"type":"election.clock.v1",', b'"t\\u0079pe":"x",', b'"revision":1,', b'"revision":"1",',
    b'"x":1,', b'"data":{},',
)  # fmt: skip


@given(records(), st.lists(st.tuples(st.integers(0), st.sampled_from(PIECES), st.integers(0, 2))))
@settings(max_examples=400)
def test_bytes_put_in_and_taken_out(one: Record, cuts: list[tuple[int, bytes, int]]) -> None:
    """Anywhere: broken escapes and encodings, names twice, numbers of other forms."""
    raw = one.raw
    for at, piece, gone in cuts[:3]:
        place = at % (len(raw) + 1)
        raw = raw[:place] + piece + raw[place + gone :]
    same(raw, small_pack())


@pytest.mark.parametrize("piece", PIECES)
def test_each_piece_at_every_place(piece: bytes) -> None:
    """Of one event."""
    raw = encoded(incident())
    for at in range(len(raw) + 1):
        same(raw[:at] + piece + raw[at:], small_pack())


@pytest.mark.parametrize("text", TIMES)
def test_times(text: str) -> None:
    """Whatever Python or msgspec may take for a time, the models' pattern decides."""
    event = incident()
    event["time"] = text
    same(encoded(event), small_pack())


def test_members_of_an_object_again_and_again() -> None:
    """More of them than may be, but for those that come twice."""
    event = json.loads(encoded(EVENTS_BY_TYPE["election.observer.protocol.v1"]()))
    event["data"]["votes"] = {"@": 0}
    for names, again in ((999, 1), (999, 5), (1000, 1), (1001, 1), (500, 2)):
        members = ",".join(f'"c{n}":{turn}' for turn in range(again) for n in range(names))
        same(json.dumps(event).replace('"@": 0', members).encode(), small_pack())
