"""Coverage: who was expected, who was heard, who has fallen silent."""

from __future__ import annotations

from typing import Any

from schemas.pack import Pack, parse_pack
from streams.tables.partition import Partition
from streams.tables.views import rows
from tests.packs import SMALL_FILES, small_pack
from tests.strategies import accepted
from tests.tables.events import copy, decision, incident, restriction, state, us, visit


def row(
    part: Partition, now: str, phase: str | None = None, region: str = "XX-A", **more: Any
) -> dict[str, Any]:
    """The row of a region and phase."""
    found = rows("coverage", [part], more.pop("pack", small_pack()), us(now), region, **more)
    (one,) = (one for one in found if one["phase"] == phase)
    return one


def numbers(*args: Any, **more: Any) -> tuple[int, int, int]:
    """(expected, reporting, silent)."""
    one = row(*args, **more)
    return one["expected"], one["reporting"], one["silent"]


def test_any_report_of_the_expected_source_is_a_sign_of_life() -> None:
    """Of any type, also one that the desk rejected; not one of another source."""
    for one in (
        incident("r", station="A-1"),
        restriction("r", station="A-1"),
        visit("r"),
        copy("r"),
    ):
        assert numbers(state(one, decision("r", "rejected")), "21:45")[:2] == (2, 1)
    stranger = state(visit("r", source="urn:test:party"))
    assert numbers(stranger, "12:00")[:2] == (2, 0)
    assert row(stranger, "12:00")["heard"] == 1


def test_a_region_without_any_event_has_its_rows() -> None:
    """No report is not no incident; a region without a plan expects nobody."""
    empty = Partition(small_pack())
    found = rows("coverage", [empty], small_pack(), us("12:00"))
    assert {one["region"] for one in found} == set(small_pack().region_codes())
    assert numbers(empty, "12:00") == (2, 0, 2)
    assert numbers(empty, "12:00", region="XX-ABROAD") == (0, 0, 0)
    assert row(empty, "12:00")["last_report"] is None


def test_the_country_is_no_region_that_anybody_reports_from() -> None:
    """Asked for by name it has no rows either, though it had an event."""
    about_all = visit("z", region="XX", station=None, commission="CEC")
    for name in ("coverage", "silent"):
        assert rows(name, [state(about_all)], small_pack(), us("12:00"), "XX") == [], name
        whole = rows(name, [state(about_all)], small_pack(), us("12:00"))
        assert "XX" not in {one["region"] for one in whole}, name


def test_never_heard_is_silent_only_when_it_is_time() -> None:
    """45 minutes after the phase began: voting at 07:00, counting at 20:00."""
    empty = Partition(small_pack())
    assert numbers(empty, "07:45", "voting") == (2, 0, 0)
    assert numbers(empty, "07:45:01", "voting") == (2, 0, 2)
    assert numbers(empty, "20:45", "counting") == (1, 0, 0)
    assert numbers(empty, "20:45:01", "counting") == (1, 0, 1)


def test_who_was_heard_falls_silent_while_polls_are_open() -> None:
    """45 minutes after the last report of any phase; after the close nobody falls silent."""
    part = state(
        incident("a", "10:00", station="A-1"),
        incident("b", "10:00", station="A-3"),
        visit("c", "10:30", phase="opening"),
    )
    assert numbers(part, "10:45") == (2, 2, 0)
    assert numbers(part, "10:45:01") == (2, 2, 1)
    assert numbers(part, "11:15", "voting") == (2, 2, 1)
    assert numbers(part, "11:15:01", "voting") == (2, 2, 2)
    assert numbers(part, "19:59:59") == (2, 2, 2)
    assert numbers(part, "20:00") == (2, 2, 0)
    assert row(part, "20:00")["last_report"] == "2030-06-02T10:30:00Z"


def test_reports_before_the_opening_do_not_make_silence_at_the_opening() -> None:
    """The time runs from the opening at the earliest."""
    part = state(incident("a", "05:00", station="A-1"), incident("b", "05:00", station="A-3"))
    assert numbers(part, "07:45")[2] == 0
    assert numbers(part, "07:45:01")[2] == 2


