"""What changed between two states: complete in its rows, and true in its causes."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import read
from schemas.canonical import canonical
from schemas.envelope import EVENTS
from schemas.pack import Pack
from streams.archive.differing import FED_BY, Cause, _causes, _Event, differences, paired
from streams.archive.replay import Replay
from streams.packs import load_pack
from streams.tables.view import Row
from streams.tables.views import TABLES, rows
from tests.worker.sample import (
    OBSERVERS,
    PACK,
    Event,
    encoded,
    incident,
    official,
    restriction,
    sample,
    triage,
)

UNTIL = 1_679_240_000_000_000
"""After everything of the day: both states are looked at from one moment."""


@cache
def _pack() -> Pack:
    return load_pack(PACK)


@cache
def _events(seed: int) -> tuple[Event, ...]:
    return tuple(sample(150, seed=seed, bad=0))


def state(*events: Event, now: int = UNTIL) -> Replay:
    """What some events come to."""
    replay = Replay(_pack(), now)
    for number, event in enumerate(events):
        replay.take(str(number), read(event.value or b"", None, _pack()))
    return replay


def spelt(found: list[Row]) -> Counter[bytes]:
    """Rows to be counted."""
    return Counter(canonical(row) for row in found)


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 150), st.integers(0, 150))
def test_the_changes_turn_the_one_state_into_the_other(a: int, b: int, m: int, n: int) -> None:
    """In every table: its rows without those that are gone, and with those that came."""
    first, second = state(*_events(a)[:m]), state(*_events(b)[:n])
    _, changes = differences(first, second)
    for name in TABLES:
        turned = spelt(rows(name, first.parts, _pack(), UNTIL))
        mine = [change for change in changes if change.table == name]
        turned.subtract(spelt([change.before for change in mine if change.before is not None]))
        turned.update(spelt([change.after for change in mine if change.after is not None]))
        assert +turned == spelt(rows(name, second.parts, _pack(), UNTIL))
        assert all(number >= 0 for number in turned.values())


@given(st.integers(0, 3), st.integers(1, 149))
def test_one_event_is_the_cause_of_all_that_it_changes(seed: int, number: int) -> None:
    """Of every row that differs with it and without it, in every table; and of nothing else."""
    before = _events(seed)[:number]
    events, changes = differences(state(*before), state(*before, _events(seed)[number]))
    assert len(events) <= 1
    for change in changes:
        assert change.causes == events, change


def test_a_decision_is_a_cause_by_what_its_report_says() -> None:
    """The row that lost a report and the row that has it now are one change of both."""
    known = [encoded(incident(n, "KZ-75", category="tension"), "observer") for n in range(3)]
    decided = encoded(triage(1, "KZ-75", status="confirmed"), "desk")
    other = encoded(triage(9, "KZ-75", status="confirmed"), "desk")
    _, changes = differences(state(*known), state(*known, decided, other), ["incidents"])
    counts = [[row and row["reports"] for row in (c.before, c.after)] for c in changes]
    assert counts == [[3, 2], [None, 1]]
    for change in changes:
        assert [cause.id for cause in change.causes] == ["d1"]


def test_a_decision_about_a_restriction_is_no_cause_of_incidents() -> None:
    """Nothing in its words contradicts a row of incidents; what it is about does."""
    known = [encoded(restriction(4, "KZ-75"), "observer")]
    decided = encoded(triage(4, "KZ-75", status="confirmed"), "desk")
    new = encoded(incident(1, "KZ-75", category="tension"), "observer")
    _, changes = differences(state(*known), state(*known, decided, new))
    told = {change.table: {cause.id for cause in change.causes} for change in changes}
    assert told["incidents"] == {"i1-0"}
    assert told["restrictions"] == {"d4"}


def test_a_report_of_another_phase_is_the_cause_of_who_was_heard() -> None:
    """Rows of one phase give the last report of any."""
    row: dict[str, object] = {
        "region": "R",
        "station": "1",
        "source": "s",
        "phase": "opening",
        "last_report": None,
    }
    at = Cause("R", "election.observer.incident.v1", "s", "e", False)
    said = [{"source": "s", "report_id": "r", "station": "1", "phase": "voting"}]
    event = _Event(at, said, {at.type}, False)
    assert list(_causes("silent", row, None, [event], "C")) == [at]
    assert list(_causes("incidents", row, None, [event], "C")) == []


def test_causes_are_of_the_region_the_type_and_the_cell() -> None:
    """Another region's, another table's or another category's events are not blamed."""
    extra = [
        encoded(incident(1, "KZ-75", category="tension"), "observer"),
        encoded(incident(2, "KZ-61", category="tension"), "observer"),
        encoded(incident(3, "KZ-75", category="secrecy"), "observer"),
        encoded(restriction(4, "KZ-75"), "observer"),
        encoded(official(5, "KZ-75"), "official"),
    ]
    events, changes = differences(state(), state(*extra))
    assert {event.id for event in events} == {"i1-0", "i2-0", "i3-0", "x4-0", "o5"}
    told = {
        (change.region, change.after["category"]): [cause.id for cause in change.causes]
        for change in changes
        if change.table == "incidents" and change.after is not None
    }
    assert told == {
        ("KZ-61", "tension"): ["i2-0"],
        ("KZ-75", "secrecy"): ["i3-0"],
        ("KZ-75", "tension"): ["i1-0"],
    }


