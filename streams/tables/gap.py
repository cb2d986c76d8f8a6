"""The turnout gap of a region, and of the country from its regions: official against observed.

Judgement over :class:`~streams.tables.turnout.RegionTurnout`'s sums with the pack's constants: a
view, never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal, NamedTuple

from schemas.official import OfficialTurnout
from schemas.pack import Pack
from streams.tables.counts import COUNT_FINDINGS, CountFinding
from streams.tables.findings import Figures
from streams.tables.official import OfficialTurnoutTable
from streams.tables.region import RegionTables
from streams.tables.sample import boundaries, designs, open_hours, rules, uncovered
from streams.tables.stations import register_of_region
from streams.tables.turnout import ALL, ContestSums, RegionTurnout
from streams.tables.versions import Version
from streams.turnout.exact import fraction, share
from streams.turnout.flow import FlowSums
from streams.turnout.level import Stratum, Sums
from streams.turnout.matched import MatchedSums
from streams.turnout.verdicts import Comparison, compare_flow, compare_level

_FEW = ("no_official", "no_observation", "too_few")


class Gap(NamedTuple):
    """One comparison of one place and contest at one checkpoint (µs).

    ``kind``: level or flow. ``drawn``: stations of the sample, None without one; ``no_register``:
    stations that reported and are left out because nobody knows their register. ``wrong``: what is
    wrong with the counts that it rests on.
    """

    contest: str
    checkpoint: int
    kind: str
    found: Comparison
    headline: Version | None
    drawn: int | None
    no_register: int
    wrong: frozenset[CountFinding]


class Side(NamedTuple):
    """What is compared for one place: its official figures, and the sums that stand for it.

    ``strata``: (contest, checkpoint) → what a level is estimated from. ``flow``: (contest, end of
    an interval) → sums. ``sampled``: both are of a probability sample; ``simple``: of one stratum,
    so that a flow, which has no weights, may be judged. ``counted``: contests with any sums.
    ``level_sums`` and ``flow_sums``: contest → sums, of each region that they rest on.
    """

    code: str
    official: OfficialTurnoutTable | None
    strata: Callable[[str, int], list[Stratum]]
    flow: Callable[[str, int], FlowSums]
    sampled: bool
    simple: bool
    drawn: int | None
    counted: frozenset[str]
    level_sums: tuple[Mapping[str, ContestSums], ...]
    flow_sums: tuple[Mapping[str, ContestSums], ...]


def region_gaps(tables: RegionTables, pack: Pack) -> Sequence[Gap]:
    """Every comparison of a region, kept until its tables or the pack change."""
    memo = tables.turnout.memo
    if memo is None or memo[0] is not pack or memo[1] != tables.changes:
        found = tuple(gaps(region_side(tables.turnout, pack), pack))
        memo = tables.turnout.memo = (pack, tables.changes, found)
    return memo[2]


def gaps(side: Side, pack: Pack) -> Iterator[Gap]:
    """Every comparison of a place that has an official figure or an observation."""
    series = {} if side.official is None else side.official.series
    # Not over the series: most of them are of stations.
    contests = side.counted | {contest for contest in pack.contests if ("", contest) in series}
    for contest in sorted(contests):
        mine = series.get(("", contest))
        figures = {one.checkpoint: one for one in (mine.figures() if mine else ())}
        for checkpoint in sorted({*pack.checkpoints, *figures}):
            yield from _level(side, pack, contest, checkpoint, figures.get(checkpoint))
        yield from _flow(side, pack, contest, figures)


def _level(
    side: Side, pack: Pack, contest: str, checkpoint: int, figures: Figures | None
) -> Iterator[Gap]:
    strata = side.strata(contest, checkpoint)
    left_out = sum(stratum.sums.no_register for stratum in strata)
    if figures is None and not left_out and not any(stratum.sums.k for stratum in strata):
        return
    official = _share(figures, side.code, contest, pack)
    found = compare_level(official, strata, rules(pack), probability=side.sampled)
    headline = None if figures is None else figures.headline
    wrong = _wrong(side.level_sums, contest, "level", checkpoint)
    yield Gap(contest, checkpoint, "level", found, headline, side.drawn, left_out, wrong)


def _flow(side: Side, pack: Pack, contest: str, figures: Mapping[int, Figures]) -> Iterator[Gap]:
    edges = boundaries(pack, side.code)
    for since, until in pairwise(edges):
        sums, end = side.flow(contest, until), figures.get(until)
        hours = open_hours(pack, side.code, since, until)
        if not hours or (end is None and not sums.k and not sums.no_register):
            continue
        after = _share(end, side.code, contest, pack)
        opening = since not in pack.checkpoints
        before = Fraction(0) if opening else _share(figures.get(since), side.code, contest, pack)
        rate = None if after is None or before is None else (after - before) / hours
        found = compare_flow(rate, sums, hours, rules(pack), probability=side.simple)
        reported = sums.k + sums.no_register
        needed = fraction(pack.judgement.turnout.sample_percent) * (side.drawn or 0)
        if side.simple and found.verdict not in _FEW and reported * 100 < needed:
            found = found._replace(
                verdict="incomplete_sample", half_width=None, half_width_family=None, df=None
            )
        headline = None if end is None else end.headline
        wrong = _wrong(side.flow_sums, contest, "flow", until)
        yield Gap(contest, until, "flow", found, headline, side.drawn, sums.no_register, wrong)


def _wrong(
    several: Iterable[Mapping[str, ContestSums]],
    contest: str,
    kind: Literal["level", "flow"],
    at: int,
) -> frozenset[CountFinding]:
    """What is wrong with the counts that a comparison rests on."""
    known = [sums[contest].marks.values for sums in several if contest in sums]
    return frozenset(
        finding for finding in COUNT_FINDINGS if any((kind, at, finding) in one for one in known)
    )


def _share(figures: Figures | None, code: str, contest: str, pack: Pack) -> Fraction | None:
    if figures is None:
        return None
    return official_share(figures.headline.data, register_of_region(pack, code, contest))


def official_share(data: OfficialTurnout, registered: int | None) -> Fraction | None:
    """Turnout of an official figure as a part of 1.

    From its own counts, else as printed, else its voters of ``registered``, the pack's register.
    """
    found = share(data.voted, data.registered, data.percent)
    if found is None and data.voted is not None and registered:
        return Fraction(data.voted, registered)
    return found


def region_side(turnout: RegionTurnout, pack: Pack, *, chosen: bool = False) -> Side:
    """One region. ``chosen``: only what the desk confirmed, which is no sample any more."""
    sums, design = turnout.sums(pack), designs(pack).get(turnout.code)
    nothing = ContestSums()

    def strata(contest: str, checkpoint: int) -> list[Stratum]:
        level = sums.get(contest, nothing).level
        if design is None:
            return [Stratum(level.get((checkpoint, ALL)), 0, 0)]
        return [
            Stratum(level.get((checkpoint, name)), layer.population, layer.drawn)
            for name, layer in design.strata.items()
        ]

    def flow(contest: str, until: int) -> FlowSums:
        return sums.get(contest, nothing).flow.get(until)

    sampled = design is not None and not chosen
    return Side(
        turnout.code,
        turnout.official,
        strata,
        flow,
        sampled,
        sampled and design is not None and len(design.strata) == 1,
        None if design is None else design.drawn,
        _counted(sums),
        (sums,),
        (sums,),
    )


def country_side(several: Iterable[RegionTurnout], pack: Pack, *, chosen: bool = False) -> Side:
    """The country: the strata of all its regions, each of them a stratum of the country.

    ``several``: the regions there are. A sample's strata that none of them holds have no report,
    and neither has a region at home without any drawn station, so that the sample is incomplete.
    """
    known = {one.code: one for one in several}
    sums = {code: one.sums(pack) for code, one in known.items()}
    plans = designs(pack)
    nothing = ContestSums()

    def strata(contest: str, checkpoint: int) -> list[Stratum]:
        if not plans:
            levels = (mine.get(contest, nothing).level for mine in sums.values())
            return [Stratum(sum((one.get((checkpoint, ALL)) for one in levels), Sums()), 0, 0)]
        found = [Stratum(Sums(), stations, 0) for stations in uncovered(pack).values()]
        for code, design in plans.items():
            level = sums.get(code, {}).get(contest, nothing).level
            found += [
                Stratum(level.get((checkpoint, name)), layer.population, layer.drawn)
                for name, layer in design.strata.items()
            ]
        return found

    def flow(contest: str, until: int) -> FlowSums:
        every = (mine.get(contest, nothing).flow.get(until) for mine in sums.values())
        return sum(every, FlowSums())

    own = known.get(pack.country)
    return Side(
        pack.country,
        None if own is None else own.official,
        strata,
        flow,
        bool(plans) and not chosen,
        False,
        sum(design.drawn for design in plans.values()) if plans else None,
        frozenset().union(*(_counted(mine) for mine in sums.values())),
        tuple(mine for code, mine in sums.items() if not plans or code in plans),
        tuple(sums.values()),
    )


def _counted(sums: Mapping[str, ContestSums]) -> frozenset[str]:
    return frozenset(
        contest for contest, one in sums.items() if one.level.values or one.flow.values
    )


def matched_sums(
    several: Iterable[RegionTurnout], pack: Pack, *, told: bool
) -> dict[tuple[str, int], MatchedSums]:
    """(contest, checkpoint) → sums over the matched stations of all ``several`` regions."""
    found: dict[tuple[str, int], MatchedSums] = {}
    for turnout in several:
        for contest, sums in turnout.sums(pack).items():
            totals = sums.told if told else sums.matched
            for checkpoint, one in totals.values.items():
                key = (contest, checkpoint)
                found[key] = found.get(key, MatchedSums()) + one
    return found
