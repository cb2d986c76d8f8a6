"""The turnout gap as metrics: the numbers of the tables, and the sums that the country needs."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import Accepted, read
from schemas.pack import Pack
from streams.metrics.moment import Moment
from streams.metrics.values import FACTS
from streams.metrics.zeros import of_region
from streams.tables.gap import Gap, country_side, gaps, region_gaps
from streams.tables.partition import Partition
from streams.turnout.level import Stratum, Sums, estimate
from tests.metrics.worlds import folded, labels, total, value
from tests.packs import small_pack
from tests.strategies import Record
from tests.tables.events import counted, figure, us, watched
from tests.tables.test_turnout import counts, sampled


def of(pack: Pack, *records: Record) -> tuple[Partition, dict[str, dict[tuple[str, ...], Any]]]:
    """A partition that folded the records, and XX-A's values by family."""
    part = Partition(pack)
    for record in records:
        found = read(record.raw, record.origin, pack)
        assert isinstance(found, Accepted), found
        part.apply(found)
    moment = Moment(pack, us("15:00"))
    values = {
        name: dict(function(part.regions["XX-A"], moment)) for name, function in FACTS.items()
    }
    return part, values


def test_gap_interval_basis_and_verdict_are_the_tables() -> None:
    """What the row says, by its labels."""
    part, found = of(sampled(), *counts(), figure("14:00", "60.00"))
    (gap,) = [one for one in _level(part) if one.contest == "list"]
    key = ("list", "level")
    assert found["election_turnout_gap_ratio"][key] == float(gap.found.gap or 0)
    assert found["election_turnout_gap_half_width_ratio"] == {
        (*key, "95"): gap.found.half_width,
        (*key, "family"): gap.found.half_width_family,
    }
    assert found["election_turnout_stations"][key] == 7
    verdicts = found["election_turnout_verdict"]
    assert {key for key, one in verdicts.items() if one} == {
        ("list", "level", "inconclusive"),
        ("list", "flow", "no_official"),
    }
    assert found["election_turnout_ratio"]["list", "observed"] == float(gap.found.observed or 0)


def _level(part: Partition) -> list[Gap]:
    found = region_gaps(part.regions["XX-A"], part.pack)
    return [gap for gap in found if gap.kind == "level"]


def test_two_checkpoints_in_a_row() -> None:
    """Above at 10:00 and 14:00: two; a third that is inconclusive ends the row."""
    above = [figure("10:00", "99.00"), figure("14:00", "99.10")]
    records = [*_again("10:00", "a"), *_again("14:00", "b"), *above]
    _, found = of(sampled(), *records)
    run = found["election_turnout_gap_checkpoints"]
    assert run["list", "level"] == 2
    _, found = of(sampled(), *records, *_again("18:00", "c"), figure("18:00", "60.00"))
    assert found["election_turnout_gap_checkpoints"]["list", "level"] == 0
    _, found = of(sampled(), *_again("10:00", "a"), figure("10:00", "1.00"))
    assert found["election_turnout_gap_checkpoints"]["list", "level"] == -1


def _again(time: str, suffix: str) -> list[Record]:
    return [
        counted(
            f"{one.event['data']['report_id']}{suffix}",
            time,
            one.event["data"]["cumulative"],
            one.event["data"]["station"],
        )
        for one in counts()
    ]


def test_a_figure_without_observations_does_not_hide_the_last_comparison() -> None:
    """18:00 was published and nobody counted: the newest comparison is that of 14:00."""
    _, found = of(sampled(), *counts(), figure("14:00", "99"), figure("18:00", "99.5"))
    assert found["election_turnout_verdict"]["list", "level", "official_above"] == 1
    assert found["election_turnout_official_ratio"] == {
        ("list", "2030-06-02T14:00:00Z"): 0.99,
        ("list", "2030-06-02T18:00:00Z"): 0.995,
    }


