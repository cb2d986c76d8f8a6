"""Visits, coverage, protocols, openings and complaints as metrics, case by case."""

from __future__ import annotations

from schemas.pack import Pack, parse_pack
from streams.metrics.field_values import FIELD_FACTS, FIELD_TIMED
from streams.metrics.moment import Moment
from streams.tables.basis import HEARINGS
from streams.tables.partition import Partition
from streams.tables.protocol_findings import FINDINGS
from tests.metrics.test_values import some
from tests.metrics.worlds import (
    NOON,
    Labels,
    fold,
    folded,
    home,
    incident,
    metrics,
    new_page,
    samples,
    total,
    value,
    worker,
)
from tests.packs import SMALL_FILES, small_pack
from tests.strategies import Record, accepted
from tests.tables.events import complaint, copy, decision, opening, published, us, visit

ALL = {**FIELD_FACTS, **FIELD_TIMED}


def test_what_nobody_did_is_zero_not_absent() -> None:
    """For every region of the pack, before the first event."""
    found = folded()
    for region in small_pack().region_codes():
        for name in (
            "election_stations_expected",
            "election_stations_reporting",
            "election_results_published_stations",
            "election_protocols_observed",
            "election_protocol_differences",
        ):
            assert value(found, name, region=region) >= 0
        for rating in ("very_good", "good", "bad", "very_bad"):
            place = {"region": region, "phase": "counting"}
            assert value(found, "election_visits", rating=rating, **place) == 0
        assert value(found, "election_complaints", region=region, stage="overdue") == 0
        for finding in FINDINGS:
            rule = {"region": region, "finding": finding}
            assert value(found, "election_protocol_findings", **rule) == 0
    assert "election_answers" not in found
    assert "election_stations_opened" not in found
    assert value(found, "election_stations", region="XX-A") == 3
    closed = {"region": "XX-A"}
    name = "election_polls_close_timestamp_seconds"
    assert value(found, name, **closed) == us("20:00") / 1e6
    assert not any(dict(key)["region"] == "XX-ABROAD" for key in found[name])


def test_dismissed_visits_and_those_without_a_rating_are_no_assessment() -> None:
    """The desk's duplicate leaves the count, and its answers leave theirs."""
    no = {"box_sealed": "no"}
    records = [visit(one, rating="bad", answers=no) for one in ("a", "b")] + [visit("c")]
    found = folded(*records, decision("b", "duplicate"))
    assert total(found, "election_visits", region="XX-A") == 1
    answer = {"region": "XX-A", "question": "box_sealed"}
    assert value(found, "election_answers", answer="no", **answer) == 1


def test_the_country_is_not_counted_beside_its_regions() -> None:
    """A visit to the central commission makes no series that a sum would count twice."""
    found = folded(visit("z", region="XX", station=None, commission="CEC"))
    for name in (
        "election_stations",
        "election_stations_expected",
        "election_stations_reporting",
        "election_stations_expected_by_phase",
        "election_stations_reporting_by_phase",
        "election_stations_silent",
        "election_teams_expected",
        "election_teams_silent",
        "election_region_heard",
        "election_results_published_stations",
        "election_polls_close_timestamp_seconds",
    ):
        assert "XX" not in {dict(key)["region"] for key in found[name]}, name
    assert total(found, "election_stations") == 8


def test_a_station_falls_silent_at_its_minute() -> None:
    """Between two steps of the windows, on a kept page, without any event."""
    page = new_page()
    view = fold(worker(now=NOON), [incident(station="A-1")])
    heard = us("11:58")
    for now, silent in ((heard + 45 * 60_000_000, 1), (heard + 45 * 60_000_000 + 1, 2)):
        view.now = now
        found = samples(page.render(view))
        assert value(found, "election_stations_silent", region="XX-A", phase="day") == silent
        assert value(found, "election_teams_silent", region="XX-A") == silent
        assert value(found, "election_stations_reporting", region="XX-A") == 1
        assert value(found, "election_stations_expected", region="XX-A") == 2


def test_silence_by_phase_and_over_the_day() -> None:
    """`day` has a station once, however many phases it is silent in; each planned phase is there.

    A-1 is expected for opening, voting and counting, A-3 for voting; neither was heard from.
    """
    late = worker(now=us("21:00"))
    found = metrics(late)
    silent = {
        dict(key)["phase"]: number
        for key, number in found["election_stations_silent"].items()
        if dict(key)["region"] == "XX-A"
    }
    assert silent == {"day": 2, "opening": 1, "voting": 2, "counting": 1}
    of_phases = {
        (dict(key)["region"], dict(key)["phase"])
        for key in found["election_stations_reporting_by_phase"]
    }
    planned = ("opening", "voting", "counting")
    assert of_phases == {(code, one) for code in small_pack().region_codes() for one in planned}
    found = metrics(fold(late, [visit("v", "20:50", phase="counting")]))
    phase = {"region": "XX-A", "phase": "counting"}
    assert value(found, "election_stations_silent", **phase) == 0
    assert value(found, "election_stations_expected_by_phase", **phase) == 1
    assert value(found, "election_stations_reporting_by_phase", **phase) == 1


def test_a_phase_falls_silent_at_its_minute() -> None:
    """The counting 45 minutes after the close, on a kept page, without any event."""
    page, view = new_page(), fold(worker(now=us("20:44")), [visit("v", phase="voting")])
    page.render(view)
    for now, silent in (("20:45:00", 0), ("20:45:01", 1)):
        view.now = us(now)
        found = samples(page.render(view))
        where = {"region": "XX-A", "phase": "counting"}
        assert value(found, "election_stations_silent", **where) == silent


