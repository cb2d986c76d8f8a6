"""Visits: ratings, answers and stations, as corrections, withdrawals and decisions come in."""

from __future__ import annotations

from itertools import permutations

from streams.tables.partition import Partition
from streams.tables.views import rows
from tests.packs import small_pack
from tests.tables.events import decision, state, table, us, visit

COLUMNS = ("rating", "status", "visits", "stations")


def test_several_visits_to_one_station_are_several_visits_to_one_station() -> None:
    """By whatever source; a visit to a commission is a visit to no station."""
    part = state(
        visit("a", rating="bad"),
        visit("b", rating="bad"),
        visit("a", source="urn:test:party", rating="bad"),
        visit("c", rating="bad", station="A-2"),
        visit("d", rating="bad", station=None, commission="A"),
    )
    assert table("visits", part, "18:00", *COLUMNS) == [("bad", "reported", 5, 2)]


def test_a_correction_moves_the_visit_with_its_answers_and_station() -> None:
    """Whatever the order of arrival."""
    told = [
        visit("a", id_="1"),
        visit("a", id_="2", revision=1, rating="bad", answers={"box_sealed": "no"}),
        visit("a", id_="3", revision=2, rating="good", station="A-2", phase="voting"),
        visit("b", id_="4", rating="good", answers={"box_sealed": "yes"}),
    ]
    for order in permutations(told):
        part = state(*order)
        found = table("visits", part, "18:00", "phase", "rating", "visits", "stations")
        assert found == [("counting", "good", 1, 1), ("voting", "good", 1, 1)]
        assert table("answers", part, "18:00", "yes", "no") == [(1, 0)]


def test_a_withdrawn_visit_leaves_nothing() -> None:
    """No visit, no answer, no station that reports."""
    seen = visit("a", rating="bad", answers={"box_sealed": "no"})
    gone = visit("a", revision=1, withdrawn=True)
    for order in ([seen, gone], [gone, seen]):
        part = state(*order)
        for name in ("visits", "answers", "assessment", "reports"):
            assert table(name, part) == [], name
        found = rows("coverage", [part], small_pack(), us("18:00"), "XX-A")
        assert {row["heard"] for row in found} == {0}


def test_decisions_show_in_the_status_and_take_duplicates_out() -> None:
    """Of the share and the answers; the decision may come before its report."""
    decided = [decision("a", "duplicate"), decision("b", "confirmed"), decision("c", "rejected")]
    seen = [visit(one, rating="bad", answers={"box_sealed": "no"}) for one in "abcd"]
    for part in (state(*decided, *seen), state(*seen, *decided)):
        assert table("visits", part, "18:00", "status", "visits") == [
            ("confirmed", 1),
            ("duplicate", 1),
            ("rejected", 1),
            ("reported", 1),
        ]
        assert table("answers", part, "18:00", "no") == [2]
        assert table("assessment", part, "18:00", "region", "negative", "rated") == [
            ("XX", 2, 2),
            ("XX-A", 2, 2),
        ]
        for name in ("visits", "answers", "assessment", "reports"):
            found = table(name, part, confirmed_only=True)
            assert {row.get("status", "confirmed") for row in found} == {"confirmed"}, name
        assert table("answers", part, "18:00", "no", confirmed_only=True) == [1]


def test_what_is_not_rated_is_not_in_the_share() -> None:
    """It is a visit; without any rating there is no share."""
    part = state(visit("a"), visit("b", rating="very_bad"), visit("c", phase="voting"))
    columns = ("phase", "visits", "rated", "negative", "share")
    found = table("assessment", part, "18:00", "region", *columns)
    assert [row[1:] for row in found if row[0] == "XX-A"] == [
        ("counting", 2, 1, 1, "1"),
        ("voting", 1, 0, 0, None),
    ]


def test_the_country_sums_its_regions_over_all_partitions() -> None:
    """And visits to the central commission, which are the country's own."""
    here = state(visit("a", rating="bad"))
    there = state(
        visit("a", rating="good", region="XX-B", station="B-1"),
        visit("z", rating="good", region="XX", station=None, commission="CEC"),
    )
    whole = rows("assessment", [here, there], small_pack(), us("18:00"), "XX")
    assert [(row["region"], row["negative"], row["rated"]) for row in whole] == [("XX", 1, 3)]
    one = rows("assessment", [here, there], small_pack(), us("18:00"), "XX-B")
    assert [(row["region"], row["negative"], row["rated"]) for row in one] == [("XX-B", 0, 1)]


def test_one_drawn_station_visited_twice_is_no_random_sample() -> None:
    """A second visit is not another draw; nor is one by another source or in another phase."""
    first = visit("a", rating="bad")

    def basis(part: Partition) -> object:
        (row,) = rows("assessment", [part], small_pack(), us("18:00"), "XX-A")
        return row["basis"]

    assert basis(state(first)) == "probability_sample"
    assert basis(state(first, visit("b", rating="bad"))) == "descriptive"
    assert basis(state(visit("a", source="urn:test:party", rating="bad"))) == "descriptive"
    assert basis(state(visit("a", rating="bad", phase="tabulation"))) == "descriptive"
