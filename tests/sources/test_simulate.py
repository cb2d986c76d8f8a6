"""The simulated day: the same for the same seed, and exactly what its oracle says it is."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from schemas.fields import microseconds, rfc3339
from schemas.pack import Pack, parse_pack
from schemas.verdict import Rejected
from streams.archive.replay import Replay
from streams.packs import load_pack
from streams.sources.importing.load import load_mapping
from streams.sources.importing.run import Import
from streams.sources.simulate import Simulation, courses, simulate
from streams.sources.simulate.chance import apportion
from streams.sources.simulate.output import write_day
from streams.sources.simulate.packing import simulated_pack
from streams.sources.simulate.world import build_world, claimed, share, station_numbers, voted
from streams.tables.views import rows
from tests.packs import SMALL_FILES, small_pack

SEEDS = (1, 2, 3)
_OPEN = ("report_id", "region", "station", "kind", "observer_group", "since", "status")
_CLOSED = ("rejected", "resolved", "duplicate")


@cache
def _day(seed: int, teams: int = 250) -> tuple[Simulation, Pack, Replay]:
    """A day on the small pack, the pack it is read with, and its tables."""
    day = simulate(small_pack(), seed, teams=teams)
    pack = parse_pack(simulated_pack(SMALL_FILES, day))
    replay = Replay(pack)
    replay.fold((line.id, line.raw) for line in day.lines)
    return day, pack, replay


def _table(seed: int, name: str) -> list[dict[str, Any]]:
    day, pack, replay = _day(seed)
    return rows(name, [replay.part], pack, day.world.ends)


@pytest.mark.parametrize("seed", SEEDS)
def test_incidents_are_those_of_the_oracle(seed: int) -> None:
    """Counts by region, category, severity, phase and status, after every correction."""
    day, _, _ = _day(seed)
    assert _table(seed, "incidents") == day.planted["incidents"]
    assert sum(row["reports"] for row in day.planted["incidents"]) > 100


@pytest.mark.parametrize("seed", SEEDS)
def test_open_restrictions_are_those_planted_and_not_lifted(seed: int) -> None:
    """By id, place, kind, group, time and status; those whose phase is over alert no more."""
    day, pack, _ = _day(seed)
    expected = {
        tuple(each[key] for key in _OPEN)
        for each in day.planted["restrictions"]
        if each["lifted"] is None
        and not each["withdrawn"]
        and each["status"] not in _CLOSED
        and not _over(pack, each["region"], each["phase"], day.world.ends)
    }
    found = {tuple(row[key] for key in _OPEN) for row in _table(seed, "open_restrictions")}
    assert found == expected
    assert len(found) > 10


def _over(pack: Pack, region: str, phase: str, now: int) -> bool:
    end = pack.phase_end(region, phase)
    return end is not None and now > end + pack.judgement.restriction_grace[phase]


@pytest.mark.parametrize("seed", SEEDS)
def test_restrictions_are_counted_by_kind_group_phase_and_status(seed: int) -> None:
    """The totals of the table are the planted ones."""
    day, _, _ = _day(seed)
    keys = ("region", "kind", "observer_group", "phase", "status")
    expected = Counter(
        tuple(each[key] for key in keys)
        for each in day.planted["restrictions"]
        if not each["withdrawn"]
    )
    found = {tuple(r[key] for key in keys): r["total"] for r in _table(seed, "restrictions")}
    assert found == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_every_bad_event_is_rejected_for_its_reason_and_no_other_is(seed: int) -> None:
    """All reasons that a file can show are planted; each bad event is about one in 300."""
    day, pack, _ = _day(seed)
    found: dict[str, str] = {}

    def note(place: str, verdict: Rejected) -> None:
        found[place] = verdict.reason

    Replay(pack, on_rejected=note).fold((line.id, line.raw) for line in day.lines)
    invalid = day.planted["invalid"]
    assert found == {each["id"]: each["reason"] for each in invalid["events"]}
    assert dict(Counter(found.values())) == invalid["by_reason"]
    assert set(invalid["by_reason"]) >= {
        "not_json",
        "bad_envelope",
        "unknown_type",
        "wrong_authority",
        "wrong_election",
        "unknown_source",
        "invalid_data",
        "unknown_region",
        "unknown_station",
        "too_large",
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_conflicts_and_orphans_are_the_planted_ones(seed: int) -> None:
    """Two contents of one revision; decisions about reports that never came."""
    day, _, _ = _day(seed)
    for table, planted in (("conflicts", "conflicts"), ("orphans", "decided_without_report")):
        found = {(row["source"], row["region"], row["report_id"]) for row in _table(seed, table)}
        expected = {
            (each["source"], each["region"], each["report_id"]) for each in day.planted[planted]
        }
        assert found == expected
    assert day.planted["conflicts"]


@pytest.mark.parametrize("seed", SEEDS)
def test_repeats_and_revisions_are_counted_as_such(seed: int) -> None:
    """Each exact repeat is a duplicate, whatever came between."""
    day, _, replay = _day(seed)
    events = day.planted["events"]
    assert replay.outcomes["duplicate"] == events["redelivered"] > 0
    assert replay.outcomes["rejected"] == events["invalid"]
    assert sum(replay.outcomes.values()) == events["observer"] + events["desk"] == len(day.lines)


def test_some_decisions_come_before_their_report() -> None:
    """In the order of arrival the desk is first, and the report then has its status at once."""
    day, _, _ = _day(1)
    place: dict[str, int] = {}
    for number, line in enumerate(day.lines):
        place.setdefault(line.id, number)
    early = day.planted["decided_early"]
    assert early
    for each in early:
        assert place[f"desk-{each['report_id']}.0"] < place[f"{each['report_id']}.0"]


def test_duplicates_are_of_two_organisations_and_linked() -> None:
    """The second report has the status duplicate in the tables' terms."""
    day, _, replay = _day(1)
    assert day.planted["duplicates"]
    for pair in day.planted["duplicates"]:
        first, second = pair["first"], pair["second"]
        assert first["source"] != second["source"]
        decision = replay.part.regions[second["region"]].decision(
            second["source"], second["report_id"]
        )
        assert decision is not None
        assert decision.status == "duplicate"
        assert decision.duplicate_of is not None
        assert decision.duplicate_of.report_id == first["report_id"]


