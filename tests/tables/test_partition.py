"""The partition as a whole: positions, what came in, the clock, digests."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from schemas import Rejected
from schemas.envelope import EVENTS
from streams.tables.arithmetic import FIGURES
from streams.tables.digest import content_digest, region_digests
from streams.tables.partition import Partition
from streams.tables.versions import TYPE_OF
from streams.tables.views import TABLES, document, rows
from tests.packs import small_pack
from tests.strategies import DAY, Record, accepted, record
from tests.tables.events import (
    clock,
    complaint,
    decision,
    event,
    figure,
    incident,
    notice,
    restriction,
    state,
    table,
    us,
)

REJECTED = Rejected("not_json", "no JSON", None)


def test_folding_counts_what_came_in_and_moves_the_position() -> None:
    """By topic; a rejected record moves it as well."""
    part = Partition(small_pack())
    one = accepted(incident())
    assert part.fold(one, "election.observer", 0) == "accepted"
    assert part.fold(one, "election.observer", 1) == "duplicate"
    assert part.fold(REJECTED, "election.observer", 2) == "rejected"
    late = Rejected("future_time", "", "election.desk.triage.v1")
    assert part.fold(late, "election.desk", 6) == "rejected"
    assert part.next == {"election.observer": 3, "election.desk": 7}
    assert part.outcomes == {
        ("election.observer", "accepted"): 1,
        ("election.observer", "duplicate"): 1,
        ("election.observer", "rejected"): 1,
        ("election.desk", "rejected"): 1,
    }
    assert table("rejected", part, "18:00", "topic", "type", "reason", "count") == [
        ("election.desk", "election.desk.triage.v1", "future_time", 1),
        ("election.observer", "", "not_json", 1),
    ]


def test_a_file_has_no_positions() -> None:
    """Folding without an offset leaves them alone."""
    part = Partition(small_pack())
    part.fold(accepted(incident()))
    assert part.next == {}
    assert document([part], small_pack(), 0)["positions"] == {}


def test_the_clock_only_goes_forward_and_touches_no_region() -> None:
    """And is no event of the election day."""
    part = Partition(small_pack())
    for now, outcome in (("12:00", "accepted"), ("12:00", "duplicate"), ("11:00", "superseded")):
        assert part.fold(accepted(_tick(now))) == outcome
        assert part.clock == us("12:00")
    assert part.regions == {}
    assert part.newest is None


def test_the_newest_event_time_is_kept() -> None:
    """Of any event but the clock's, whatever the order."""
    later, earlier = incident("a", "13:00"), restriction("b", "12:00")
    assert state(later, earlier).newest == us("13:00") == state(earlier, later).newest


def _tick(now: str) -> Record:
    body = {"about": {"region": "XX-A"}, "now": clock(now)}
    one = event("clock", "urn:test:desk", now, body, "c1")
    raw = json.loads(one.raw)
    del raw["data"]["about"]
    return one._replace(raw=json.dumps(raw).encode())


def test_a_report_in_two_regions_is_listed_over_all_partitions() -> None:
    """Until one of them is withdrawn, as a move does it."""
    here, there = state(incident("r")), state(incident("r", region="XX-B"))
    columns = ("kind", "report_id", "regions")
    for parts in ([here, there], [there, here]):
        found = rows("conflicts", parts, small_pack(), 0)
        assert [tuple(row[column] for column in columns) for row in found] == [
            ("two_regions", "r", ["XX-A", "XX-B"])
        ]
    assert len(rows("conflicts", [here, there], small_pack(), 0, "XX-B")) == 1
    assert rows("conflicts", [here, there], small_pack(), 0, "XX-C") == []
    moved = state(incident("r"), incident("r", revision=1, withdrawn=True))
    assert rows("conflicts", [moved, there], small_pack(), 0) == []