def test_without_a_plan_there_is_nobody_to_miss() -> None:
    """No series of expected or silent stations: that is not known, which is not 0."""
    files = {name: text for name, text in SMALL_FILES.items() if name != "deployment.csv"}
    pack = parse_pack(files)
    part = Partition(pack, home("XX-A"))
    part.apply(accepted(incident(station="A-1")))
    moment = Moment(pack, us("19:00"))
    values = {name: value(part.regions["XX-A"], moment) for name, value in ALL.items()}
    for name in (
        "election_stations_expected",
        "election_stations_expected_by_phase",
        "election_stations_reporting_by_phase",
        "election_stations_silent",
        "election_teams_expected",
        "election_teams_silent",
    ):
        assert values[name] == {}, name
    assert values["election_stations_reporting"] == {(): 1}
    assert values["election_region_heard"][("silent",)] == 1


def heard(found: dict[str, dict[Labels, float]], region: str) -> str:
    """The one state of a region that is 1."""
    states = {
        dict(key)["state"]: number
        for key, number in found["election_region_heard"].items()
        if dict(key)["region"] == region
    }
    assert states.keys() == set(HEARINGS)
    (state,) = (state for state, number in states.items() if number)
    return state


def test_a_region_that_reports_no_incident_is_not_one_that_does_not_report() -> None:
    """Both have 0 incidents; which is which is a word, at its microsecond on a kept page."""
    page, view = new_page(), fold(worker(now=NOON), [visit("v", "11:58", phase="voting")])
    found = samples(page.render(view))
    assert total(found, "election_incidents") == 0
    assert heard(found, "XX-A") == "reporting"
    assert heard(found, "XX-B") == "nothing_heard"
    assert heard(found, "XX-ABROAD") == "not_expected"
    for now, state in ((us("12:43"), "reporting"), (us("12:43") + 1, "silent")):
        view.now = now
        assert heard(samples(page.render(view)), "XX-A") == state
    fold(view, [visit("w", "12:43", region="XX-B", station="B-1", phase="voting")])
    assert heard(samples(page.render(view)), "XX-B") == "reporting"


def test_a_complaint_is_overdue_at_its_minute() -> None:
    """And no longer once it is decided."""
    page = new_page()
    view = fold(worker(), [complaint("c1", filed="2030-05-28T12:00:30Z")])
    for now, overdue in ((NOON + 30_000_000, 0), (NOON + 30_000_001, 1)):
        view.now = now
        found = samples(page.render(view))
        assert value(found, "election_complaints", region="XX-A", stage="overdue") == overdue


def copies() -> list[Record]:
    return [
        copy("p1", votes={"a": 10, "b": 5}, valid=15),
        copy("p2", votes={"a": 11, "b": 5}, valid=15),
        copy("p3", station="A-2", votes={"a": 1}, valid=1),
    ]


def test_copies_and_what_was_published() -> None:
    """A copy differs or not as a whole; arithmetic is checked on every protocol."""
    found = folded(*copies(), published(votes={"a": 10, "b": 5}, valid=15, invalid=1, in_box=15))
    assert value(found, "election_protocols_observed", region="XX-A") == 3
    assert value(found, "election_protocol_differences", region="XX-A") == 1
    assert value(found, "election_results_published_stations", region="XX-A") == 1
    rules = {
        dict(key)["finding"]: n for key, n in some(found["election_protocol_findings"]).items()
    }
    assert rules == {"votes_not_valid": 1, "box_not_counted_out": 1}


def test_open_findings_count_protocols_not_figures() -> None:
    """Two figures of one protocol are one; findings of before are none."""
    found = folded(
        published(votes={"a": 9, "b": 6}, valid=14),
        published(votes={"a": 10, "b": 5}, valid=15, revision=1),
        published("gazette", votes={"a": 9, "b": 6}),
        published("agency", votes={"a": 10, "b": 5}),
        copy("p1", valid=14),
        copy("p1", valid=15, revision=1),
    )
    rules = {
        dict(key)["finding"]: n for key, n in some(found["election_protocol_findings"]).items()
    }
    assert rules == {"publishers_differ": 1, "corrected": 1, "copy_corrected": 1}


def test_a_page_with_another_judgement_counts_by_it() -> None:
    """A reloaded pack's threshold holds for protocols that were counted before."""
    view = fold(worker(), [copy("p1", voted=100, voted_at_home=15)])
    name = "election_protocol_findings"
    assert value(metrics(view), name, region="XX-A", finding="home_voting_high") == 0
    (tables,) = (part.regions["XX-A"] for part in view.parts.values() if "XX-A" in part.regions)
    assert not tables.protocols.tally(small_pack()).findings
    strict = small_pack_with_home_voting(10)
    assert tables.protocols.tally(strict).findings == {"home_voting_high": 1}


def small_pack_with_home_voting(percent: int) -> Pack:
    """The small pack with another threshold."""
    alarms = f"\n[judgement.alarms]\nhome_voting_percent = {percent}\n"
    text = SMALL_FILES["election.toml"] + alarms
    return parse_pack({**SMALL_FILES, "election.toml": text})


def test_openings_show_the_newest_checkpoints_headline() -> None:
    """Not the largest, and not another publisher's."""
    found = folded(
        opening("10:00", 3), opening("14:00", 2), opening("14:00", 1, publisher="agency")
    )
    assert value(found, "election_stations_opened", region="XX-A") == 2
    assert metrics(worker())["election_stations"]