def test_silent_teams_say_nothing_any_more() -> None:
    """No event of theirs happened after they fell silent."""
    day, _, _ = _day(1)
    silent = {each["team"]: each["from"] for each in day.planted["teams"]["silent"]}
    clusters = {name for each in day.planted["clusters"] for name in each["reports"]}
    copies = {pair["second"]["report_id"] for pair in day.planted["duplicates"]}
    assert silent
    for line in day.lines:
        if line.stream != "observer" or line.id.startswith("bad-"):
            continue
        event = json.loads(line.raw)
        team, name = event["data"]["observer"], event["data"]["report_id"]
        if team in silent and name not in clusters | copies:
            assert event["time"] < silent[team]


def test_phones_without_network_send_late_and_with_old_times() -> None:
    """While a team is offline nothing of it arrives; afterwards a burst does."""
    day, _, _ = _day(1)
    planted = {name for each in day.planted["clusters"] for name in each["reports"]}
    planted |= {pair["second"]["report_id"] for pair in day.planted["duplicates"]}
    offline = {each["team"]: each for each in day.planted["teams"]["offline"]}
    late = 0
    for line in day.lines:
        if line.stream != "observer" or line.repeat or line.id.startswith("bad-"):
            continue
        event = json.loads(line.raw)
        window = offline.get(event["data"]["observer"])
        if window is None or event["data"]["report_id"] in planted or line.id.endswith("b"):
            continue
        assert not window["from"] <= rfc3339(line.arrives) < window["to"]
        late += window["from"] <= event["time"] and rfc3339(line.arrives) >= window["to"]
    assert late > 10


def test_clusters_are_many_restrictions_in_one_region_within_an_hour() -> None:
    """As many as the pack calls a cluster, one at the doors and one at the count."""
    day, pack, _ = _day(1)
    by_id = {each["report_id"]: each for each in day.planted["restrictions"]}
    assert [each["phase"] for each in day.planted["clusters"]] == ["voting", "counting"]
    for cluster in day.planted["clusters"]:
        assert len(cluster["reports"]) >= pack.judgement.alarms.cluster_reports
        for name in cluster["reports"]:
            assert by_id[name]["region"] == cluster["region"]
            assert cluster["from"] <= by_id[name]["since"] <= cluster["to"]


def test_most_restrictions_come_at_the_count_and_after_it() -> None:
    """As the mission of 2023 reported."""
    day, _, _ = _day(1)
    phases = Counter(each["phase"] for each in day.planted["restrictions"])
    assert phases["counting"] + phases["tabulation"] > phases["opening"] + phases["voting"]


