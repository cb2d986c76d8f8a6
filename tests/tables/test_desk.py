"""What the desk keeps, openings, and decisions about every kind of report."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.strategies import Record
from tests.tables.events import (
    clock,
    complaint,
    copy,
    decision,
    event,
    incident,
    notice,
    opening,
    outcomes,
    restriction,
    state,
    table,
    visit,
)


def observed(report_id: str) -> Record:
    """A count of voters at A-1."""
    data = {
        "report_id": report_id,
        "revision": 0,
        "region": "XX-A",
        "station": "A-1",
        "observer_group": "citizen",
        "phase": "voting",
        "method": "counted",
        "cumulative": 9,
    }
    return event("observer.turnout", "urn:test:citizen", "12:00", data, None)


@pytest.mark.parametrize(
    "one",
    [incident("r"), restriction("r"), visit("r"), copy("r"), observed("r")],
    ids=lambda one: one.event["type"],
)
def test_a_decision_about_any_kind_of_report_waits_for_it(one: Record) -> None:
    """An orphan until the report comes; then its status."""
    about = decision("r", "escalated")
    assert table("orphans", state(about), "18:00", "report_id", "status") == [("r", "escalated")]
    for part in (state(about, one), state(one, about)):
        assert table("orphans", part) == []
        (row,) = table("reports", part)
        assert (row["type"], row["status"], row["reports"]) == (one.event["type"], "escalated", 1)
        assert table("reports", part, confirmed_only=True) == [row]
    assert table("reports", state(one), confirmed_only=True) == []


def repeats(report_id: str, original: str, **more: object) -> Record:
    """The decision that a report of XX-A repeats another one."""
    about = {"source": "urn:test:citizen", "region": "XX-A", "report_id": report_id}
    first = about | {"report_id": original} | more
    data = {"about": about, "revision": 0, "status": "duplicate", "duplicate_of": first}
    return event("desk.triage", "urn:test:desk", "12:30", data, None)


def lost(*records: Record) -> list[tuple[str, str, str | None]]:
    """(report, what is missing, the fate of the original) of each orphan, in any order."""
    columns = ("report_id", "missing", "original")
    found = table("orphans", state(*records), "18:00", *columns)
    assert table("orphans", state(*reversed(records)), "18:00", *columns) == found
    return found


def test_a_duplicate_without_a_standing_original_is_an_orphan() -> None:
    """Both reports would count nowhere, so the decision is shown with what became of the first."""
    both = [incident("a"), incident("b")]
    assert lost(*both, repeats("a", "b")) == []
    assert lost(incident("a"), repeats("a", "b")) == [("a", "original", "absent")]
    gone = incident("b", revision=1, withdrawn=True)
    assert lost(*both, gone, repeats("a", "b")) == [("a", "original", "withdrawn")]
    assert lost(*both, decision("b", "rejected"), repeats("a", "b")) == [
        ("a", "original", "rejected")
    ]
    assert lost(*both, decision("b", "confirmed"), repeats("a", "b")) == []
    assert lost(*both, repeats("a", "b"), repeats("b", "a")) == [
        ("a", "original", "duplicate"),
        ("b", "original", "duplicate"),
    ]
    (row,) = table("orphans", state(incident("a"), repeats("a", "b")))
    assert row["duplicate_of"] == {
        "source": "urn:test:citizen",
        "region": "XX-A",
        "report_id": "b",
    }


def test_what_a_duplicate_repeats_is_only_looked_for_in_its_own_region() -> None:
    """Another region may be another worker's; and a report that is withdrawn repeats nothing."""
    assert lost(incident("a"), repeats("a", "b", region="XX-B")) == []
    assert lost(repeats("a", "b")) == [("a", "report", None)]
    gone = incident("a", revision=1, withdrawn=True)
    assert lost(incident("a"), gone, repeats("a", "b")) == []


def test_the_timeline_shows_the_text_as_it_stands() -> None:
    """The last revision; withdrawn ones are out; of the country what names no region."""
    told = [
        notice("n1", "Polls open"),
        notice("n2", "Line down", "13:00", region="XX-A"),
        notice("n2", "Line is up again", "14:00", region="XX-A", revision=1),
        notice("n3", "Mistake", region="XX-A"),
        notice("n3", "Mistake", region="XX-A", revision=1, withdrawn=True),
    ]
    for order in permutations(told):
        part = state(*order)
        assert table("notices", part, "18:00", "region", "time", "revision", "text") == [
            ("XX", clock("12:00"), 0, "Polls open"),
            ("XX-A", clock("14:00"), 1, "Line is up again"),
        ]
        columns = ("report_id", "type", "withdrawn")
        assert table("corrections", part, "18:00", *columns) == [
            ("n2", "election.desk.notice.v1", False),
            ("n3", "election.desk.notice.v1", True),
        ]


def test_the_same_notice_again_is_a_duplicate_and_a_changed_one_a_conflict() -> None:
    """As for every identity."""
    one, other = notice("n1", "a"), notice("n1", "b")
    assert outcomes(one, one, other) == ["accepted", "duplicate", "accepted"]
    columns = ("kind", "report_id", "fields")
    found = table("conflicts", state(one, other), "18:00", *columns)
    assert found == [("same_revision", "n1", ["text"])]


def test_complaints_move_through_their_stages() -> None:
    """Overdue is judged at now, 120 hours after the filing; a decision ends it."""
    filed = "2030-05-28T10:00:00Z"
    open_ = complaint("k1", filed=filed)
    decided = complaint("k1", revision=1, filed=filed, decided=clock("11:00"), outcome="upheld")
    made_public = complaint(
        "k1",
        revision=2,
        filed=filed,
        decided=clock("11:00"),
        published=clock("11:30"),
        outcome="upheld",
    )
    columns = ("filed", "decided", "published", "overdue")
    assert table("complaints", state(open_), "10:00", *columns) == [(1, 0, 0, 0)]
    assert table("complaints", state(open_), "10:00:01", *columns) == [(1, 0, 0, 1)]
    assert table("complaints", state(decided, open_), "18:00", *columns) == [(1, 1, 0, 0)]
    part = state(made_public, open_, decided)
    assert table("complaints", part, "18:00", *columns) == [(1, 1, 1, 0)]
    assert table("complaints", part, "18:00", "late") == [1]
    in_time = complaint("k1", revision=3, filed=filed, decided=clock("10:00"))
    assert table("complaints", state(made_public, in_time), "18:00", "late", "overdue") == [(0, 0)]
    assert table("complaints", state(open_), "18:00", "late", "overdue") == [(0, 1)]
    gone = complaint("k1", revision=3, filed=filed, withdrawn=True)
    assert table("complaints", state(gone, open_)) == []


def test_openings_show_the_highest_publisher_at_each_checkpoint() -> None:
    """Moments near a checkpoint are of that checkpoint; a revision replaces what it corrects."""
    part = state(
        opening("10:05", 2, "agency"),
        opening("10:00", 1),
        opening("10:00", 3, revision=1, expected=4),
        opening("08:00", 0, "agency"),
    )
    columns = ("checkpoint", "open", "expected", "publisher", "revision")
    assert table("openings", part, "18:00", *columns) == [
        (clock("08:00"), 0, 3, "agency", 0),
        (clock("10:00"), 3, 4, "commission", 1),
    ]
    corrected = ("publisher", "checkpoint", "fields")
    assert table("corrections", part, "18:00", *corrected) == [
        ("commission", clock("10:00"), ["expected", "open"])
    ]
