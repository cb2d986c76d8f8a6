"""The turnout gap at two checkpoints in a row, and official figures that cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import pytest

from streams.rules.files import files
from streams.turnout.level import Stratum, Sums
from tests.rules.promtool import OTHER, WORKER, write
from tests.rules.test_country import Design, inputs
from tests.rules.world import GONE, World, case, span, told
from tests.turnout_packs import covered

FILES = ("pack.yml", "turnout.yml")
COUNTRY = ("XX-A",)
"""Where there are stations, for the country: one that nobody was drawn in leaves it incomplete."""
TEAM = ("warning", "turnout", "turnout-gap")
STAYS = "Observed turnout stays with the analysts while any poll is open: no figure in a message."
GAPS = "election_turnout_gap_checkpoints"
MATCHED = "election_turnout_matched"
FINDINGS = "election_official_findings"


@case("TurnoutGap", "fires", "resolves")
def test_two_checkpoints_in_a_row(world: World) -> None:
    """One is not enough, a third that agrees neither ends nor repeats it."""
    world.live()
    cell = {"region": "XX-A", "contest": "list", "comparison": "level"}
    world.put(GAPS, span((1, 2), (2, 2), (3, 2), (0, 2)), **cell)
    name = "TurnoutGap"
    world.always(range(2), name, 0)
    world.texts(
        2,
        name,
        told(
            name,
            "Official turnout above what observers counted: North (XX-A)",
            "In North (XX-A) official turnout of list was above what observers counted at two "
            f"checkpoints in a row, beyond interval and margin. {STAYS}",
            *TEAM,
            scope="region",
            **cell,
        ),
    )
    world.always(range(2, 6), name, 1)
    world.always(range(6, 8), name, 0)
    world.check()


@case("TurnoutGap", "fires")
def test_below_counts_as_above(world: World) -> None:
    """Negative counts are checkpoints where less was published than observed."""
    world.live()
    cell = {"region": "XX-A", "contest": "list", "comparison": "flow"}
    world.put(GAPS, -2, **cell)
    name = "TurnoutGap"
    world.texts(
        1,
        name,
        told(
            name,
            "Official turnout below what observers counted: North (XX-A)",
            "In North (XX-A) official turnout of list was below what observers counted at two "
            f"checkpoints in a row, beyond interval and margin. {STAYS}",
            *TEAM,
            scope="region",
            **cell,
        ),
    )
    world.check()


@case("TurnoutGap", "fires")
def test_one_station_where_the_figures_differ(world: World) -> None:
    """Counted at the same door; what the commission told observers is other evidence."""
    world.live()
    cell = {"region": "XX-A", "contest": "list", "comparison": "matched"}
    world.put(MATCHED, span((0, 2), (1, 9)), verdict="official_above", **cell)
    world.put(MATCHED, 7, verdict="within", **cell)
    world.put(MATCHED, 3, verdict="official_above", **(cell | {"comparison": "told"}))
    name = "TurnoutGap"
    world.always(range(2), name, 0)
    world.texts(
        2,
        name,
        told(
            name,
            "Official turnout differs from observers' count at the same station: North (XX-A)",
            "1 time(s) a station's official figure in North (XX-A) was official above an "
            f"independent count at the same door, beyond the tolerance. {STAYS}",
            *TEAM,
            scope="station",
            verdict="official_above",
            **cell,
        ),
    )
    world.check()


@case("TurnoutGap", "quiet")
def test_one_checkpoint_is_no_gap(world: World) -> None:
    """Above once, below once, and stations that agree."""
    world.live()
    cell = {"region": "XX-A", "contest": "list"}
    world.put(GAPS, span((1, 3), (-1, 3), (0, 3)), comparison="level", **cell)
    world.put(MATCHED, 9, comparison="matched", verdict="within", **cell)
    world.put("election_turnout_gap_ratio", 0.2, comparison="level", **cell)
    world.always(range(9), "TurnoutGap", 0)
    world.check()


@pytest.fixture
def country(tmp_path: Path) -> World:
    """A world with the rules of a country that was sampled wherever it has stations."""
    texts = files(covered(*COUNTRY))
    return World(write(tmp_path, {name: texts[name] for name in FILES}), tmp_path)


EARLY = "early"
"""In the place of a gap: half of the drawn stations, and 10 points more."""


def sampled(gap: str) -> Design:
    """Fifty stations where 40 % have voted, and so much more was published."""
    sums = Sums()
    for number in range(50):
        sums += Sums.of(400 + number % 5 - 2, 1000)
    drawn = 100 if gap == EARLY else 50
    official = Fraction(2, 5) + Fraction("0.1" if gap == EARLY else gap)
    return Design("list", official, {("XX-A", "town"): Stratum(sums, 500, drawn)})


def checkpoints(world: World, gaps: Iterable[tuple[str, str]], until: str = "") -> None:
    """The country's sample at checkpoints of the day: (hour, gap).

    ``until``: where the worker that has the sample is alive; then another one has the country.
    """
    for hour, gap in gaps:
        moment = f"2030-06-02T{hour}:00:00Z"
        for item in inputs(sampled(gap)):
            name = item["series"].replace("2030-06-02T10:00:00Z", moment)
            if until and "official" in name:
                world.raw(name.replace(WORKER, OTHER), "", item["values"])
            else:
                world.raw(name, until, item["values"])


@pytest.mark.parametrize(
    ("gaps", "alerts"),
    [
        ([("10", "0.1"), ("14", "0.1")], 1),
        ([("10", "-0.1"), ("14", "-0.1"), ("18", "-0.2")], 1),
        ([("10", "0"), ("14", "0.1"), ("18", "0.1")], 1),
        ([("10", "0.1")], 0),
        ([("10", "0.1"), ("14", "-0.1")], 0),
        ([("10", "0.1"), ("14", "0.1"), ("18", "0")], 0),
        ([("10", "0.1"), ("14", "0"), ("18", "0.1")], 0),
        ([("10", "0"), ("14", "0")], 0),
        ([("10", "0.1"), ("14", EARLY), ("18", "0.1")], 0),
        ([("10", "0.1"), ("14", "0.1"), ("18", EARLY)], 0),
        ([("10", EARLY), ("14", "0.1"), ("18", "0.1")], 1),
    ],
)
def test_the_countrys_newest_two_checkpoints(
    country: World, gaps: list[tuple[str, str]], alerts: int
) -> None:
    """The newest two with both figures must agree, in the pack's order of time."""
    country.live()
    checkpoints(country, gaps)
    labels = {"region": "XX", "contest": "list", "comparison": "level", "scope": "country"}
    country.firing(2, "TurnoutGap", alerts, **labels)
    country.firing(2, "TurnoutGap", alerts)
    country.check()