def test_what_is_gone_is_told_as_gone() -> None:
    """The other way round the same events are missing."""
    event = encoded(incident(1, "KZ-75"), "observer")
    events, changes = differences(state(event), state())
    assert events == [Cause("KZ-75", "election.observer.incident.v1", OBSERVERS[0], "i1-0", True)]
    assert all(change.after is None for change in changes if change.table == "incidents")


def test_equal_states_do_not_differ() -> None:
    """In whatever order they came about."""
    events = _events(1)
    assert differences(state(*events), state(*reversed(events))) == ([], [])


def test_a_figure_that_only_grew_older_is_no_change() -> None:
    """An hour later the one row that a new figure made is all that differs, and is its doing."""
    known = [encoded(official(n, region), "official") for n, region in ((1, "KZ-75"), (2, "KZ-61"))]
    new = encoded(official(3, "KZ-75", 3600), "official")
    names = ("turnout", "results_published")
    later = UNTIL + 3_600_000_000
    ages = [
        row["age_seconds"]
        for now in (UNTIL, later)
        for row in rows("turnout", state(*known).parts, _pack(), now)
    ]
    assert len(set(ages) - {None}) > 1
    assert differences(state(*known), state(*known, now=later), names) == ([], [])
    events, changes = differences(state(*known), state(*known, new, now=later), names)
    assert changes
    assert {change.region for change in changes} <= {"KZ-75", _pack().country}
    assert all(change.causes == events for change in changes)


def test_only_what_was_asked_for() -> None:
    """One table, one region."""
    _, changes = differences(state(), state(*_events(2)), ["incidents"], "KZ-75")
    assert {(change.table, change.region) for change in changes} == {("incidents", "KZ-75")}


def test_the_causes_of_the_rows_that_were_asked_for_are_listed() -> None:
    """Those of another region too, where one id lives in both; but nothing else of there."""
    one, other = (encoded(incident(1, region), "observer") for region in ("KZ-75", "KZ-61"))
    more = encoded(incident(2, "KZ-61"), "observer")
    events, changes = differences(state(one), state(one, other, more), ["conflicts"], "KZ-75")
    assert [change.after and change.after["kind"] for change in changes] == ["two_regions"]
    assert [(event.region, event.id) for event in events] == [("KZ-61", "i1-0")]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1, "b": 2, "n": 3}, {"a": 1, "b": 2, "n": 4}, 1),
        ({"a": 1, "b": 2, "n": 3}, {"a": 1, "b": 9, "n": 3}, 2),
        ({"a": 1, "b": 2, "age_seconds": 3}, {"a": 1, "b": 2, "age_seconds": 4}, 0),
        ({"a": 1, "b": 2, "age_seconds": 3}, {"a": 1, "b": 2, "age_seconds": None}, 0),
        ({"a": 1, "age_seconds": 3, "b": 2, "n": 5}, {"a": 1, "age_seconds": 4, "b": 2, "n": 6}, 1),
    ],
)
def test_rows_are_one_that_changed_if_they_begin_alike(
    before: Row, after: Row, expected: int
) -> None:
    """By two columns at least, else one went and another came; by no column that is an age."""
    assert len(list(paired([before], [after]))) == expected


def test_what_feeds_a_table_is_of_the_catalogue() -> None:
    """No table and no type that there is not."""
    assert set(FED_BY) <= set(TABLES)
    assert {type_ for types in FED_BY.values() for type_ in types} <= set(EVENTS)
