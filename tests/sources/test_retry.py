"""A rejected event with its fields changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Accepted, Origin, Rejected, read
from streams.errors import UserError
from streams.settings import TopicSettings
from streams.sources.placing import Placed, place
from streams.sources.retry import edited, read_edits
from tests.packs import small_pack
from tests.schemas.examples import EVENTS_BY_TYPE, RECORD_TIME, changed, encoded, incident

PACK = small_pack()
TOPICS = TopicSettings(prefix="test", partitions=7, replication=1)


@given(st.binary(max_size=200))
def test_without_edits_the_very_bytes_come_back(raw: bytes) -> None:
    """Whatever they are."""
    assert edited(raw, {}) == raw


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("data.region=KZ-61", ("data", "region"), "KZ-61"),
        ("data.percent=54.09", ("data", "percent"), 54.09),
        ('data.percent="54.09"', ("data", "percent"), "54.09"),
        ("data.withdrawn=true", ("data", "withdrawn"), True),
        ("data.observer=null", ("data", "observer"), None),
        ("data.note=a=b", ("data", "note"), "a=b"),
        ("subject=", ("subject",), ""),
    ],
)
def test_a_value_is_json_or_text(text: str, path: tuple[str, ...], value: object) -> None:
    """As the help says."""
    assert read_edits([text]) == {path: value}


def test_a_file_holds_the_same_edits(tmp_path: Path) -> None:
    """Dotted keys or tables; TOML's times become text; what comes later wins."""
    file = tmp_path / "fix.toml"
    file.write_text(
        'time = 2023-03-19T10:00:00+06:00\ndata.region = "A"\n[data.votes]\nx = 3\n',
        encoding="utf-8",
    )
    assert read_edits([str(file), "data.region=B"]) == {
        ("time",): "2023-03-19T10:00:00+06:00",
        ("data", "region"): "B",
        ("data", "votes", "x"): 3,
    }


@pytest.mark.parametrize("text", ["", "region", "=x", "a..b=1", ".=1", "nowhere.toml"])
def test_what_is_no_edit_is_told(text: str) -> None:
    """With the text and what it should be."""
    with pytest.raises(UserError, match="--edit"):
        read_edits([text])


def test_a_faulty_file_is_told(tmp_path: Path) -> None:
    """With its name."""
    file = tmp_path / "fix.toml"
    file.write_bytes(b"\xff = 1")
    with pytest.raises(UserError, match=r"fix\.toml: not TOML"):
        read_edits([str(file)])


def test_fields_are_changed_added_and_taken_away() -> None:
    """And nothing else is; text that is not ASCII stays as it was."""
    event = changed(incident(), {"data.description": "сюда \ud800"})
    edits = read_edits(["data.region=XX-B", "data.station=null", "data.absent=null", "a.b.c=[1]"])
    after = json.loads(edited(encoded(event), edits))
    wanted = changed(event, {"data.region": "XX-B", "data.station": ..., "a": {"b": {"c": [1]}}})
    assert after == wanted


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"3", b"[]", b"[" * 60_000, b'{"data": 3}'])
def test_what_cannot_be_edited_is_told(raw: bytes) -> None:
    """No JSON, no object, a path through what is no object."""
    with pytest.raises(UserError):
        edited(raw, {("data", "region"): "X"})


@pytest.mark.parametrize("type_", [t for t in sorted(EVENTS_BY_TYPE) if "clock" not in t])
def test_every_type_is_placed_where_a_worker_takes_it(type_: str) -> None:
    """Right topic, key and partition, as the reader of the log judges."""
    raw = encoded(EVENTS_BY_TYPE[type_]())
    placed = place(raw, PACK, TOPICS, RECORD_TIME)
    assert isinstance(placed, Placed)
    origin = Origin(placed.topic, placed.partition, 7, placed.key, RECORD_TIME)
    assert isinstance(read(placed.raw, origin, PACK), Accepted)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (changed(incident(), {"data.region": "NOWHERE"}), "unknown_region"),
        (changed(incident(), {"time": "2999-01-01T00:00:00Z"}), "future_time"),
        (EVENTS_BY_TYPE["election.clock.v1"](), "misrouted"),
    ],
)
def test_what_a_worker_would_reject_is_not_placed(event: dict[str, Any], reason: str) -> None:
    """Also for what needs the record: times in the future, the player's clock."""
    result = place(encoded(event), PACK, TOPICS, RECORD_TIME)
    assert isinstance(result, Rejected)
    assert result.reason == reason
