"""The values of the families of the turnout gap, read from the tables of one region."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from typing import Final, get_args

from schemas.fields import rfc3339
from streams.metrics.moment import Moment, ValueFunction, of_regions
from streams.metrics.text import Values
from streams.metrics.turnout import STRATA, stratum_family
from streams.tables.gap import Gap, official_share, region_gaps
from streams.tables.region import RegionTables
from streams.tables.sample import Layer, designs, uncovered
from streams.tables.stations import register_of_region
from streams.turnout.level import Sums
from streams.turnout.verdicts import Verdict

VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
MATCHES: Final = ("official_above", "official_below", "within")
"""Verdicts by tolerance, of stations that have both figures."""
_SILENT: Final = ("no_official", "no_observation")
_SIGN: Final = {"official_above": 1, "official_below": -1}

Key = tuple[str, str]
"""(contest, comparison)"""


def series(tables: RegionTables, moment: Moment) -> dict[Key, list[Gap]]:
    """The comparisons of each contest and kind, ascending by checkpoint."""
    found: dict[Key, list[Gap]] = {}
    for gap in region_gaps(tables, moment.pack):
        found.setdefault((gap.contest, gap.kind), []).append(gap)
    return found


def newest(gaps: list[Gap]) -> Gap:
    """The newest comparison that has both sides, else the newest of all."""
    both = [gap for gap in gaps if gap.found.verdict not in _SILENT]
    return (both or gaps)[-1]


def observed_ratios(tables: RegionTables, moment: Moment) -> Values:
    """(contest, "observed") → the newest level that may be shown."""
    found: Values = {}
    for (contest, kind), gaps in series(tables, moment).items():
        shown = [gap.found.observed for gap in gaps if gap.found.observed is not None]
        if kind == "level" and shown:
            found[contest, "observed"] = float(shown[-1])
    return found


def _official(tables: RegionTables, moment: Moment) -> Values:
    pack, found = moment.pack, Values()
    for contest in pack.contests:
        own = tables.official.series.get(("", contest))
        registered = register_of_region(pack, tables.code, contest)
        for figures in own.figures() if own else ():
            share = official_share(figures.headline.data, registered)
            if share is not None and figures.checkpoint in pack.checkpoints:
                found[contest, rfc3339(figures.checkpoint)] = float(share)
    return found


def _gap(tables: RegionTables, moment: Moment) -> Values:
    found: Values = {}
    for key, gaps in series(tables, moment).items():
        gap = newest(gaps).found.gap
        if gap is not None:
            found[key] = float(gap)
    return found


def _half_width(tables: RegionTables, moment: Moment) -> Values:
    found: Values = {}
    for key, gaps in series(tables, moment).items():
        one = newest(gaps).found
        if one.half_width is not None and one.half_width_family is not None:
            found[*key, "95"] = one.half_width
            found[*key, "family"] = one.half_width_family
    return found


def _stations(tables: RegionTables, moment: Moment) -> Values:
    found: Values = {key: newest(gaps).found.n for key, gaps in series(tables, moment).items()}
    for contest, sums in tables.turnout.sums(moment.pack).items():
        for kind, totals in (("matched", sums.matched), ("told", sums.told)):
            found[contest, kind] = sum(one.stations for one in totals.values.values())
    return found


def _verdict(tables: RegionTables, moment: Moment) -> Values:
    main = moment.pack.main_contest
    verdicts: dict[Key, str] = {(main, kind): "no_official" for kind in ("level", "flow")}
    for key, gaps in series(tables, moment).items():
        verdicts[key] = newest(gaps).found.verdict
    return {
        (*key, one): int(one == verdict) for key, verdict in verdicts.items() for one in VERDICTS
    }


def _run(tables: RegionTables, moment: Moment) -> Values:
    found: Values = {}
    for key, gaps in series(tables, moment).items():
        both = [gap.found.verdict for gap in gaps if gap.found.verdict not in _SILENT]
        last = both[-1] if both else "no_official"
        length = sum(1 for _ in takewhile(lambda one: one == last, reversed(both)))  # noqa: B023
        found[key] = _SIGN.get(last, 0) * length
    return found


def _matched(tables: RegionTables, moment: Moment) -> Values:
    found: Values = {}
    for contest, sums in tables.turnout.sums(moment.pack).items():
        for kind, totals in (("matched", sums.matched), ("told", sums.told)):
            every = totals.values.values()
            above, below = sum(one.above for one in every), sum(one.below for one in every)
            within = sum(one.stations for one in every) - above - below
            for verdict, number in zip(MATCHES, (above, below, within), strict=True):
                found[contest, kind, verdict] = number
    return found


def _findings(tables: RegionTables, moment: Moment) -> Values:
    return {(kind,): number for kind, number in tables.turnout.findings(moment.pack).items()}


_PARTS: Final[Mapping[str, Callable[[Layer, Sums], float]]] = {
    "stations": lambda layer, _: layer.population,
    "drawn": lambda layer, _: layer.drawn,
    "reported": lambda _, sums: sums.k,
    "no_register": lambda _, sums: sums.no_register,
    "voters": lambda _, sums: float(sums.a),
    "registered": lambda _, sums: float(sums.m),
    "voters_squared": lambda _, sums: float(sums.aa),
    "voters_registered": lambda _, sums: float(sums.am),
    "registered_squared": lambda _, sums: float(sums.mm),
}


def _strata(tables: RegionTables, moment: Moment) -> Iterator[tuple[tuple[str, ...], Layer, Sums]]:
    """((contest, checkpoint, stratum), its size, its sums) of every stratum of the region."""
    pack = moment.pack
    design = designs(pack).get(tables.code)
    layers = {} if design is None else dict(design.strata)
    if tables.code in uncovered(pack):
        layers[""] = Layer(uncovered(pack)[tables.code], 0)
    if not layers:
        return
    sums = tables.turnout.sums(pack)
    for contest in {pack.main_contest, *sums}:
        for checkpoint in pack.checkpoints:
            for name, layer in layers.items():
                level = sums[contest].level if contest in sums else None
                # Counts of a region without a sample are described, and are no part of one.
                drawn = level is not None and design is not None
                found = level.get((checkpoint, name)) if drawn and level else Sums()
                yield (contest, rfc3339(checkpoint), name), layer, found


def _part(name: str) -> ValueFunction:
    part = _PARTS[name]

    def values(tables: RegionTables, moment: Moment) -> Values:
        return {key: part(layer, sums) for key, layer, sums in _strata(tables, moment)}

    return values


TURNOUT_FACTS: Final[Mapping[str, ValueFunction]] = {
    "election_turnout_official_ratio": _official,
    "election_turnout_gap_ratio": of_regions(_gap),
    "election_turnout_gap_half_width_ratio": of_regions(_half_width),
    "election_turnout_stations": of_regions(_stations),
    "election_turnout_verdict": of_regions(_verdict),
    "election_turnout_gap_checkpoints": of_regions(_run),
    "election_turnout_matched": of_regions(_matched),
    "election_observed_turnout_findings": _findings,
    **{stratum_family(name): of_regions(_part(name)) for name, _, _ in STRATA},
}
"""Families whose values change only when the region's tables do."""