def test_a_note_in_two_regions_is_listed_as_a_report_is() -> None:
    """The country is one of them; until it is withdrawn in all but one."""
    here, there = notice("n", "a"), notice("n", "a", region="XX-B")
    (row,) = rows("conflicts", [state(here, there)], small_pack(), 0)
    assert (row["kind"], row["report_id"], row["regions"]) == ("two_regions", "n", ["XX", "XX-B"])
    assert row["type"] == "election.desk.notice.v1"
    moved = notice("n", "a", revision=1, withdrawn=True)
    assert rows("conflicts", [state(here, there, moved)], small_pack(), 0) == []


def test_a_complaint_in_two_regions_is_listed_for_it_counts_in_both() -> None:
    """Until it is withdrawn in one of them; a note of the same id is another thing."""
    here, there = complaint("c"), complaint("c", region="XX-B")
    (row,) = rows("conflicts", [state(here, there, notice("c", "a"))], small_pack(), 0)
    assert (row["kind"], row["report_id"], row["regions"]) == ("two_regions", "c", ["XX-A", "XX-B"])
    assert row["type"] == "election.desk.complaint.v1"
    moved = complaint("c", revision=1, withdrawn=True)
    assert rows("conflicts", [state(here, there, moved)], small_pack(), 0) == []


def test_a_region_asked_for_is_the_only_one_shown() -> None:
    """In every table that has regions; the digest stays the whole one's."""
    part = state(incident("a"), incident("b", region="XX-B"), figure("10:00", "40"))
    whole = document([part], small_pack(), us("12:00"))
    some = document([part], small_pack(), us("12:00"), region="XX-B")
    tables: Any = some["tables"]
    assert {row["region"] for found in tables.values() for row in found} == {"XX-B"}
    assert some["content_digest"] == whole["content_digest"]


def test_the_document_is_json_and_names_what_it_rests_on() -> None:
    """Election, pack, digest, positions of each partition, the moment."""
    part = Partition(small_pack(), 3)
    part.fold(accepted(incident()), "election.observer", 41)
    found = document([part], small_pack(), us("12:00"), names=["incidents"])
    assert json.loads(json.dumps(found)) == found
    assert found["election"] == "test-2030"
    assert found["acceptance"] == small_pack().acceptance_digest
    assert found["positions"] == {"election.observer": {"3": 42}}
    assert found["now"] == "2030-06-02T12:00:00Z"
    assert list(found["tables"]) == ["incidents"]  # type: ignore[call-overload]
    everything: Any = document([part], small_pack(), 0)["tables"]
    assert list(everything) == list(TABLES)


FULL: dict[str, tuple[Record, Record]] = {}
"""Of each type two events that differ in every field."""


def _pair(name: str, source: tuple[str, str], one: dict[str, Any], two: dict[str, Any]) -> None:
    found = [
        record(
            {
                "specversion": "1.0",
                "id": id_,
                "source": uri,
                "type": f"election.{name}.v1",
                "time": time,
                "election": "test-2030",
                "data": data,
            },
            DAY + timedelta(hours=23),
        )
        for id_, uri, time, data in (
            ("e1", source[0], clock("12:00"), one),
            ("e2", source[1], clock("12:00:00.000001"), two),
        )
    ]
    FULL[f"election.{name}.v1"] = (found[0], found[1])


