"""The comparisons on published figures, and the simulated claims on a generated region."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.turnout import generated, simulate
from streams.turnout.matched import Tolerance, match
from streams.turnout.series import Figure, impossible, inconsistent, register_changed, sum_mismatch
from tests.data import data_dir
from tests.spb import spb_rows

REPORTED = [
    ("16", "federal", 260, 321, "official_above"),
    ("2241", "federal", 124, 124, "within"),
    ("201", "federal", 225, 150, "official_below"),
    ("201", "federal", 457, 455, "within"),
    ("1796", "federal", 158, 277, "official_above"),
    ("1796", "federal", 278, 400, "official_above"),
    ("395", "federal", 285, 296, "official_above"),
    ("395", "city", 182, 184, "within"),
    ("789", "federal", 204, 570, "official_above"),
    ("1477", "federal", 199, 199, "within"),
    ("1477", "city", 189, 189, "within"),
    ("16", "federal", 275, 321, "official_above"),
]


def test_stations_of_st_petersburg_2021() -> None:
    """Of 20 reports 12 have a count and the published figure: each with its sign."""
    rows = spb_rows("observed_vs_official_from_reports.csv")
    assert len(rows) == 20
    found = []
    for row in rows:
        if row["observed_voters"] and row["official_web_at_as_of"]:
            observed, official = int(row["observed_voters"]), int(row["official_web_at_as_of"])
            verdict, gap = match(official, observed, Tolerance())
            assert gap == official - observed
            found.append((row["uik"], row["ballot"], observed, official, verdict))
    assert found == REPORTED


def test_figures_of_st_petersburg_2021() -> None:
    """34,826 figures: most agree with themselves, none is impossible, many registers move."""
    found: Counter[str] = Counter()
    series: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in spb_rows("turnout_by_uik.csv"):
        registered = int(row["registered"]) if row["registered"] else None
        voted = int(row["voted"]) if row["voted"] else None
        figure = Figure(voted, registered, row["percent"] or None)
        found["figures"] += 1
        found["inconsistent"] += inconsistent(figure) is not None
        found["impossible"] += impossible(figure)
        if registered is not None:
            series[row["ballot"], row["uik"]].append(registered)
    for registers in series.values():
        for before, after in pairwise(registers):
            found["register_changed"] += register_changed(before, after)
    assert found == FOUND


FOUND = {"figures": 34826, "inconsistent": 1312, "impossible": 0, "register_changed": 5158}


def test_countries_figures_of_kazakhstan() -> None:
    """No published country figure is outside what its regions' figures allow."""
    file = data_dir("kazakhstan") / "kz_turnout_by_region.csv"
    moments: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            moments[row["event"], row["as_of_astana"]][row["iso"]] = row["percent"]
    compared = 0
    for figures in moments.values():
        total = figures.pop("KZ", None)
        if total and len(figures) == 20:
            compared += 1
            parts = [Figure(percent=percent) for percent in figures.values()]
            assert sum_mismatch(Figure(percent=total), parts) is None
            assert sum_mismatch(Figure(percent=str(float(total) + 40)), parts) is not None
    assert compared >= 6


def test_register_of_kazakhstan_moved_too_little() -> None:
    """0.02 % in a day is no finding."""
    assert not register_changed(12_032_550, 12_034_956)


@pytest.fixture(scope="module")
def rows() -> dict[int, tuple[float, float, float]]:
    """By sample size: coverage of the 95 % interval, false days linearised and planned."""
    region = generated("test", 500, 0.03, 0.01, small=True)
    made = {n: simulate(region, n, 100) for n in (10, 50, 100)}
    return {
        n: (row.covered["planned"], row.false_days["linearised"], row.false_days["planned"])
        for n, row in made.items()
    }


def test_interval_covers(rows: dict[int, tuple[float, float, float]]) -> None:
    """At 50 stations and more the 95 % interval holds the truth in 93 to 99 % of samples.

    Never narrower than it says, and not so wide that it says nothing.
    """
    assert 0.93 <= rows[50][0] <= 0.99
    assert 0.93 <= rows[100][0] <= 0.99


def test_false_verdicts(rows: dict[int, tuple[float, float, float]]) -> None:
    """On at most 1 % of days without a gap, in a region with a few small closed stations."""
    assert max(planned for _, _, planned in rows.values()) <= 0.01


def test_homogeneity_of_a_population() -> None:
    """A generated population has about the homogeneity that it was asked for."""
    own = generated("test", 5000, 0.03, 0.0).homogeneity[-1]
    assert np.isclose(own, 0.03, rtol=0.1)
