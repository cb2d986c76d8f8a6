"""Incidents: counts, the desk's say, rolling windows."""

from __future__ import annotations

import pytest

from tests.tables.events import decision, incident, outcomes, restriction, state, table

WINDOWS = ("window", "reports")


def test_incidents_are_counted_by_what_they_say() -> None:
    """Equal reports add up, different ones are rows of their own."""
    part = state(incident("a"), incident("b"), incident("c", severity="high"))
    columns = ("category", "severity", "phase", "status", "reports")
    assert table("incidents", part, "18:00", *columns) == [
        ("campaigning", "high", "voting", "reported", 1),
        ("campaigning", "low", "voting", "reported", 2),
    ]


def test_the_highest_revision_counts_whichever_came_last() -> None:
    """A correction moves the report; an older version that comes later changes nothing."""
    first, second = incident(revision=0), incident(revision=1, severity="critical")
    for order in ((first, second), (second, first)):
        assert table("incidents", state(*order), "18:00", "severity") == ["critical"]
    assert outcomes(first, second) == ["accepted", "accepted"]
    assert outcomes(second, first) == ["accepted", "superseded"]


def test_a_withdrawn_report_counts_nowhere_but_stays() -> None:
    """Gone from every count, with its correction on record."""
    part = state(incident(), incident(revision=1, withdrawn=True))
    assert table("incidents", part) == table("incidents_recent", part, "12:00") == []
    assert table("corrections", part, "18:00", "withdrawn", "fields") == [(True, ["withdrawn"])]
    back = state(incident(), incident(revision=1, withdrawn=True), incident(revision=2))
    assert table("incidents", back, "18:00", "reports") == [1]


def test_the_same_event_twice_is_one() -> None:
    """The outcome says so, and nothing changes."""
    one = incident()
    assert outcomes(one, one) == ["accepted", "duplicate"]
    assert state(one, one).regions["XX-A"].changes == 1
    assert state(one, one).regions["XX-A"].position == 2


def test_of_one_revision_the_higher_id_counts() -> None:
    """And the two are listed as a conflict."""
    low, high = incident(id_="1", severity="low"), incident(id_="2", severity="high")
    for order in ((low, high), (high, low)):
        part = state(*order)
        assert table("incidents", part, "18:00", "severity") == ["high"]
        assert table("conflicts", part, "18:00", "kind", "revision", "versions", "fields") == [
            ("same_revision", 0, 2, ["severity"])
        ]
        assert table("corrections", part) == []


def test_the_same_content_under_two_ids_is_no_conflict() -> None:
    """A report that was sent again with another id says nothing else."""
    part = state(incident(id_="1"), incident(id_="2"))
    assert table("conflicts", part) == []
    assert table("incidents", part, "18:00", "reports") == [1]


def test_an_incident_may_become_a_restriction() -> None:
    """A later revision of another type moves the report to the other table."""
    part = state(incident("r"), restriction("r", revision=1))
    assert table("incidents", part) == []
    assert table("restrictions", part, "13:00", "kind", "open") == [("expelled", 1)]
    (fields,) = table("corrections", part, "18:00", "fields")
    assert fields == ["category", "kind", "severity", "type"]


def test_the_desk_decides_status_and_severity() -> None:
    """Its severity overrides the report's; without one the report's stays."""
    part = state(incident(), decision("i1", "escalated", severity="critical"))
    columns = ("severity", "status")
    assert table("incidents", part, "18:00", *columns) == [("critical", "escalated")]
    part = state(incident(), decision("i1", "under_review"))
    assert table("incidents", part, "18:00", *columns) == [("low", "under_review")]
    assert table("incidents", part, confirmed_only=True) == []


def test_a_decision_waits_for_its_report_in_sight() -> None:
    """An orphan until the report comes, and then in force."""
    early = decision("i1", "confirmed", severity="high")
    assert table("orphans", state(early), "18:00", "report_id", "status") == [("i1", "confirmed")]
    part = state(early, incident())
    assert table("orphans", part) == []
    assert table("incidents", part, "18:00", "severity", "status") == [("high", "confirmed")]


def test_a_later_decision_replaces_an_earlier_one() -> None:
    """By revision, in whatever order they come; the step is a correction."""
    first, second = decision("i1", "rejected"), decision("i1", "confirmed", revision=1)
    for order in ((incident(), first, second), (second, first, incident())):
        part = state(*order)
        assert table("incidents", part, "18:00", "status") == ["confirmed"]
        assert table("corrections", part, "18:00", "type", "fields") == [
            ("election.desk.triage.v1", ["status"])
        ]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("11:59:59", []),
        ("12:00", [("15m", 1), ("1h", 1), ("6h", 1)]),
        ("12:14:59", [("15m", 1), ("1h", 1), ("6h", 1)]),
        ("12:15", [("1h", 1), ("6h", 1)]),
        ("12:59:59", [("1h", 1), ("6h", 1)]),
        ("13:00", [("6h", 1)]),
        ("17:59:59", [("6h", 1)]),
        ("18:00", []),
    ],
)
@pytest.mark.parametrize("time", ["12:00", "12:04:59"])
def test_windows_hold_the_buckets_that_begin_in_them(
    now: str, expected: list[tuple[str, int]], time: str
) -> None:
    """A bucket of 5 minutes is in from its beginning until the window has passed it."""
    assert table("incidents_recent", state(incident(time=time)), now, *WINDOWS) == expected


@pytest.mark.parametrize(
    ("status", "all_", "confirmed"),
    [
        ("under_review", 1, 0),
        ("confirmed", 1, 1),
        ("resolved", 1, 1),
        ("escalated", 1, 1),
        ("rejected", 0, 0),
        ("duplicate", 0, 0),
    ],
)
def test_windows_hold_reports_that_stand(status: str, all_: int, confirmed: int) -> None:
    """Rejected ones and duplicates are in the counts by status but in no window."""
    part = state(incident(), decision("i1", status))
    assert table("incidents", part, "18:00", "status") == [status]
    assert len(table("incidents_recent", part, "12:00")) == 3 * all_
    assert len(table("incidents_recent", part, "12:00", confirmed_only=True)) == 3 * confirmed