def test_a_dead_worker_does_not_end_the_countrys_gap(country: World) -> None:
    """The estimate is gone, and says that its sample is not complete; the alert stays."""
    gone = span((1, 4), (GONE, 1))
    country.live("XX-A", "XX-B", "XX-C", "XX-ABROAD", alive=gone)
    country.live("XX", worker=OTHER)
    checkpoints(country, [("10", "0.1"), ("14", "0.1")], until=gone)
    country.always(range(1, 40), "TurnoutGap", 1, scope="country")
    country.value(30, "count(country:election_turnout_observed_ratio:level) or vector(0)", 0)
    country.check()


@case("OfficialFigureFell", "fires", "resolves")
def test_a_figure_below_an_earlier_one(world: World) -> None:
    """Until a correction ends the finding."""
    world.live()
    cell = {"region": "XX-A", "finding": "fall"}
    world.put(FINDINGS, span((0, 2), (1, 3), (0, 3)), **cell)
    name = "OfficialFigureFell"
    world.texts(
        2,
        name,
        told(
            name,
            "Official turnout fell: North (XX-A)",
            "A published turnout figure of North (XX-A) is below an earlier one. Turnout can't "
            "fall: one of the two is wrong. The table official_findings has both, with their "
            "sources.",
            *TEAM,
            **cell,
        ),
    )
    for step, number in ((1, 0), (2, 1), (4, 1), (5, 0)):
        world.firing(step, name, number)
    world.check()


@case("OfficialFiguresConflict", "fires", "resolves")
@pytest.mark.parametrize(
    ("finding", "words"),
    [
        ("conflicting", "conflicting"),
        ("inconsistent", "inconsistent"),
        ("impossible", "impossible"),
        ("jump", "jump"),
        ("sum_mismatch", "sum mismatch"),
    ],
)
def test_figures_that_cannot_all_be_true(world: World, finding: str, words: str) -> None:
    """Each kind of contradiction is an alert of its own."""
    world.live()
    cell = {"region": "XX-A", "finding": finding}
    world.put(FINDINGS, span((0, 2), (2, 3), (0, 3)), **cell)
    name = "OfficialFiguresConflict"
    world.texts(
        2,
        name,
        told(
            name,
            f"Official turnout contradicts itself ({words}): North (XX-A)",
            f"2 finding(s) {words} among the published turnout figures of North (XX-A). The "
            "table official_findings has both figures, with their sources.",
            *TEAM,
            **cell,
        ),
    )
    for step, number in ((1, 0), (2, 1), (4, 1), (5, 0)):
        world.firing(step, name, number)
    world.check()


@case("OfficialFigureOverdue", "fires", "resolves")
def test_no_figure_long_after_its_checkpoint(world: World) -> None:
    """Until one comes."""
    world.live()
    cell = {"region": "XX-A", "finding": "overdue"}
    world.put(FINDINGS, span((0, 2), (1, 3), (0, 3)), **cell)
    name = "OfficialFigureOverdue"
    world.texts(
        2,
        name,
        told(
            name,
            "Official turnout overdue: North (XX-A)",
            "No turnout figure of North (XX-A) came within 90 minutes after its checkpoint. "
            "Either nothing was published, or the import stopped.",
            *TEAM,
            **cell,
        ),
    )
    for step, number in ((1, 0), (2, 1), (4, 1), (5, 0)):
        world.firing(step, name, number)
    world.check()


@case("OfficialFigureFell", "quiet")
@case("OfficialFiguresConflict", "quiet")
@case("OfficialFigureOverdue", "quiet")
def test_other_findings_wake_nobody(world: World) -> None:
    """Corrections and registers are on the dashboards; and of each alert only its own finding."""
    world.live()
    for finding in ("corrected_up", "corrected_down", "register_changed"):
        world.put(FINDINGS, 4, region="XX-A", finding=finding)
    for finding in ("fall", "conflicting", "overdue"):
        world.put(FINDINGS, 0, region="XX-A", finding=finding)
    names = ("OfficialFigureFell", "OfficialFiguresConflict", "OfficialFigureOverdue")
    for name in names:
        world.always(range(6), name, 0)
    world.check()


def test_findings_outlast_their_worker(world: World) -> None:
    """A death corrects no figure."""
    world.live("XX-A", alive=span((1, 4), (GONE, 1)))
    world.put(FINDINGS, span((1, 4), (GONE, 1)), region="XX-A", finding="fall")
    world.always(range(30), "OfficialFigureFell", 1)
    world.check()
