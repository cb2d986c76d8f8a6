"""The naive model's own answers: published vectors, and what one works out by hand."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import pytest

from tests.packs import small_pack
from tests.tables.events import clock, counted, figure, us, watched
from tests.tables.spelling import Json
from tests.tables.turnout_estimates import Drawn, Estimates, Pair
from tests.tables.turnout_model import Turnout
from tests.turnout_packs import changed, turnout_packs

T5 = 2.5705818366147
"""Student's t with 5 degrees of freedom, 97.5 %, as tables print it."""


def estimates(judgement: str = "homogeneity = 0") -> Estimates:
    return Estimates(changed(judgement))


def pairs(registers: str, voters: str) -> list[Pair]:
    return [
        Pair(Fraction(a), Fraction(m))
        for a, m in zip(voters.split(), registers.split(), strict=True)
    ]


def test_level_of_one_stratum() -> None:
    """Five stations of 114."""
    stratum = Drawn(pairs("1000 800 1200 500 900", "420 400 700 150 450"), 114, 5)
    row = estimates().level(Fraction("0.5"), [stratum], True)
    assert float(row["observed"]) == pytest.approx(0.4818181818181818, abs=1e-15)
    assert row["half_width"] == pytest.approx(2.7764451052 * 0.0411318, rel=1e-5)
    assert (row["df"], row["verdict"]) == (4, "inconclusive")


def test_level_of_two_strata() -> None:
    """Four of 120 and three of 60."""
    strata = [
        Drawn(pairs("1000 800 1200 500", "420 400 700 150"), 120, 4),
        Drawn(pairs("900 1500 700", "450 600 380"), 60, 3),
    ]
    mine = estimates()
    row = mine.level(Fraction("0.5"), strata, True)
    assert float(row["observed"]) == pytest.approx(0.47125748502994014, abs=1e-15)
    assert row["half_width"] == pytest.approx(T5 * 0.03842111092969111, rel=1e-9)
    mine.tail = 0.01 / (2 * 20)
    row = mine.level(Fraction("0.5"), strata, True)
    assert row["half_width_family"] == pytest.approx(7.975653419 * 0.03842111092969111, rel=1e-9)


def test_planned_interval() -> None:
    """Stations that agree by chance: the interval is the plan's, ρ·p(1 − p)·Σm²/(Σm)²."""
    stratum = Drawn(pairs("1000 1000 1000 1000 1000", "400 400 400 400 400"), 10, 5)
    row = estimates("homogeneity = 0.1").level(Fraction("0.4"), [stratum], True)
    planned = 0.1 * 0.4 * 0.6 / 5 * (1 - 5 / 10)
    assert row["half_width"] == pytest.approx(2.7764451052 * sqrt(planned), rel=1e-9)


def test_flow() -> None:
    """Six stations watched for one or half an hour; official 6.31 % in two hours."""
    counts = (38, 22, 51, 17, 44, 9)
    exposures = (1400, 675, 2100, 400, 1600, 250)
    watched = [Pair(Fraction(c), Fraction(e)) for c, e in zip(counts, exposures, strict=True)]
    official = Fraction(214_300 - 151_200, 1_000_000)
    row = estimates().flow(official, watched, Fraction(2), True, 6)
    assert float(row["observed"]) == pytest.approx(2 * 0.028171206225680933, abs=1e-15)
    assert float(row["ratio"]) == pytest.approx(1.1199378453, abs=1e-10)
    assert float(row["gap"]) == pytest.approx(0.006757587549, abs=1e-12)
    # The stations agree better than a count can: Poisson's error of the count itself.
    poisson = sqrt(0.028171206225680933 / 6425)
    assert poisson > 0.0018314916228695567
    assert row["half_width"] == pytest.approx(T5 * poisson * 2, rel=1e-9)
    assert estimates().flow(official, watched, Fraction(2), True, 9)["verdict"] == (
        "incomplete_sample"
    )


def only(model: Turnout, **wanted: object) -> Json:
    (row,) = (
        row
        for row in model.turnout(us("18:00"), False)
        if all(row[name] == value for name, value in wanted.items())
    )
    return row


def test_sampled_country() -> None:
    """Two of three stations in town, two of five in the country, all weighted: 8 stations."""
    records = [
        counted("a", "10:00", 300, "A-1"),  # of 1500
        counted("b", "09:50", 600, "A-2"),  # of 1500
        counted("c", "10:10", 100, "A-4"),  # of 1000
        counted("d", "10:00", 300, "A-5"),  # of 1000
        counted("e", "10:11", 999, "A-6"),  # too late
        counted("f", "10:00", 999, "A-3"),  # not drawn
        counted("g", "10:00", 999, "A-2", source="urn:test:party"),  # not theirs
        figure("10:00", "30"),
    ]
    row = only(Turnout(records, turnout_packs()["sampled"]), region="XX-A", comparison="level")
    assert row["observed"] == float(Fraction(900 * 3 + 400 * 5, 3000 * 3 + 2000 * 5))
    assert (row["n"], row["df"], row["drawn"], row["no_register"]) == (4, 2, 5, 0)
    assert (row["official"], row["verdict"]) == (0.3, "inconclusive")


def test_flow_from_the_opening() -> None:
    """Half of a count over ten o'clock; a register is the median of those given."""
    records = [
        watched("a", "09:30", "10:30", 30, registered=1000),
        watched("b", "08:00", "09:00", 25, registered=2000),
        figure("10:00", "9"),
        figure("14:00", "29"),
    ]
    model = Turnout(records, changed("minimum_stations = 1", deployment=None))
    first = only(model, region="XX-A", comparison="flow", checkpoint=clock("10:00"))
    # 40 voters in an hour and a half of 1500, three hours from the opening.
    assert first["observed"] == float(Fraction(40 * 3, 1500) / Fraction(3, 2))
    assert (first["official"], first["n"], first["verdict"]) == (0.09, 1, "descriptive")
    second = only(model, region="XX-A", comparison="flow", checkpoint=clock("14:00"))
    assert second["official"] == 0.2
    assert second["ratio"] == float(Fraction(1, 5) / (Fraction(15 * 4, 1500) / Fraction(1, 2)))
    west = only(
        Turnout([figure("10:00", "9", region="XX-C")], small_pack()),
        region="XX-C",
        comparison="flow",
    )
    assert west["official"] == 0.09


def test_stations_added_up() -> None:
    """Above at one, below at another; a figure of unknown voters is in no sum."""
    records = [
        counted("a", "10:00", 200, "A-1"),
        counted("b", "10:05", 300, "A-2"),
        counted("c", "10:00", 400, "A-3"),
        counted("d", "10:00", 400, "A-3", contest="district"),
        figure("10:00", voted=206, station="A-1"),  # 3 % of 200 are 6
        figure("10:00", voted=310, station="A-2"),
        figure("10:00", "38", station="A-3"),  # of 1000
        figure("10:00", "38", station="A-3", contest="district"),
    ]
    model = Turnout(records, small_pack())
    for region in ("XX-A", "XX"):
        row = only(model, region=region, station=None, comparison="matched")
        assert (row["official"], row["observed"], row["gap"]) == (896, 900, -4)
        assert (row["n"], row["above"], row["below"], row["verdict"]) == (3, 1, 1, "within")
    row = only(model, station="A-2")
    assert (row["gap"], row["verdict"], row["offset_seconds"]) == (10, "official_above", 300)
    assert row["age_seconds"] == 8 * 3600
    lost = only(model, station="A-3", contest="district")
    assert (lost["verdict"], lost["official"], lost["observed"]) == ("no_official", None, 400)
