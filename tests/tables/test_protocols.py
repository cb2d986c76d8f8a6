"""Protocols: arithmetic, copies against the published one, copies against each other."""

from __future__ import annotations

from typing import Any

import pytest

from streams.tables.arithmetic import FAULTS
from streams.tables.views import rows
from tests.packs import small_pack
from tests.tables.events import copy, decision, published, state, table, us

GOOD: dict[str, Any] = {
    "registered": 1500,
    "received": 1200,
    "issued": 900,
    "unused": 300,
    "spoiled": 4,
    "voted": 896,
    "voted_at_home": 50,
    "in_box": 890,
    "valid": 880,
    "invalid": 10,
    "votes": {"amanat": 500, "auyl": 380},
}


def test_a_protocol_that_adds_up_has_no_findings() -> None:
    """Spoiled ballots were issued: they are not added once more."""
    (row,) = table("protocols", state(copy(**GOOD)))
    assert (row["findings"], row["not_checkable"], row["differences"]) == ([], [], [])
    assert row["official"] is None
    assert row["observed"][0]["figures"] == GOOD


@pytest.mark.parametrize(
    ("change", "kind", "value", "limit"),
    [
        ({"unused": 301}, "ballots_unaccounted", 1201, 1200),
        ({"in_box": 901, "valid": 891, "votes": {"a": 891}}, "box_above_issued", 901, 900),
        ({"invalid": 11}, "box_not_counted_out", 891, 890),
        ({"votes": {"amanat": 500, "auyl": 381}}, "votes_not_valid", 881, 880),
        ({"registered": 895}, "voted_above_registered", 896, 895),
        ({"voted_at_home": 180}, "home_voting_high", 180, 896),
    ],
)
def test_each_rule_names_both_figures(
    change: dict[str, Any], kind: str, value: int, limit: int
) -> None:
    """Of an observer's copy and of a published protocol alike, and no other rule speaks."""
    for one in (copy(**GOOD | change), published(**GOOD | change)):
        (row,) = table("protocols", state(one))
        (fault,) = row["findings"]
        assert (fault["kind"], fault["value"], fault["limit"]) == (kind, value, limit)
        assert row["not_checkable"] == []


@pytest.mark.parametrize("edge", [{"in_box": 900, "valid": 890}, {"voted": 1500}])
def test_equal_figures_are_within_the_rule(edge: dict[str, Any]) -> None:
    """In the box as many as issued, voted as many as registered."""
    votes = {"amanat": 500, "auyl": (GOOD | edge)["valid"] - 500}
    (row,) = table("protocols", state(copy(**{**GOOD, **edge, "votes": votes})))
    assert row["findings"] == []


def test_home_voting_is_judged_by_the_packs_share_exactly() -> None:
    """20 % of 1,000 is 200: that many are no finding, one more is."""
    for home, faults in ((200, []), (201, ["home_voting_high"])):
        (row,) = table("protocols", state(copy(voted=1000, voted_at_home=home)))
        assert [fault["kind"] for fault in row["findings"]] == faults


def test_what_cannot_be_checked_is_said() -> None:
    """A missing figure is no fault; a figure of zero is one like any other."""
    (row,) = table("protocols", state(copy()))
    assert row["findings"] == []
    assert row["not_checkable"][0]["checks"] == list(FAULTS)
    assert row["not_checkable"][0]["report_id"] == "p1"
    (row,) = table("protocols", state(copy(valid=0, invalid=0, in_box=0, votes={"a": 1})))
    assert [(f["kind"], f["value"], f["limit"]) for f in row["findings"]] == [
        ("votes_not_valid", 1, 0)
    ]


def differing(*records: Any) -> list[tuple[str, int | None, list[int | None]]]:
    """(figure, published, what each copy says)."""
    (row,) = table("protocols", state(*records))
    return [
        (one["figure"], one["official"], [said["value"] for said in one["observed"]])
        for one in row["differences"]
    ]