def test_gap_stations_saw_fewer_voters_than_their_commission_claims() -> None:
    """Only there; elsewhere both numbers are the same."""
    day, _, _ = _day(1)
    gap = day.planted["gap"]
    assert gap["stations"]
    listed = {row["station"] for row in gap["stations"]}
    for row in gap["stations"]:
        assert row["region"] in gap["regions"]
        assert row["came"] < row["claimed"] <= row["registered"]
    for place in day.world.places:
        for station in place.stations:
            if station.id not in listed and not station.padded:
                at = place.closes
                assert voted(place, station, at) == claimed(place, station, at)


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    """Twice in one process, and on disk."""
    first = simulate(small_pack(), 7, teams=20)
    again = simulate(small_pack(), 7, teams=20)
    assert first.lines == again.lines
    assert first.planted == again.planted
    assert simulate(small_pack(), 8, teams=20).lines != first.lines
    for name in ("a", "b"):
        write_day(simulate(small_pack(), 7, teams=20), SMALL_FILES, tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert {str(file) for file in files} > {"observers.jsonl", "desk.jsonl", "planted.json"}
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_bytes_of_a_seed_do_not_depend_on_hash_order() -> None:
    """Pinned: whoever changes what a seed gives must see it here."""
    import subprocess
    import sys

    program = (
        "import hashlib\n"
        "from tests.packs import small_pack\n"
        "from streams.sources.simulate import simulate\n"
        "day = simulate(small_pack(), 5, teams=12)\n"
        "print(hashlib.sha256(b'\\n'.join(line.raw for line in day.lines)).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_everything_made_up_says_so() -> None:
    """Sources, stations, observers: no name could be taken for a real one."""
    day, pack, _ = _day(1)
    assert pack.stations is not None
    assert all(station.startswith("SIM-") for station in pack.stations)
    for line in day.lines:
        if line.id.startswith("bad-"):
            continue
        event = json.loads(line.raw)
        assert event["source"].startswith("urn:scrutineer:simulated:")
        assert event["data"].get("observer", "sim-").startswith("sim-")


def test_lines_are_in_order_of_arrival() -> None:
    """And ``recordedtime`` says when, except for a repeat, which is the same bytes again."""
    day, _, _ = _day(1)
    arrivals = [line.arrives for line in day.lines]
    assert arrivals == sorted(arrivals)
    for line in day.lines:
        if not line.repeat and not line.id.startswith("bad-"):
            assert json.loads(line.raw)["recordedtime"] == rfc3339(line.arrives)


@pytest.fixture(scope="module")
def kazakhstan() -> Pack:
    return load_pack("kazakhstan-2023")


@pytest.fixture(scope="module")
def figures(kazakhstan: Pack) -> list[bytes]:
    wrong: list[str] = []
    where = Path(load_pack.__code__.co_filename).parent / "reference" / "kazakhstan-2023"
    rules = load_mapping("kazakhstan-turnout")
    events = list(
        Import(rules, {}, kazakhstan, wrong.append).events(where / "official_turnout.csv")
    )
    assert not wrong
    return events


def test_as_many_stations_as_the_election_had(kazakhstan: Pack) -> None:
    """10,223, of which 77 abroad, and the known counts of regions as they are."""
    numbers = station_numbers(kazakhstan, 1, None)
    assert sum(numbers.values()) == 10_223
    assert numbers["KZ-ABROAD"] == 77
    known = {
        code: region.stations
        for code, region in kazakhstan.regions.items()
        if region.stations and code != "KZ"
    }
    assert len(known) >= 3
    assert {code: numbers[code] for code in known} == known
    assert min(numbers.values()) > 20


def test_truth_follows_the_published_course(kazakhstan: Pack, figures: list[bytes]) -> None:
    """The highest-ranked publisher's figures, none of the others' misprints."""
    course = courses(figures, kazakhstan)
    world = build_world(kazakhstan, 1, official=course)
    place = next(place for place in world.places if place.code == "KZ-61")
    at = next(at for at, value in course["KZ-61"] if value == pytest.approx(0.5107))
    assert share(place.curve, at) == pytest.approx(0.5107)
    assert [value for _, value in course["KZ-61"]] == sorted(v for _, v in course["KZ-61"])
    came = sum(voted(place, station, at) for station in place.stations)
    everyone = sum(station.registered for station in place.stations)
    assert came / everyone == pytest.approx(0.5107, abs=0.03)


def test_courses_pass_over_what_is_no_figure_of_a_region(kazakhstan: Pack) -> None:
    """Garbage and observers' reports give no course."""
    day = simulate(kazakhstan, 1, teams=25)
    assert courses([b"{", *(line.raw for line in day.lines)], kazakhstan) == {}


def test_apportion_gives_whole_parts_that_sum_up() -> None:
    """Largest remainder; nothing to share, nothing given."""
    assert apportion(10, {"a": 1.0, "b": 1.0, "c": 1.0}) == {"a": 4, "b": 3, "c": 3}
    assert apportion(7, {"a": 5.0, "b": 1.0}, least=1) == {"a": 5, "b": 2}
    assert apportion(0, {"a": 1.0}) == {"a": 0}


def test_polls_outside_the_simulation_have_no_teams() -> None:
    """Where the pack does not know the polling hours there are stations, but no reports."""
    day, pack, _ = _day(1)
    assert pack.stations is not None
    assert any(station.region == "XX-ABROAD" for station in pack.stations.values())
    assert {team.place.code for team in day.teams} == {"XX-A", "XX-B", "XX-C"}
    assert day.world.ends > microseconds(pack.embargo_until) - 24 * 3_600_000_000
