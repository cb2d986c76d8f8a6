"""The country's turnout gap in Prometheus is that of ``streams.turnout``, digit for digit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from schemas.pack import Pack
from streams.rules.files import files
from streams.rules.quantiles import TABLE, beyond_table, tails
from streams.tables.sample import rules
from streams.turnout.level import Stratum, Sums, estimate
from streams.turnout.verdicts import Comparison, compare_level, quantile
from tests.rules.promtool import OTHER, WORKER, run, series, write
from tests.turnout_packs import covered

LATER = "10s"
"""At the very first evaluation the pack's constants may come after the rules that read them."""
CHECKPOINT = "2030-06-02T10:00:00Z"
REGIONS = ("XX-A", "XX-B")
PACK = covered(*REGIONS)
PARTS = ("voters", "registered", "voters_squared", "voters_registered", "registered_squared")


@dataclass
class Design:
    """A sample of one contest, and what was published of it."""

    contest: str
    official: Fraction | None
    strata: dict[tuple[str, str], Stratum]

    def compared(self) -> Comparison:
        """What Python makes of it; a region of which there is nothing has not reported."""
        there = {region for region, _ in self.strata}
        silent = [Stratum(Sums(), 2, 1) for region in REGIONS if region not in there]
        return compare_level(self.official, [*self.strata.values(), *silent], rules(PACK))


def stratum(random: Random, k: int, drawn: int, size: int, p: float, spread: float) -> Stratum:
    """``k`` stations of about ``p`` turnout that reported, one in ten without a register."""
    sums = Sums()
    for _ in range(k):
        m = random.randint(80, 3000)
        turnout = min(1.0, max(0.0, random.gauss(p, spread)))
        sums += Sums.of(round(m * turnout), None if random.random() < 0.05 else m)
    return Stratum(sums, size, drawn)


def design(number: int, random: Random) -> Design:
    """Few stations or thousands, alike or not, complete or not; all kinds of verdicts."""
    k_most = random.choice([1, 2, 3, 8, 40, 400])
    p, spread = random.choice([0.001, 0.2, 0.45, 0.6, 0.95]), random.choice([0.0, 0.02, 0.1, 0.25])
    strata = {}
    for place in range(random.randint(1, 4)):
        k = random.randint(random.choice([0, 1, 1, 1]), k_most)
        drawn = k + random.choice([0, 0, 1, k])
        size = max(drawn, 1) + random.choice([0, 1, 50, 3000])
        key = (random.choice(["XX-A", "XX-B"]), f"s{place}")
        strata[key] = stratum(random, k, drawn, size, p, spread)
    found = estimate(strata.values())
    near = Fraction(1, 2) if found is None else found.ratio
    shift = random.choice([0.0, 0.005, -0.015, 0.03, -0.05, 0.2, -0.3])
    official = None if random.random() < 0.05 else near + Fraction(shift)
    return Design(f"d{number}", official, strata)


def inputs(one: Design, worker: str = WORKER) -> Iterator[dict[str, str]]:
    """The series that a worker exports of it."""
    where = {"contest": one.contest, "checkpoint": CHECKPOINT}
    if one.official is not None:
        name = series("election_turnout_official_ratio", worker, region="XX", **where)
        yield {"series": name, "values": repr(float(one.official))}
    for (region, name), (sums, size, drawn) in one.strata.items():
        values = dict(zip(PARTS, (sums.a, sums.m, sums.aa, sums.am, sums.mm), strict=True))
        values |= {"stations": size, "drawn": drawn, "reported": sums.k}
        values["no_register"] = sums.no_register
        for part, value in values.items():
            family = f"election_turnout_stratum_{part}"
            labels = {"region": region, "stratum": name, **where}
            yield {"series": series(family, worker, **labels), "values": str(value)}


def live(*regions: str, worker: str = WORKER, position: int = 5) -> Iterator[dict[str, str]]:
    """What says that a worker has these regions."""
    for region in regions:
        yield {"series": series("scrutineer_region_live", worker, region=region), "values": "1"}
        at = series("scrutineer_region_position", worker, region=region)
        yield {"series": at, "values": str(position)}


def sample(labels: dict[str, str], value: float = 1) -> dict[str, Any]:
    """An expected sample without a name."""
    pairs = ", ".join(f'{name}="{text}"' for name, text in labels.items())
    return {"labels": f"{{{pairs}}}", "value": value}


def is_close(expr: str, expected: float, labels: dict[str, str]) -> dict[str, Any]:
    """A check that the one sample of ``expr`` is ``expected`` to 9 digits, and has its labels."""
    scale = abs(expected) or 1.0
    within = f"abs({expr} - {expected!r}) <= bool {1e-9 * scale!r}"
    return {"expr": within, "eval_time": LATER, "exp_samples": [sample(labels)]}


def absent(expr: str) -> dict[str, Any]:
    """A check that there is no such sample."""
    return {"expr": expr, "eval_time": LATER, "exp_samples": []}