def test_a_copy_is_compared_with_the_published_figure_by_figure() -> None:
    """And contestant by contestant; what only one of them gives is no difference."""
    assert differing(
        copy(valid=880, invalid=10, votes={"amanat": 500, "auyl": 380}),
        published(valid=880, voted=1, votes={"amanat": 600, "auyl": 280}),
    ) == [("votes.amanat", 600, [500]), ("votes.auyl", 280, [380])]


def test_a_contestant_left_out_is_a_difference() -> None:
    """Not where a protocol gives no votes at all."""
    votes = {"amanat": 5}
    assert differing(copy(votes=votes | {"auyl": 1}), published(votes=votes)) == [
        ("votes.auyl", None, [1])
    ]
    assert differing(copy(votes=votes), published(votes=votes | {"auyl": 1})) == [
        ("votes.auyl", 1, [None])
    ]
    assert differing(copy(votes=votes), published(valid=5)) == []


def test_several_copies_of_one_station_are_compared_with_each_other() -> None:
    """Without a published protocol as well; a dismissed copy is none."""
    two = [copy("p1", valid=5), copy("p2", source="urn:test:party", valid=6)]
    assert differing(*two) == [("valid", None, [5, 6])]
    assert differing(*two, published(valid=5)) == [("valid", 5, [5, 6])]
    assert differing(*two, decision("p1", "duplicate"), published(valid=6)) == []
    part = state(*two, decision("p1", "confirmed"))
    (row,) = table("protocols", part, confirmed_only=True)
    assert [(one["report_id"], one["status"]) for one in row["observed"]] == [("p1", "confirmed")]


def test_each_place_and_contest_is_apart() -> None:
    """A station, a commission, the region's total; two contests of one station."""
    part = state(
        published(valid=1),
        published(valid=2, contest="district"),
        published(valid=3, station=None, commission="A"),
        published(valid=4, station=None),
        copy(valid=1, commission="A"),
    )
    columns = ("station", "commission", "contest", "differences")
    assert table("protocols", part, "18:00", *columns) == [
        (None, None, "list", []),
        (None, "A", "list", []),
        ("A-1", None, "district", []),
        ("A-1", None, "list", []),
    ]


def test_the_highest_ranked_publishers_latest_revision_counts() -> None:
    """The other one's protocol is kept; the correction is listed with its fields."""
    told = [
        published("gazette", valid=7),
        published(valid=5, votes={"a": 5}, source_url="https://example.org/1"),
        published(valid=6, votes={"a": 5}, revision=1, time="22:30"),
    ]
    for part in (state(*told), state(*reversed(told))):
        (row,) = table("protocols", part)
        assert (row["official"]["publisher"], row["official"]["revision"]) == ("commission", 1)
        assert row["official"]["figures"] == {"valid": 6, "votes": {"a": 5}}
        columns = ("publisher", "station", "fields")
        assert table("corrections", part, "23:00", *columns) == [
            ("commission", "A-1", ["published", "source_url", "time", "valid"])
        ]
        (row,) = rows("results_published", [part], small_pack(), us("23:00"), "XX-A")[1:]
        assert (row["contest"], row["published"], row["since"]) == (
            "list",
            1,
            "2030-06-02T22:00:00Z",
        )


def test_a_protocol_without_votes_is_no_result() -> None:
    """Neither an empty one, nor turnout figures alone, nor one that a correction emptied."""
    columns = ("region", "contest", "published", "since")
    none = [("XX-A", "district", 0, None), ("XX-A", "list", 0, None)]
    result = published(valid=5, votes={"a": 5})
    for told in (
        [published()],
        [published(voted=5, votes={})],
        [result, published(revision=1, time="22:30", votes={})],
    ):
        found = table("results_published", state(*told), "23:00", *columns)
        assert [row for row in found if row[0] == "XX-A"] == none
    part = state(published(valid=5), published(revision=1, time="22:30", votes={"a": 5}))
    found = table("results_published", part, "23:00", *columns)
    assert ("XX-A", "list", 1, "2030-06-02T22:30:00Z") in found
