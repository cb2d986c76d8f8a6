"""Restrictions on observers: open, lifted, ended, and for how long."""

from __future__ import annotations

import pytest

from streams.tables.restrictions import median
from tests.tables.events import decision, restriction, state, table

OPEN = ("open", "ended_unlifted", "lifted", "total", "median_seconds")


def test_a_restriction_is_open_until_it_is_lifted() -> None:
    """The revision that lifts it closes it and gives it a length."""
    part = state(restriction())
    assert table("restrictions", part, "12:00", *OPEN) == [(1, 0, 0, 1, None)]
    assert table("open_restrictions", part, "12:00", "report_id", "since", "clock_skew") == [
        ("x1", "2030-06-02T12:00:00Z", False)
    ]
    part = state(restriction(), restriction(revision=1, lifted="12:10"))
    assert table("restrictions", part, "13:00", *OPEN) == [(0, 0, 1, 1, 600)]
    assert table("open_restrictions", part, "13:00") == []


def test_the_median_is_exact_and_forgets_what_was_corrected() -> None:
    """Of two it lies between; a corrected length takes the earlier one out."""
    one, two = restriction("a", lifted="12:10"), restriction("b", lifted="12:10:01")
    assert table("restrictions", state(one, two), "18:00", "median_seconds") == [600.5]
    longer = restriction("b", revision=1, lifted="12:20")
    assert table("restrictions", state(one, two, longer), "18:00", "median_seconds") == [900]
    gone = restriction("b", revision=1, lifted="12:20", withdrawn=True)
    assert table("restrictions", state(one, two, gone), "18:00", "median_seconds") == [600]


def test_medians() -> None:
    """None of nothing; whole numbers stay whole."""
    assert median([]) is None
    assert [median([3]), median([1, 2]), median([1, 3]), median([1, 2, 9])] == [3, 1.5, 2, 2]
    assert isinstance(median([1, 3]), int)


@pytest.mark.parametrize(
    ("phase", "region", "last", "ended"),
    [
        ("voting", "XX-A", "21:00:00", "21:00:01"),
        # The west closes at 20:00 of a clock that is an hour behind.
        ("voting", "XX-C", "22:00:00", "22:00:01"),
        ("opening", "XX-A", "08:00:00", "08:00:01"),
    ],
)
def test_an_unlifted_restriction_ends_with_its_phase_and_the_grace(
    phase: str, region: str, last: str, ended: str
) -> None:
    """Then it is counted as ended without having been lifted, and is open no more."""
    part = state(restriction(phase=phase, region=region))
    assert table("restrictions", part, last, *OPEN) == [(1, 0, 0, 1, None)]
    assert len(table("open_restrictions", part, last)) == 1
    assert table("restrictions", part, ended, *OPEN) == [(0, 1, 0, 1, None)]
    assert table("open_restrictions", part, ended) == []


def test_without_known_hours_or_phase_it_stays_open() -> None:
    """Nobody knows when it is over, so nobody says so."""
    part = state(restriction("a", region="XX-ABROAD"), restriction("b", phase="unknown"))
    assert len(table("open_restrictions", part, "23:59")) == 2


@pytest.mark.parametrize(
    ("status", "still"),
    [
        ("under_review", 1),
        ("confirmed", 1),
        ("escalated", 1),
        ("resolved", 0),
        ("rejected", 0),
        ("duplicate", 0),
    ],
)
def test_the_desk_can_close_a_restriction(status: str, still: int) -> None:
    """Resolved, rejected and duplicate ones are neither open nor ended."""
    part = state(restriction(), decision("x1", status, severity="critical"))
    assert table("restrictions", part, "13:00", "status", *OPEN) == [(status, still, 0, 0, 1, None)]
    assert table("restrictions", part, "23:00", "ended_unlifted") == [still]
    expected = [(status, "critical")] * still
    assert table("open_restrictions", part, "13:00", "status", "severity") == expected


def test_a_phone_that_is_ahead_counts_at_the_record_and_says_so() -> None:
    """Two hours ahead: since is when the log knew, in the windows and in the list."""
    part = state(restriction(time="14:00", ahead=7200))
    assert table("open_restrictions", part, "12:00", "since", "clock_skew") == [
        ("2030-06-02T12:00:00Z", True)
    ]
    assert len(table("restrictions_recent", part, "12:00")) == 3


def test_the_same_event_at_two_records_counts_at_the_earlier() -> None:
    """Whichever of the two is folded first; freshness follows."""
    early = restriction(time="14:00", id_="e", ahead=7200)
    late = restriction(time="14:00", id_="e", ahead=3600)
    for order in ((early, late), (late, early), (late, early, late)):
        part = state(*order)
        assert table("open_restrictions", part, "12:00", "since") == ["2030-06-02T12:00:00Z"]
        assert table("restrictions_recent", part, "12:00", "reports") == [1, 1, 1]
        tables = part.regions["XX-A"]
        newest = tables.restrictions.standing["urn:test:citizen", "x1"].at
        assert tables.heard.newest() == newest
    assert state(early, late).regions["XX-A"].digest() == state(early).regions["XX-A"].digest()