OBSERVERS = ("urn:test:citizen", "urn:test:party")
ONE = {
    "report_id": "r1",
    "revision": 0,
    "region": "XX-A",
    "station": "A-1",
    "commission": "A",
    "observer": "o1",
    "observer_group": "citizen",
    "phase": "voting",
    "withdrawn": False,
}
TWO = {
    "report_id": "r2",
    "revision": 1,
    "region": "XX-A",
    "station": "A-2",
    "commission": None,
    "observer": "o2",
    "observer_group": "media",
    "phase": "counting",
    "withdrawn": True,
}
_pair(
    "observer.incident",
    OBSERVERS,
    {**ONE, "category": "campaigning", "severity": "low", "description": "a"},
    {**TWO, "category": "tampering", "severity": "high", "description": "b"},
)
_pair(
    "observer.restriction",
    OBSERVERS,
    {**ONE, "kind": "expelled", "lifted": clock("13:00"), "severity": "low", "description": "a"},
    {**TWO, "kind": "other", "lifted": None, "severity": "high", "description": None},
)
_pair(
    "observer.turnout",
    OBSERVERS,
    {**ONE, "method": "counted", "cumulative": 1, "registered": 9, "contest": "list"},
    {**TWO, "method": "told_by_commission", "cumulative": 2, "registered": 8, "contest": None},
)
_pair(
    "official.turnout",
    ("urn:test:official", "urn:test:official"),
    {
        "region": "XX-A",
        "station": "A-1",
        "publisher": "gazette",
        "as_of": clock("10:00"),
        "published": clock("10:30"),
        "source_url": "https://example.org/1",
        "contest": "list",
        "registered": 100,
        "voted": 40,
        "percent": "40.0",
        "revision": 0,
    },
    {
        "region": "XX-A",
        "station": "A-2",
        "publisher": "agency",
        "as_of": clock("10:01"),
        "published": None,
        "source_url": None,
        "contest": "district",
        "registered": 101,
        "voted": 41,
        "percent": "40.00",
        "revision": 1,
    },
)
ABOUT = {"source": "urn:test:citizen", "region": "XX-A", "report_id": "r1"}
_pair(
    "desk.triage",
    ("urn:test:desk", "urn:test:desk"),
    {
        "about": ABOUT,
        "revision": 0,
        "status": "confirmed",
        "severity": "low",
        "note": "a",
        "decided_by": "d1",
    },
    {
        "about": {**ABOUT, "report_id": "r2"},
        "revision": 1,
        "status": "rejected",
        "severity": "high",
        "note": "b",
        "decided_by": "d2",
    },
)
VISIT = {"arrived": clock("08:00"), "left": clock("08:30"), "rating": "bad"}
_pair(
    "observer.visit",
    OBSERVERS,
    {**ONE, **VISIT, "answers": {"box_sealed": "yes"}},
    {
        **TWO,
        "station": "A-2",
        "arrived": clock("07:59"),
        "left": None,
        "rating": "good",
        "answers": {"box_sealed": "no"},
    },
)
PROTOCOL = {name: 100 + place for place, name in enumerate(FIGURES)}
OTHER = {name: 200 + place for place, name in enumerate(FIGURES)}
_pair(
    "observer.protocol",
    OBSERVERS,
    {
        **ONE,
        **PROTOCOL,
        "votes": {"a": 1, "b": 2},
        "contest": "list",
        "protocol_time": clock("20:00"),
    },
    {
        **TWO,
        **OTHER,
        "votes": {"a": 1, "b": 3},
        "contest": "district",
        "protocol_time": clock("20:01"),
    },
)
OFFICIAL = ("urn:test:official", "urn:test:official")
_pair(
    "official.protocol",
    OFFICIAL,
    {
        **PROTOCOL,
        "region": "XX-A",
        "station": "A-1",
        "commission": "A",
        "votes": {"a": 1},
        "contest": "list",
        "publisher": "gazette",
        "published": clock("21:00"),
        "source_url": "https://example.org/1",
        "revision": 0,
    },
    {
        **OTHER,
        "region": "XX-A",
        "station": "A-2",
        "commission": None,
        "votes": {"a": 1, "b": 0},
        "contest": "district",
        "publisher": "agency",
        "published": clock("21:01"),
        "source_url": None,
        "revision": 1,
    },
)
_pair(
    "official.opening",
    OFFICIAL,
    {
        "region": "XX-A",
        "publisher": "gazette",
        "as_of": clock("08:00"),
        "published": clock("08:30"),
        "source_url": "https://example.org/1",
        "revision": 0,
        "open": 2,
        "expected": 3,
    },
    {
        "region": "XX-A",
        "publisher": "agency",
        "as_of": clock("08:01"),
        "published": None,
        "source_url": None,
        "revision": 1,
        "open": 3,
        "expected": None,
    },
)
DESK = ("urn:test:desk", "urn:test:desk")
_pair(
    "desk.notice",
    DESK,
    {"notice_id": "n1", "revision": 0, "region": "XX-A", "text": "a", "withdrawn": False},
    {"notice_id": "n2", "revision": 1, "region": "XX-A", "text": "b", "withdrawn": True},
)
_pair(
    "desk.complaint",
    DESK,
    {
        "complaint_id": "c1",
        "revision": 0,
        "region": "XX-A",
        "station": "A-1",
        "commission": "A",
        "filed": clock("08:00"),
        "subject": "access",
        "decided": clock("09:00"),
        "published": clock("10:00"),
        "outcome": "upheld",
        "withdrawn": False,
    },
    {
        "complaint_id": "c2",
        "revision": 1,
        "region": "XX-A",
        "station": "A-2",
        "commission": None,
        "filed": clock("08:01"),
        "subject": "counting",
        "decided": clock("09:01"),
        "published": None,
        "outcome": None,
        "withdrawn": True,
    },
)
ENVELOPE = ("id", "source", "time")
# Changed in events of their own below: alone they would not be valid.
APART = {"region", "interval", "duplicate_of"}


