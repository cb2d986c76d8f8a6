"""Whether the turnout gap's verdicts can be believed: coverage, false verdicts and power, drawn.

Stratified samples are drawn from full populations of stations whose turnout is known at every
checkpoint: a real city's (the St Petersburg 2021 data, where SCRUTINEER_DATA has them) and
generated ones. Each interval is asked how often it holds the truth; a day is 20 regions × 6
checkpoints in which the official figures are exactly right, and every `official_above` or
`official_below` in it is false. `python -m benchmarks.turnout 2000` draws 2,000 days, not 300.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.turnout import flow as flows
from streams.turnout.level import HOMOGENEITY, Stratum, Sums, estimate
from streams.turnout.verdicts import Rules, compare_level, quantile

Floats = npt.NDArray[np.float64]

RULES = Rules(regions=20, checkpoints=6)
SIZES = (10, 20, 30, 50, 75, 100, 200, 300)
METHODS = ("linearised", "jackknife", "Fieller", "skewness", "planned", "own ρ")
STRATA = 4
SAMPLES = 2000
DAYS = 300
CHUNK = 500
MARGIN = float(RULES.margin)


class Population(NamedTuple):
    """Voters by station and checkpoint, registered by station, strata as station numbers."""

    name: str
    voters: Floats
    registered: Floats
    strata: list[npt.NDArray[np.intp]]

    @property
    def truth(self) -> Floats:
        """Turnout by checkpoint."""
        return np.asarray(self.voters.sum(0) / self.registered.sum())

    @property
    def homogeneity(self) -> Floats:
        """ρ by checkpoint: what a mission would have planned with, had it known."""
        p, m = self.truth, self.registered[:, None]
        return np.asarray(((self.voters - p * m) ** 2).sum(0) / (m**2).sum() / (p * (1 - p)))


class Drawn(NamedTuple):
    """Of many samples: estimates, and by method standard errors or lower and upper deviations."""

    ratio: Floats
    linearised: Floats
    jackknife: Floats
    fieller: Floats
    planned: Floats
    own: Floats
    third: Floats


def city() -> Population | None:
    """Stations of a city in four groups of neighbouring districts, six of nine checkpoints."""
    base = os.environ.get("SCRUTINEER_DATA", str(Path(__file__).parents[2] / "shared" / "data"))
    file = Path(base) / "st-petersburg-2021" / "turnout_by_uik.csv"
    if not file.is_file():
        return None
    found: dict[str, dict[str, tuple[int, int, int]]] = {}
    with file.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["ballot"] == "federal" and row["tik"] and row["voted"]:
                figures = (int(row["voted"]), int(row["registered"] or 0), int(row["tik"]))
                found.setdefault(row["uik"], {})[row["as_of"]] = figures
    moments = sorted({moment for rows in found.values() for moment in rows})
    stations = [
        rows
        for rows in found.values()
        if len(rows) == len(moments) and any(m for _, m, _ in rows.values())
    ]
    stations.sort(key=lambda rows: rows[moments[0]][2])
    kept = [moments[i] for i in (0, 1, 3, 6, 7, 8)]
    voters = np.array([[rows[moment][0] for moment in kept] for rows in stations], float)
    registered = np.array([max(m for _, m, _ in rows.values()) for rows in stations], float)
    strata = np.array_split(np.arange(len(stations)), STRATA)
    return Population("city, 1,906 stations", voters, registered, list(strata))


def generated(
    name: str, size: int, rho: float, extreme: float, *, small: bool = False
) -> Population:
    """Beta turnout with homogeneity ``rho`` at six hours; a part ``extreme`` votes at once.

    ``small``: those have a fifth of the usual register, as hospitals have.
    """
    rng = np.random.default_rng(7)
    registered = np.floor(rng.gamma(6, 250, size)) + 20
    final = rng.beta(0.5 * (1 / rho - 1), 0.5 * (1 / rho - 1), size)
    hours = np.array([0.15, 0.3, 0.5, 0.7, 0.85, 1.0])
    turnout = np.minimum(final[:, None] * hours, 1)
    closed = rng.random(size) < extreme
    turnout[closed] = 0.97
    if small:
        registered[closed] = np.ceil(registered[closed] * 0.2)
    voters = np.floor(turnout * registered[:, None])
    strata = np.array_split(np.arange(size), STRATA)
    return Population(f"{name}, {size} stations", voters, registered, list(strata))


def sample(
    population: Population, n: int, count: int, rng: np.random.Generator
) -> list[tuple[Floats, Floats, int, int]]:
    """``count`` samples of ``n`` stations: voters, registered, K and k by stratum."""
    drawn = []
    for h, stratum in enumerate(population.strata):
        size, k = len(stratum), n // STRATA + (h < n % STRATA)
        keys = rng.random((count, size), dtype=np.float32)
        taken = stratum[np.argpartition(keys, min(k, size - 1), axis=1)[:, :k]]
        drawn.append((population.voters[taken], population.registered[taken], size, k))
    return drawn


def measure(
    parts: list[tuple[Floats, Floats, int, int]], truth: Floats, own: float = HOMOGENEITY
) -> Drawn:
    """Estimates and errors of many samples at once, by every method."""
    total_a = sum((size / k * a.sum(1) for a, _, size, k in parts), np.zeros(()))
    total_m = sum((size / k * m.sum(1) for _, m, size, k in parts), np.zeros(()))[:, None]
    ratio = total_a / total_m
    zero = np.zeros_like(ratio)
    linear, jack, fieller, unit, third = zero, zero, zero, zero, zero
    for a, m, size, k in parts:
        part, m = k / size, m[:, :, None]
        weight = size * size * (1 - part) / k
        residuals = a - ratio[:, None, :] * m
        residuals -= residuals.mean(1, keepdims=True)
        linear = linear + weight * (residuals**2).sum(1) / (k - 1)
        cubes = (residuals**3).sum(1) * k / ((k - 1) * max(k - 2, 1))
        third = third + (size / k) ** 3 * k * (1 - part) * (1 - 2 * part) * cubes
        fieller = fieller + weight * (a - truth * m).var(1, ddof=1)
        unit = unit + weight * (m**2).sum(1) / k
        sum_a, sum_m = a.sum(1, keepdims=True), m.sum(1, keepdims=True)
        less_a = total_a[:, None] + size / (k - 1) * (sum_a - a) - size / k * sum_a
        less_m = total_m[:, None] + size / (k - 1) * (sum_m - m) - size / k * sum_m
        jack = jack + (1 - part) * (k - 1) / k * ((less_a / less_m - ratio[:, None]) ** 2).sum(1)
    n = sum(k for *_, k in parts)
    kept = np.clip(ratio, 1 / n, 1 - 1 / n)
    floor = kept * (1 - kept) * unit / total_m**2
    linear = linear / total_m**2
    return Drawn(
        ratio,
        np.sqrt(linear),
        np.sqrt(jack),
        np.sqrt(fieller) / total_m,
        np.sqrt(np.maximum(linear, HOMOGENEITY * floor)),
        np.sqrt(np.maximum(linear, own * floor)),
        third / total_m**3,
    )


def outside(found: Drawn, gap: Floats, t: float) -> dict[str, npt.NDArray[np.bool_]]:
    """By method: whether ``gap`` (true − estimated) is outside the interval of quantile ``t``."""
    size = np.abs(gap)
    safe = np.maximum(found.linearised, 1e-12)
    skew = found.third / safe**3
    some = np.where(np.abs(skew) < 1e-9, 1e-9, skew)

    def bent(y: float) -> Floats:  # inverse of Hall's cubic transformation
        return np.asarray(3 / some * (np.cbrt(1 + some * (y - some / 6)) - 1))

    return {
        "linearised": size > t * found.linearised,
        "jackknife": size > t * found.jackknife,
        "Fieller": size > t * found.fieller,
        "skewness": (-gap > bent(t) * safe) | (-gap < bent(-t) * safe),
        "planned": size > t * found.planned,
        "own ρ": size > t * found.own,
    }


class Row(NamedTuple):
    """Of one sample size: parts of 1. ``covered``: lowest and highest checkpoint of `planned`."""

    covered: dict[str, float]
    lowest: float
    highest: float
    false_days: dict[str, float]
    power: dict[str, float]
    within: float
    waved: float


def simulate(population: Population, n: int, days: int, seed: int = 1) -> Row:
    """Draw samples for ``days`` days, and 2,000 of them for coverage."""
    rng = np.random.default_rng(seed)
    df, truth = n - STRATA, population.truth
    t95, family = quantile(0.025, df), quantile(RULES.tail, df)
    kept: list[Drawn] = []
    for _ in range(0, max(days * RULES.regions, SAMPLES), CHUNK):
        parts = sample(population, n, CHUNK, rng)
        kept.append(measure(parts, truth, float(population.homogeneity.max())))
        if len(kept) == 1:
            agree(parts, kept[0], truth)
    found = Drawn(*(np.concatenate(columns) for columns in zip(*kept, strict=True)))
    gap = truth - found.ratio
    first = Drawn(*(column[:SAMPLES] for column in found))
    missed = outside(first, gap[:SAMPLES], t95)
    bad = outside(found, gap, family)
    planted = gap + 0.03
    seen = outside(found, planted, family)
    by_checkpoint = 1 - missed["planned"].mean(0)
    half = family * found.planned
    return Row(
        {name: float(1 - misses.mean()) for name, misses in missed.items()},
        float(by_checkpoint.min()),
        float(by_checkpoint.max()),
        {name: _days(wrong & (np.abs(gap) > MARGIN)) for name, wrong in bad.items()},
        {name: float((hit & (planted > MARGIN)).mean()) for name, hit in seen.items()},
        float((np.abs(gap) + half <= MARGIN).mean()),
        float((np.abs(gap + 0.05) + half <= MARGIN).mean()),
    )


def _days(wrong: npt.NDArray[np.bool_]) -> float:
    """Part of the days with a false verdict in any region at any checkpoint."""
    regions = np.asarray(wrong.any(1))
    whole = len(regions) // RULES.regions * RULES.regions
    return float(regions[:whole].reshape(-1, RULES.regions).any(1).mean())


def agree(parts: list[tuple[Floats, Floats, int, int]], found: Drawn, truth: Floats) -> None:
    """What is simulated is what is shipped: the first samples, through the real functions."""
    for i in range(5):
        strata = [
            Stratum(
                sum(
                    (Sums.of(int(x), int(y)) for x, y in zip(a[i, :, 0], m[i], strict=True)), Sums()
                ),
                size,
                k,
            )
            for a, m, size, k in parts
        ]
        real = estimate(strata)
        shipped = compare_level(Fraction(float(truth[0])), strata, RULES)
        assert real is not None
        assert real.standard_error is not None
        assert np.isclose(real.standard_error, found.linearised[i, 0], rtol=1e-6)
        assert np.isclose(shipped.half_width or 0, quantile(0.025, real.df) * found.planned[i, 0])


def watched(population: Population, n: int, days: int) -> tuple[float, float, float]:
    """False days of flow with cluster and planned errors, coverage of the latter.

    Each of ``n`` stations is watched for one of three hours of every interval.
    """
    rng = np.random.default_rng(3)
    new = np.diff(population.voters, axis=1).clip(0)
    m = population.registered[:, None]
    truth = new.sum(0) / m.sum()
    count = days * RULES.regions
    taken = np.argpartition(rng.random((count, len(new)), dtype=np.float32), n, axis=1)[:, :n]
    c = rng.binomial(new[taken].astype(int), 1 / 3).astype(float)
    e = np.broadcast_to(m[taken], c.shape)
    rate = c.sum(1) / e.sum(1)
    variance = ((c - rate[:, None] * e) ** 2).sum(1) / (n - 1) / n / e.mean(1) ** 2
    x = np.clip(rate * 3, 1 / n, 1 - 1 / n)
    unit = (e**2).sum(1) / e.sum(1) ** 2
    planned = np.maximum(variance, HOMOGENEITY * x * (1 - x) / 9 * unit + rate / e.sum(1))
    one = sum(
        (
            flows.FlowSums.of(flows.Watched(Fraction(int(a)), 3_600_000_000), int(b))
            for a, b in zip(c[0, :, 0], e[0, :, 0], strict=True)
        ),
        flows.FlowSums(),
    )
    real = flows.estimate(one)
    assert real is not None
    assert np.isclose(real.interval_error(3) or 0, sqrt(planned[0, 0]))
    gap, t = np.abs(truth - 3 * rate), quantile(RULES.tail, n - 1)
    false = [_days((gap > 3 * t * np.sqrt(v)) & (gap > MARGIN)) for v in (variance, planned)]
    covered = float((gap <= 3 * quantile(0.025, n - 1) * np.sqrt(planned)).mean())
    return false[0], false[1], covered


def populations() -> Iterator[Population]:
    """The city, where its data are, and generated regions from even to uneven."""
    real = city()
    if real is None:
        print("(the city's data are not here: SCRUTINEER_DATA names their folder)")
    else:
        yield real
    yield generated("even (ρ 0.01)", 500, 0.01, 0.0)
    yield generated("1 % small closed stations (ρ 0.03)", 500, 0.03, 0.01, small=True)
    yield generated("uneven (ρ 0.08)", 500, 0.08, 0.0)
    yield generated("2 % large closed stations (ρ 0.03)", 2000, 0.03, 0.02)


def table(population: Population, days: int) -> None:
    """Print one population's table, in percent."""
    rho = population.homogeneity
    print(
        f"\n{population.name}; turnout {population.truth[0]:.1%} to {population.truth[-1]:.1%}, "
        f"own ρ {rho.min():.3f} to {rho.max():.3f}"
    )
    print(f"  {'':4}  95 % interval holds the truth (planned: lowest-highest checkpoint)")
    names = "".join(f"{name:>11}" for name in METHODS)
    print(f"  {'n':>4}{names}{'':14} false days: {names}  +3 pp found  within  +5 pp `within`")
    for n in SIZES:
        row = simulate(population, n, days)
        covered = "".join(f"{row.covered[name]:11.1%}" for name in METHODS)
        false = "".join(f"{row.false_days[name]:11.2%}" for name in METHODS)
        print(
            f"  {n:4}{covered} ({row.lowest:.1%}-{row.highest:.1%}){'':12}{false}"
            f"  {row.power['planned']:11.1%} {row.within:7.1%} {row.waved:9.2%}",
            flush=True,
        )