def test_who_is_expected_at_the_count_alone_is_not_missed_while_voting() -> None:
    """C-1 is expected for the counting; its report at noon does not have to be repeated."""
    source = "urn:test:international"
    early = visit("a", source=source, region="XX-C", station="C-1", phase="voting")
    part = state(early)
    assert numbers(part, "19:00", region="XX-C") == (1, 1, 0)
    assert numbers(part, "19:00", "counting", "XX-C") == (1, 0, 0)
    (closed,) = (end for _, end in small_pack().polls("XX-C"))
    found = rows("coverage", [part], small_pack(), closed + 46 * 60_000_000, "XX-C")
    assert [one["silent"] for one in found if one["phase"] == "counting"] == [1]


def test_a_correction_takes_the_sign_of_life_to_the_other_station() -> None:
    """The station first named was never heard from."""
    part = state(visit("a"), visit("a", revision=1, station="A-3", phase="voting"))
    assert numbers(part, "12:00", "counting") == (1, 0, 0)
    assert numbers(part, "12:00", "voting") == (2, 1, 1)


def test_confirmed_only_hears_what_was_confirmed() -> None:
    """Of two stations the one whose report the desk confirmed."""
    part = state(visit("a"), visit("b", station="A-3", phase="voting"), decision("b", "confirmed"))
    assert numbers(part, "12:00")[1] == 2
    assert numbers(part, "12:00", confirmed_only=True)[1] == 1


def test_without_a_plan_the_stations_heard_from_are_counted() -> None:
    """Nobody was expected, so nobody is missed: that is not known, not zero."""
    files = {name: text for name, text in SMALL_FILES.items() if name != "deployment.csv"}
    pack: Pack = parse_pack(files)
    part = Partition(pack)
    for one in (visit("a"), visit("b"), visit("c", station="A-2"), incident("d")):
        part.apply(accepted(one))
    found = row(part, "12:00", pack=pack)
    assert (found["expected"], found["reporting"], found["silent"]) == (None, 2, None)
    assert row(part, "12:00", region="XX-B", pack=pack)["reporting"] == 0


def test_a_silent_team_beside_one_that_reports_is_named() -> None:
    """The station reports; the plan's other team there does not, and is on the list to call."""
    plan = SMALL_FILES["deployment.csv"] + "A-3,urn:test:party,no,,voting\n"
    pack = parse_pack({**SMALL_FILES, "deployment.csv": plan})
    part = Partition(pack)
    for one in (
        incident("a", "11:30", station="A-3"),
        incident("b", "11:30", station="A-1"),
        incident("c", "09:00", station="A-2", source="urn:test:party"),
    ):
        part.apply(accepted(one))
    assert numbers(part, "12:00", "voting", pack=pack) == (2, 2, 0)
    found = row(part, "12:00", "voting", pack=pack)
    assert (found["teams"], found["teams_silent"]) == (3, 1)
    place: dict[str, Any] = {"region": "XX-A", "station": "A-3", "source": "urn:test:party"}
    assert [one for one in listed(part, "12:00", pack) if one["station"] == "A-3"] == [
        place | {"phase": None, "last_report": None},
        place | {"phase": "voting", "last_report": None},
    ]
    part.apply(accepted(incident("d", "11:00", station="A-3", source="urn:test:party")))
    assert not [one for one in listed(part, "11:45", pack) if one["station"] == "A-3"]
    late = [one for one in listed(part, "11:45:01", pack) if one["station"] == "A-3"]
    last = "2030-06-02T11:00:00Z"
    assert late == [place | {"phase": p, "last_report": last} for p in (None, "voting")]


def test_who_reported_is_not_to_be_called_where_only_the_confirmed_is_shown() -> None:
    """The desk has not looked yet: the team has spoken all the same."""
    part = state(incident("a", "11:30", station="A-1"))
    found = listed(part, "12:00", small_pack())
    assert "A-1" not in {one["station"] for one in found if one["phase"] is None}
    assert rows("silent", [part], small_pack(), us("12:00"), "XX-A", confirmed_only=True) == found


def listed(part: Partition, now: str, pack: Pack) -> list[dict[str, Any]]:
    """The rows of ``silent`` of XX-A."""
    return rows("silent", [part], pack, us(now), "XX-A")


def test_without_a_plan_nobody_is_silent() -> None:
    """And no team is expected."""
    files = {name: text for name, text in SMALL_FILES.items() if name != "deployment.csv"}
    pack = parse_pack(files)
    part = Partition(pack)
    assert listed(part, "19:00", pack) == []
    found = row(part, "19:00", pack=pack)
    assert (found["teams"], found["teams_silent"]) == (None, None)