def digest(*records: Record) -> str:
    return content_digest("acceptance", region_digests([state(*records)]))


@pytest.mark.parametrize("name", [name for name in EVENTS if name != "election.clock.v1"])
def test_every_field_of_an_event_is_in_the_digest(name: str) -> None:
    """Changing any one of them changes it, with the other event beside it or alone."""
    one, two = FULL[name]
    data = next(model for model, type_ in TYPE_OF.items() if type_ == name)
    names = {field.name for field in fields(data)} - APART
    assert names <= set(one.event["data"]) | APART
    seen = {digest(one)}
    for place in (*ENVELOPE, *sorted(names)):
        changed = one.event
        if place in ENVELOPE:
            changed[place] = two.event[place]
            if one.event[place] == two.event[place]:
                continue
        else:
            changed["data"][place] = two.event["data"][place]
        found = digest(record(changed, DAY + timedelta(hours=23)))
        assert found not in seen, place
        seen.add(found)


def test_places_and_parts_of_counts_are_in_the_digest() -> None:
    """The region, each part of an interval, the report that a decision names as the first."""
    base = {**ONE, "station": "A-1", "commission": None, "method": "counted"}
    parts = {"from": clock("10:00"), "to": clock("11:00"), "voters": 5}
    others = {"from": clock("10:01"), "to": clock("11:01"), "voters": 6}
    intervals = [parts, *({**parts, name: value} for name, value in others.items())]
    found = [
        digest(event("observer.turnout", OBSERVERS[0], "12:00", {**base, "interval": one}, "e"))
        for one in intervals
    ]
    found += [digest(incident(id_="e")), digest(incident(id_="e", region="XX-B"))]
    found += [
        digest(decision("r1", "duplicate", "e", duplicate_of=ABOUT | other))
        for other in ({"report_id": "r3"}, {"region": "XX-B"}, {"source": OBSERVERS[1]})
    ]
    assert len(set(found)) == len(found)


def test_the_digest_knows_the_pack_and_combines_by_region() -> None:
    """Workers' region digests, put together, are the digest of the whole."""
    here, there = incident("a"), incident("b", region="XX-B")
    apart = region_digests([state(here)]) | region_digests([state(there)])
    assert content_digest("x", apart) == content_digest("x", region_digests([state(here, there)]))
    assert content_digest("x", apart) != content_digest("y", apart)


def test_the_same_moment_with_another_offset_is_the_same_event() -> None:
    """Times are compared and digested as moments, not as they are spelled."""
    east = incident(id_="e").event
    east["time"] = "2030-06-02T18:00:00+06:00"
    same = record(east, DAY + timedelta(hours=13))
    part = state(incident(id_="e"))
    assert part.apply(accepted(same)) == "duplicate"
    assert digest(incident(id_="e")) == digest(same)


def test_made_up_types_are_counted_as_one() -> None:
    """A sender of a thousand types makes one cell, not a thousand."""
    part = Partition(small_pack())
    for n in range(1000):
        part.fold(Rejected("unknown_type", "type", f"made.up.{n}"), "test.observer")
    part.fold(Rejected("not_json", "line 1", None), "test.observer")
    assert part.rejected == {
        ("test.observer", "other", "unknown_type"): 1000,
        ("test.observer", "", "not_json"): 1,
    }
