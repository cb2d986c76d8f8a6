"""Protocols of several publishers, and results that changed after they were published."""

from __future__ import annotations

from typing import Any

from tests.tables.events import copy, decision, published, state, table

FULL: dict[str, Any] = {"valid": 15, "invalid": 1, "in_box": 16, "votes": {"amanat": 10, "auyl": 5}}


def row(*records: Any, confirmed_only: bool = False) -> dict[str, Any]:
    """The only row of the table, the same whatever the order."""
    (one,) = table("protocols", state(*records), confirmed_only=confirmed_only)
    (other,) = table("protocols", state(*reversed(records)), confirmed_only=confirmed_only)
    assert one == other
    found: dict[str, Any] = one
    return found


def short(one: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(kind, open, figure, whose, revision, value, the other's, revision, value) of findings."""
    columns = ("revision", "value", "previous_publisher", "previous_revision", "previous_value")
    return [
        (f["kind"], f["open"], f["figure"], f["publisher"] or f["report_id"], *map(f.get, columns))
        for f in one["findings"]
        if f["limit"] is None
    ]


def faults(one: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(kind, open, whose, revision) of the faults in the arithmetic."""
    return [
        (f["kind"], f["open"], f["publisher"] or f["report_id"], f["revision"])
        for f in one["findings"]
        if f["limit"] is not None
    ]


def test_publishers_that_differ_are_named_with_both_figures() -> None:
    """Contestant by contestant, where each stands, against the one that counts."""
    here = "https://example.org/commission"
    told = published(source_url=here, **FULL)
    other = published("gazette", source_url="https://example.org/gazette", **FULL)
    assert row(told, other)["findings"] == []
    votes = {"amanat": 11, "auyl": 5}
    other = published("gazette", source_url="https://example.org/gazette", votes=votes)
    (finding,) = row(told, other)["findings"]
    assert finding == {
        "kind": "publishers_differ",
        "open": True,
        "publisher": "gazette",
        "source": None,
        "report_id": None,
        "revision": 0,
        "source_url": "https://example.org/gazette",
        "figure": "votes.amanat",
        "value": 11,
        "limit": None,
        "previous_publisher": "commission",
        "previous_revision": 0,
        "previous_source_url": here,
        "previous_value": 10,
    }


def test_a_contestant_that_a_publisher_leaves_out_differs() -> None:
    """But a publisher that gives no votes leaves nobody out."""
    whole, part = published(votes={"a": 1, "b": 2}), published("gazette", votes={"a": 1})
    assert short(row(whole, part)) == [
        ("publishers_differ", True, "votes.b", "gazette", 0, None, "commission", 0, 2)
    ]
    nothing: tuple[dict[str, Any], ...] = ({}, {"votes": {}})
    for none in nothing:
        assert short(row(whole, published("gazette", valid=3, **none))) == []


def test_a_mended_difference_between_publishers_is_past() -> None:
    """What the other one said first stays on record, closed."""
    mended = row(
        published(valid=5),
        published("gazette", valid=6),
        published("gazette", valid=5, revision=1),
    )
    assert short(mended) == [
        ("publishers_differ", False, "valid", "gazette", 0, 6, "commission", 0, 5),
        ("corrected", False, "valid", "gazette", 1, 5, "gazette", 0, 6),
    ]


def test_an_empty_protocol_hides_nobodys_votes() -> None:
    """The highest-ranked publisher that gives votes is the headline; figures before nothing."""
    gazette = published("gazette", time="22:10", **FULL)
    empties: tuple[dict[str, Any], ...] = ({}, {"votes": {}}, {"valid": 15})
    for empty in empties:
        part = state(published(**empty), gazette, published("agency", "22:20", votes={"a": 1}))
        (one,) = table("protocols", part)
        assert one["official"]["publisher"] == "gazette"
        assert [other["publisher"] for other in one["others"]] == ["commission", "agency"]
        found = table("results_published", part, "23:00", "region", "contest", "published", "since")
        assert ("XX-A", "list", 1, "2030-06-02T22:10:00Z") in found
    one = row(published(), published("gazette"), published("agency", voted=1))
    assert one["official"]["publisher"] == "agency"
    assert row(published(), published("gazette"))["official"]["publisher"] == "commission"


def test_a_thin_protocol_does_not_keep_copies_from_being_compared() -> None:
    """Each figure is compared with the highest-ranked publisher's that gives it."""
    one = row(
        published(valid=14),
        published("gazette", **FULL),
        copy(valid=14, in_box=17, votes={"amanat": 9, "auyl": 5}),
    )
    differing = [(d["figure"], d["official"], d["publisher"]) for d in one["differences"]]
    assert differing == [("in_box", 16, "gazette"), ("votes.amanat", 10, "gazette")]
    assert short(one) == [
        ("publishers_differ", True, "valid", "gazette", 0, 15, "commission", 0, 14)
    ]


def test_a_thin_protocol_does_not_keep_another_from_being_checked() -> None:
    """A check is open for the highest-ranked publisher that has the figures for it."""
    wrong: Any = {**FULL, "in_box": 17}
    assert faults(row(published(votes={"a": 15}), published("gazette", **wrong))) == [
        ("box_not_counted_out", True, "gazette", 0)
    ]
    assert faults(row(published(**FULL), published("gazette", **wrong))) == [
        ("box_not_counted_out", False, "gazette", 0)
    ]
    one = row(published(votes={"a": 15}), published("gazette", **FULL))
    assert {said["publisher"] for said in one["not_checkable"]} == {"commission", "gazette"}


def test_empty_votes_are_not_votes_that_do_not_add_up() -> None:
    """Of an empty protocol nothing is wrong; nothing can be checked."""
    (one,) = table("protocols", state(published(valid=5, votes={})))
    assert one["findings"] == []
    assert "votes_not_valid" in one["not_checkable"][0]["checks"]


def test_a_result_changed_after_publication_stays_visible() -> None:
    """Each change with both figures and revisions; the newest of a figure is open."""
    first = published(votes={"amanat": 10, "auyl": 5}, valid=14)
    second = published(votes={"amanat": 12, "auyl": 3}, valid=15, revision=1)
    third = published(votes={"amanat": 13, "auyl": 3}, valid=16, revision=2)
    one = row(first, second, third)
    assert short(one) == [
        ("corrected", False, "valid", "commission", 1, 15, "commission", 0, 14),
        ("corrected", True, "valid", "commission", 2, 16, "commission", 1, 15),
        ("corrected", False, "votes.amanat", "commission", 1, 12, "commission", 0, 10),
        ("corrected", True, "votes.amanat", "commission", 2, 13, "commission", 1, 12),
        ("corrected", True, "votes.auyl", "commission", 1, 3, "commission", 0, 5),
    ]
    assert faults(one) == [("votes_not_valid", False, "commission", 0)]


def test_results_taken_back_are_a_change() -> None:
    """Dropped is changed, given again is past; a figure given for the first time is none."""
    first = published(votes={"a": 5})
    dropped = published(valid=5, revision=1)
    again = published(valid=5, votes={"a": 5}, revision=2)
    moved = published(valid=5, votes={"a": 7}, revision=2)
    gone = ("corrected", True, "votes.a", "commission", 1, None, "commission", 0, 5)
    past = (gone[0], False, *gone[2:])
    assert short(row(first, dropped)) == [gone]
    assert short(row(first, dropped, again)) == [past]
    assert short(row(first, dropped, moved)) == [
        past,
        ("corrected", True, "votes.a", "commission", 2, 7, "commission", 0, 5),
    ]
    assert short(row(first, dropped, published("gazette", votes={"a": 5}))) == [gone]


def test_a_figure_that_was_changed_and_changed_back() -> None:
    """The newest change alone is open, though an older one came to the same figure."""
    told = [published(valid=valid, revision=n) for n, valid in enumerate((5, 6, 7, 6))]
    assert [(f[1], f[8], f[5]) for f in short(row(*told))] == [
        (False, 5, 6),
        (False, 6, 7),
        (True, 7, 6),
    ]


def test_a_lower_publishers_change_is_open_where_its_figure_counts() -> None:
    """Beside the commission's own figure it is past."""
    changed = published("gazette", valid=5), published("gazette", valid=6, revision=1)
    found = ("corrected", True, "valid", "gazette", 1, 6, "gazette", 0, 5)
    assert short(row(published(votes={"a": 6}), *changed)) == [found]
    beside = short(row(published(valid=6), *changed))
    assert (found[0], False, *found[2:]) in beside


def test_a_page_that_changed_without_a_revision_is_a_finding() -> None:
    """Which of the two figures came first nobody said: no revision is invented."""
    one = row(published(valid=5, votes={"a": 5}), published(valid=6, votes={"a": 5}))
    ((kind, is_open, figure, *whose),) = short(one)
    assert (kind, is_open, figure) == ("same_revision", True, "valid")
    assert {whose[2], whose[5]} == {5, 6}
    twice = row(published(valid=5), published(valid=5), published(valid=5))
    assert twice["findings"] == []
    back = row(published(valid=5), published(valid=6), published(valid=5))
    assert short(back) == [("same_revision", True, "valid", "commission", 0, 5, "commission", 0, 6)]
    mended = row(published(valid=5), published(valid=6), published(valid=6, revision=1))
    assert {(f[0], f[1]) for f in short(mended)} >= {("same_revision", False)}


def test_an_observers_correction_is_told_apart() -> None:
    """And goes with the copy: dismissed, withdrawn or moved, it is no longer of this place."""
    first, second = copy("p1", valid=5, invalid=1, in_box=5), copy("p1", valid=4, revision=1)
    found = [("copy_corrected", True, "valid", "p1", 1, 4, None, 0, 5)]
    one = row(first, second)
    kinds = {f[2]: f for f in short(one)}
    assert [kinds["valid"]] == found
    assert kinds["in_box"][5] is None
    assert faults(one) == [("box_not_counted_out", False, "p1", 0)]
    assert row(first, second, decision("p1", "confirmed"), confirmed_only=True)["findings"]
    assert table("protocols", state(first, second), confirmed_only=True) == []
    assert table("protocols", state(first, second, decision("p1", "rejected"))) == []
    assert table("protocols", state(first, second, copy("p1", revision=2, withdrawn=True))) == []
    assert row(first, second, copy("p1", revision=2, station="A-2", valid=3))["findings"] == []


def test_a_withdrawal_between_two_revisions_says_nothing() -> None:
    """The figures before and after it are compared."""
    told = copy("p1", valid=5), copy("p1", revision=1, withdrawn=True)
    assert short(row(*told, copy("p1", revision=2, valid=5))) == []
    assert short(row(*told, copy("p1", revision=2, valid=6))) == [
        ("copy_corrected", True, "valid", "p1", 2, 6, None, 0, 5)
    ]