def test_stratum_sums_make_the_estimate() -> None:
    """What is exported of the strata gives the table's estimate again, of country and region."""
    part, found = of(sampled(everywhere=True), *counts(), figure("14:00", "60", region="XX"))
    strata = []
    for name in "ts":
        key = ("list", "2030-06-02T14:00:00Z", name)
        size, drawn, k, left_out, a, m, aa, am, mm = (
            found[f"election_turnout_stratum_{part_}"][key]
            for part_ in (
                "stations",
                "drawn",
                "reported",
                "no_register",
                "voters",
                "registered",
                "voters_squared",
                "voters_registered",
                "registered_squared",
            )
        )
        sums = Sums(k, int(a), int(m), int(aa), int(am), int(mm), left_out)
        strata.append(Stratum(sums, size, drawn))
    again = estimate(strata)
    several = [tables.turnout for tables in part.regions.values()]
    side = country_side(several, part.pack)
    assert again == estimate(side.strata("list", us("14:00")))
    (country,) = [gap for gap in gaps(side, part.pack) if gap.kind == "level"]
    assert again is not None
    assert country.found.observed == again.ratio


def test_a_region_that_nobody_was_drawn_in_is_a_stratum_without_reports() -> None:
    """So that the country's sample is seen to be incomplete."""
    pack = sampled()
    part = Partition(pack)
    part.apply(_accepted(figure("14:00", "60", region="XX-B"), pack))
    moment = Moment(pack, us("15:00"))
    drawn = FACTS["election_turnout_stratum_drawn"](part.regions["XX-B"], moment)
    size = FACTS["election_turnout_stratum_stations"](part.regions["XX-B"], moment)
    key = ("list", "2030-06-02T14:00:00Z", "")
    assert (drawn[key], size[key]) == (0, 1)
    part.apply(_accepted(counted("b", "14:00", 9, "B-1", region="XX-B"), pack))
    reported = FACTS["election_turnout_stratum_reported"](part.regions["XX-B"], moment)
    assert set(reported.values()) == {0}


def _accepted(record: Record, pack: Pack) -> Accepted:
    found = read(record.raw, record.origin, pack)
    assert isinstance(found, Accepted)
    return found


def test_before_anything_came() -> None:
    """Zeros and one verdict for every region, nothing for the country."""
    found = folded()
    for region in small_pack().region_codes():
        place = {"region": region, "contest": "list"}
        for kind in ("level", "flow"):
            name = "election_turnout_verdict"
            assert total(found, name, comparison=kind, **place) == 1
            assert value(found, name, comparison=kind, verdict="no_official", **place) == 1
            run = "election_turnout_gap_checkpoints"
            assert value(found, run, comparison=kind, **place) == 0
        for kind in ("level", "flow", "matched", "told"):
            assert value(found, "election_turnout_stations", comparison=kind, **place) == 0
        name = "election_observed_turnout_findings"
        assert value(found, name, region=region, finding="falling") == 0
    country = labels(region="XX")
    assert not [key for key in found["election_turnout_verdict"] if country <= key]
    assert total(found, "election_turnout_stations", region="XX") == 0
    assert "election_turnout_gap_ratio" not in found


def test_matched_and_told_by_verdict() -> None:
    """Each station at each checkpoint once; a finding of the count beside."""
    found = folded(
        counted("a", "14:00", 400),
        counted("b", "14:00", 330, "A-2"),
        counted("c", "14:00", 100, "A-2", method="told_by_commission"),
        counted("d", "14:00", 1600, "A-1", source="urn:test:party"),
        watched("e", "08:00", "09:00", 10, "A-3"),
        figure("14:00", voted=1000, station="A-1"),
        figure("14:00", voted=333, station="A-2"),
        now=us("15:00"),
    )
    place = {"region": "XX-A", "contest": "list"}
    name = "election_turnout_matched"
    expected = {"official_above": 0, "official_below": 0, "within": 2}
    for verdict, number in expected.items():
        assert value(found, name, comparison="matched", verdict=verdict, **place) == number
    assert value(found, name, comparison="told", verdict="official_above", **place) == 1
    assert value(found, "election_turnout_stations", comparison="matched", **place) == 2
    name = "election_observed_turnout_findings"
    assert value(found, name, region="XX-A", finding="conflict") == 2
    assert value(found, name, region="XX-A", finding="above_register") == 1


@pytest.mark.parametrize("contest", ["list", "district"])
def test_zeros_are_of_the_main_contest_alone(contest: str) -> None:
    """Of another one there may never be any figure."""
    zeros = of_region(small_pack())["election_turnout_matched"]
    assert any(key[0] == contest for key in zeros) == (contest == "list")