def checks(one: Design) -> Iterator[dict[str, Any]]:
    """Verdict, observed, gap and both half widths: as in Python, or as absent as there."""
    found = one.compared()
    where = {"checkpoint": CHECKPOINT, "contest": one.contest}
    just = f'{{contest="{one.contest}"}}'
    verdict = {"__name__": "country:election_turnout_verdict:level", **where}
    yield {
        "expr": f"country:election_turnout_verdict:level{just}",
        "eval_time": LATER,
        "exp_samples": [sample({**verdict, "verdict": found.verdict})],
    }
    figures: dict[str, Any] = {"observed_ratio": found.observed, "gap_ratio": found.gap}
    for name, value in figures.items():
        expr = f"country:election_turnout_{name}:level{just}"
        yield absent(expr) if value is None else is_close(expr, float(value), where)
    widths = {"95": found.half_width, "family": found.half_width_family}
    for level, width in widths.items():
        expr = f'country:election_turnout_gap_half_width_ratio:level{just[:-1]}, level="{level}"}}'
        yield absent(expr) if width is None else is_close(expr, width, where | {"level": level})


@pytest.fixture(scope="module")
def turnout(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The rule files that the estimate needs."""
    texts = files(PACK)
    chosen = {name: texts[name] for name in ("pack.yml", "turnout.yml")}
    return write(tmp_path_factory.mktemp("rules"), chosen)


def test_random_designs_come_to_the_same(turnout: list[Path], tmp_path: Path) -> None:
    """Estimate, gap, both intervals and the verdict, of every kind that a sample can have."""
    random = Random(20230319)
    designs = [design(number, random) for number in range(250)]
    verdicts = {one.compared().verdict for one in designs}
    assert verdicts == {
        "no_official",
        "no_observation",
        "too_few",
        "incomplete_sample",
        "lonely_stratum",
        "official_above",
        "official_below",
        "within",
        "inconclusive",
    }
    dfs = [df for one in designs if (df := one.compared().df) is not None]
    assert min(dfs) < 4
    assert max(dfs) > 4 * TABLE
    test = {
        "input_series": [
            *live("XX", "XX-A", "XX-B"),
            *(item for one in designs for item in inputs(one)),
        ],
        "promql_expr_test": [check for one in designs for check in checks(one)],
    }
    assert run(turnout, [test], tmp_path) == ""


def test_a_wrong_figure_is_noticed(turnout: list[Path], tmp_path: Path) -> None:
    """The comparison above can fail: one part in a hundred million is too much."""
    random = Random(1)
    one = Design("d", Fraction(1, 2), {("XX-A", "s"): stratum(random, 20, 20, 99, 0.4, 0.1)})
    expr = "country:election_turnout_gap_ratio:level"
    where = {"checkpoint": CHECKPOINT, "contest": "d"}
    wrong = is_close(expr, float(one.compared().gap or 0) * (1 + 1e-8), where)
    test = {
        "input_series": [*live("XX", "XX-A", "XX-B"), *inputs(one)],
        "promql_expr_test": [wrong],
    }
    assert "FAILED" in run(turnout, [test], tmp_path)


def test_several_workers_make_one_country(turnout: list[Path], tmp_path: Path) -> None:
    """Each has its regions; one that shows a region's old sums beside another is not asked."""
    random = Random(2)
    here = stratum(random, 30, 30, 100, 0.5, 0.1)
    there = stratum(random, 25, 25, 300, 0.4, 0.1)
    whole = Design("d", Fraction(1, 2), {("XX-A", "s"): here, ("XX-B", "s"): there})
    north = Design("d", Fraction(1, 2), {("XX-A", "s"): here})
    south = Design("d", None, {("XX-B", "s"): there})
    old = Design("d", None, {("XX-A", "s"): stratum(random, 9, 30, 100, 0.9, 0.1)})
    zombie = "10.0.0.3:6066"
    test = {
        "input_series": [
            *live("XX", "XX-A"),
            *live("XX-B", worker=OTHER),
            *live("XX-A", worker=zombie, position=4),
            *inputs(north),
            *inputs(south, OTHER),
            *inputs(old, zombie),
        ],
        "promql_expr_test": list(checks(whole)),
    }
    assert run(turnout, [test], tmp_path) == ""


def test_a_region_of_the_sample_that_nobody_watches_makes_it_incomplete(
    turnout: list[Path], tmp_path: Path
) -> None:
    """Its strata are missing, and nothing else would say so."""
    random = Random(3)
    one = Design("d", Fraction(1, 2), {("XX-B", "s"): stratum(random, 30, 30, 100, 0.5, 0.1)})
    alone = compare_level(one.official, one.strata.values(), rules(PACK))
    assert alone.verdict != "incomplete_sample"
    expected = {
        "__name__": "country:election_turnout_verdict:level",
        "checkpoint": CHECKPOINT,
        "contest": "d",
        "verdict": "incomplete_sample",
    }
    test = {
        "input_series": [*live("XX", "XX-B"), *inputs(one)],
        "promql_expr_test": [
            {
                "expr": "country:election_turnout_verdict:level",
                "eval_time": LATER,
                "exp_samples": [sample(expected)],
            },
            absent("country:election_turnout_gap_half_width_ratio:level"),
        ],
    }
    assert run(turnout, [test], tmp_path) == ""


def _more_regions(pack: Pack) -> list[float]:
    return [*tails(pack).values(), 0.005, 0.01 / (2 * 85 * 12 * 5), 1e-9]


@pytest.mark.parametrize("tail", _more_regions(PACK))
def test_quantiles_beyond_the_table_are_close(tail: float) -> None:
    """From the first that the table lacks to as many stations as there are."""
    polynomial = beyond_table(tail)
    dfs = [*range(TABLE + 1, 500), *(10**power for power in range(3, 8))]
    for df in dfs:
        assert polynomial(1 / df) == pytest.approx(quantile(tail, df), rel=1e-11)