def costs() -> None:
    """Print what an event and a view cost."""
    total, rounds = Sums(), 20_000
    start = time.perf_counter()
    for i in range(rounds):
        total = total + Sums.of(300 + i % 50, 1000 + i % 7)
    event = (time.perf_counter() - start) / rounds * 1e6
    strata = [Stratum(total, 25_000 + i, 20_000) for i in range(80)]
    start = time.perf_counter()
    compare_level(Fraction(1, 3), strata, RULES)
    view = (time.perf_counter() - start) * 1e3
    print(f"an event into its stratum's sums {event:.1f} µs; country of 80 strata {view:.1f} ms")


def main(days: int = DAYS) -> None:
    """Print everything; seeded, so that the figures are the same again."""
    costs()
    print(
        f"{days} days of {RULES.regions} regions × {RULES.checkpoints} checkpoints, no gap planted"
    )
    for population in populations():
        table(population, days)
        line = ", ".join(
            f"n {n}: {a:.1%} → {b:.1%} ({covered:.1%})"
            for n in (10, 30, 60, 100)
            for a, b, covered in [watched(population, n, min(days, DAYS))]
        )
        print(f"  flow, false days by cluster error → planned (95 % holds): {line}", flush=True)


def _arguments(values: list[str]) -> dict[str, Any]:
    return {"days": int(values[0])} if values else {}


if __name__ == "__main__":
    main(**_arguments(sys.argv[1:]))
