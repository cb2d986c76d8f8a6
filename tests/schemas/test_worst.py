"""The worst that 64 KiB can hold comes to a verdict; what that costs is in benchmarks/fuzz.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import SHAPES, SIZES, nanoseconds
from schemas import Accepted, Origin, Rejected, read
from schemas.envelope import MAX_EVENT_BYTES
from schemas.routing import partition_of
from streams.packs import load_pack
from tests.contracts.documents import PATIENT, events_of, today
from tests.data import ROOT
from tests.schemas.test_reading import is_total

PACK = load_pack("kazakhstan-2023")
ORIGIN = Origin("election.observer", partition_of("KZ-75", 12), 12, b"KZ-75", 1_950_000_000_000)


@pytest.mark.parametrize("name", SHAPES)
def test_each_of_the_worst_shapes_comes_to_a_verdict(name: str) -> None:
    """At every size that is measured, and they fill that size."""
    for size in SIZES:
        raw = SHAPES[name](size)
        assert 0.9 * size < len(raw) <= size
        is_total(raw)
        assert not _too_large(read(raw, ORIGIN, PACK))
        assert _too_large(read(raw.ljust(MAX_EVENT_BYTES + 1), ORIGIN, PACK))


def _too_large(verdict: Accepted | Rejected) -> bool:
    return isinstance(verdict, Rejected) and verdict.reason == "too_large"


def test_the_shapes_reach_every_part_of_the_reader() -> None:
    """Some are accepted, others are refused as JSON, as envelope or as data."""
    verdicts = [read(make(SIZES[0]), ORIGIN, PACK) for make in SHAPES.values()]
    reasons = {each.reason for each in verdicts if isinstance(each, Rejected)}
    assert {"not_json", "unknown_type", "invalid_data"} <= reasons
    assert any(isinstance(each, Accepted) for each in verdicts)
    assert nanoseconds(b"{}", ORIGIN, PACK) > 0


def test_a_crowd_is_refused_as_a_whole_and_for_the_same_reason() -> None:
    """Thousands of members get one line; what is wrong before the data is said before it."""
    crowd = json.dumps({f"k{n}": 1 for n in range(3000)})[1:]
    for name, told in (("unknown fields of data", "data: "), ("wrong votes", "data.votes: ")):
        verdict = read(SHAPES[name](SIZES[-1]), ORIGIN, PACK)
        assert isinstance(verdict, Rejected)
        assert verdict.reason == "invalid_data"
        assert verdict.detail.startswith(told)
        assert verdict.detail.endswith("members, allowed are 1000")
    for text, reason in (
        ('{"type": 1, "data": {' + crowd + "}", "bad_envelope"),
        ('{"type": "no.such", "data": {' + crowd + "}", "bad_envelope"),
        ('{"data": {' + crowd, "not_json"),
        ("{" + crowd, "bad_envelope"),
    ):
        verdict = read(text.encode(), ORIGIN, PACK)
        assert isinstance(verdict, Rejected)
        assert verdict.reason == reason


def test_as_many_contestants_as_are_allowed() -> None:
    """A thousand are read one by one, and each of them is checked."""
    votes = {f"c{n}": n for n in range(1000)}
    copy = {**EXAMPLE, "data": {**EXAMPLE["data"], "votes": votes}}
    assert isinstance(read(json.dumps(copy).encode(), None, PACK), Accepted)
    copy["data"]["votes"]["c7"] = -1
    verdict = read(json.dumps(copy).encode(), None, PACK)
    assert isinstance(verdict, Rejected)
    assert "data.votes" in verdict.detail
    assert "members" not in verdict.detail


EXAMPLE: dict[str, Any] = json.loads(
    (ROOT / "docs" / "examples" / "observer-protocol.jsonl").read_text(encoding="utf-8")
)


KEYS = st.sampled_from(["type", "data", "id", "votes", "region", "", "\\ud800", "\x00", "é"])
VALUES = st.sampled_from(['"\\ud800"', "1" + "0" * 400, "-1e999", '"\\u0000"', "[[[[]]]]", "null"])


@pytest.mark.parametrize("type_", sorted(today()))
@settings(max_examples=25, suppress_health_check=PATIENT)
@given(data=st.data())
def test_events_of_each_type_with_bytes_put_in_come_to_a_verdict(
    type_: str, data: st.DataObject
) -> None:
    """Made from the published schema; then keys twice, surrogates, huge numbers, cuts."""
    schema = today()[type_]
    event: dict[str, Any] = data.draw(events_of(schema))
    raw = json.dumps(event, ensure_ascii=data.draw(st.booleans())).encode()
    is_total(raw)
    pair = f'"{data.draw(KEYS)}":{data.draw(VALUES)}'.encode()
    places = [at for at, byte in enumerate(raw) if byte == ord("{")]
    at = data.draw(st.sampled_from(places)) + 1
    comma = b"" if raw[at : at + 1] == b"}" else b","
    is_total(raw[:at] + pair + comma + raw[at:])
    at = data.draw(st.integers(0, len(raw)))
    is_total(raw[:at] + data.draw(st.binary(max_size=4)) + raw[at + data.draw(st.integers(0, 9)) :])
