"""Rows of the turnout gap: every comparison with its basis, and the counts behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from schemas.desk import Triage
from schemas.fields import microseconds, rfc3339
from schemas.observer import ObservedTurnout
from streams.tables.findings import Figures
from streams.tables.gap import Gap, country_side, gaps, matched_sums, region_gaps, region_side
from streams.tables.incidents import CONFIRMED
from streams.tables.official import OfficialTurnoutTable, Place
from streams.tables.region import RegionTables
from streams.tables.stations import register_of_station
from streams.tables.turnout import RegionTurnout, figure_voters, tolerance
from streams.tables.versions import Version
from streams.tables.view import Row, View
from streams.turnout.exact import Exact
from streams.turnout.matched import Choice, MatchedSums, match

_SECOND = 1_000_000


def turnout(view: View) -> Iterator[Row]:
    """Official against observed turnout, by place, contest, checkpoint and comparison.

    ``level`` and ``flow`` are shares of the electorate (``unit``), of regions and the country;
    ``matched`` and ``told`` are voters: a row for each station, and one over all of them. The
    country's rows sum up the regions of the partitions that are looked at.
    """
    country = view.pack.country
    chosen = view.confirmed_only
    for tables in view.regions:
        if tables.code != country:
            mine = _counts(view, tables)
            if chosen:
                judged = gaps(region_side(mine, view.pack, chosen=True), view.pack)
            else:
                judged = iter(region_gaps(tables, view.pack))
            yield from _compared(view, tables.code, tables.official, judged)
            yield from _stations(view, mine)
            yield from _summed(view, tables.code, [mine])
    if view.region in (None, country):
        several = [_counts(view, tables) for tables in view.everywhere()]
        side = country_side(several, view.pack, chosen=chosen)
        yield from _compared(view, country, side.official, gaps(side, view.pack))
        yield from _summed(view, country, several)
        for own in several:
            if own.code == country:
                yield from _stations(view, own)


def _counts(view: View, tables: RegionTables) -> RegionTurnout:
    """A region's counts: what stands, or what was confirmed of it."""
    if not view.confirmed_only:
        return tables.turnout
    found = RegionTurnout(tables.code, view.pack, tables.official)
    for book in tables.turnout.books.values():
        for version in book.reports.values():
            if _status(tables, version) in CONFIRMED:
                found.add(version)
    return found


def _status(tables: RegionTables, version: Version) -> str:
    decision: Triage | None = tables.decision(version.source, version.data.report_id)
    return "reported" if decision is None else decision.status


def _compared(
    view: View, code: str, official: OfficialTurnoutTable | None, judged: Iterator[Gap]
) -> Iterator[Row]:
    for gap in judged:
        found = gap.found
        yield {
            "region": code,
            "station": None,
            "contest": gap.contest,
            "checkpoint": rfc3339(gap.checkpoint),
            "comparison": gap.kind,
            "unit": "share",
            "official": _float(found.official),
            "observed": _float(found.observed),
            "gap": _float(found.gap),
            "half_width": found.half_width,
            "half_width_family": found.half_width_family,
            "n": found.n,
            "df": found.df,
            "verdict": found.verdict,
            "ratio": _float(found.ratio),
            "above": None,
            "below": None,
            "conflicts": None,
            "drawn": gap.drawn,
            "no_register": gap.no_register,
            "offset_seconds": None,
            **_figure(gap.headline),
            "counts": None,
            "findings": sorted(
                {*_findings(official, ("", gap.contest), gap.checkpoint), *gap.wrong}
            ),
            "age_seconds": _age(view, gap.headline),
        }


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _figure(headline: Version | None) -> Row:
    if headline is None:
        return {"publisher": None, "as_of": None}
    data = headline.data
    return {"publisher": data.publisher, "as_of": rfc3339(microseconds(data.as_of))}


def _age(view: View, headline: Version | None) -> int | None:
    """Whole seconds since the moment that the official figure speaks of."""
    if headline is None:
        return None
    return (view.now - microseconds(headline.data.as_of)) // _SECOND


def _findings(official: OfficialTurnoutTable | None, place: Place, checkpoint: int) -> list[str]:
    """What is wrong with the official figure as it stands."""
    series = None if official is None else official.series.get(place)
    if series is None:
        return []
    mine = [one for one in series.findings() if one.open and one.checkpoint == checkpoint]
    return sorted({finding.kind for finding in mine})


def _stations(view: View, turnout: RegionTurnout) -> Iterator[Row]:
    """Each station's own count beside its own official figure."""
    for place in turnout.books:
        for told in (False, True):
            for figures, chosen in turnout.matches(place, view.pack, told=told):
                yield _station(view, turnout, place, figures, chosen, told=told)


def _station(
    view: View,
    turnout: RegionTurnout,
    place: Place,
    figures: Figures,
    chosen: Choice,
    *,
    told: bool,
) -> Row:
    headline = figures.headline
    voters = figure_voters(headline.data, register_of_station(view.pack, *place))
    verdict, _ = match(voters, chosen.observed, tolerance(view.pack))
    wrong = turnout.wrong(place, view.pack)
    refs = [(count.ref[0], count.ref[1]) for count in chosen.counts]
    found = {kind for ref in refs for kind in wrong.get(ref, ())}
    one = {
        "above": int(verdict == "official_above"),
        "below": int(verdict == "official_below"),
        "conflicts": int("conflict" in found),
        "n": len(chosen.counts),
    }
    return {
        **_voters(turnout.code, place, figures.checkpoint, voters, chosen.observed, told=told),
        **_basis(verdict, one),
        "offset_seconds": chosen.offset // _SECOND,
        **_figure(headline),
        "counts": [
            {"source": count.ref[0], "report_id": count.ref[1], "voters": count.voters}
            for count in sorted(chosen.counts, key=lambda count: count.ref)
        ],
        "findings": sorted({*_findings(turnout.official, place, figures.checkpoint), *found}),
        "age_seconds": _age(view, headline),
    }


def _summed(view: View, code: str, several: Iterable[RegionTurnout]) -> Iterator[Row]:
    """All matched stations of a place together."""
    several = list(several)
    for told in (False, True):
        for (contest, checkpoint), sums in matched_sums(several, view.pack, told=told).items():
            place = ("", contest)
            verdict, _ = match(sums.official, sums.observed, tolerance(view.pack))
            numbers = (sums.official, sums.observed)
            yield {
                **_voters(code, place, checkpoint, *numbers, told=told),
                **_basis(verdict, _numbers(sums)),
                "offset_seconds": None,
                **_figure(None),
                "counts": None,
                "findings": [],
                "age_seconds": None,
            }


def _numbers(sums: MatchedSums) -> dict[str, int]:
    return {
        "above": sums.above,
        "below": sums.below,
        "conflicts": sums.conflicts,
        "n": sums.stations,
    }


def _voters(
    code: str,
    place: Place,
    checkpoint: int,
    official: Exact | None,
    observed: Fraction,
    *,
    told: bool,
) -> Row:
    gap = None if official is None else official - observed
    return {
        "region": code,
        "station": place[0] or None,
        "contest": place[1],
        "checkpoint": rfc3339(checkpoint),
        "comparison": "told" if told else "matched",
        "unit": "voters",
        "official": _number(official),
        "observed": _number(observed),
        "gap": _number(gap),
    }


def _basis(verdict: str, numbers: dict[str, int]) -> Row:
    return {
        "half_width": None,
        "half_width_family": None,
        "n": numbers["n"],
        "df": None,
        "verdict": verdict,
        "ratio": None,
        "above": numbers["above"],
        "below": numbers["below"],
        "conflicts": numbers["conflicts"],
        "drawn": None,
        "no_register": None,
    }


def _number(value: Exact | None) -> int | float | None:
    """Voters: a whole number where it is one."""
    if value is None:
        return None
    return int(value) if Fraction(value).denominator == 1 else float(value)


def observed_turnout(view: View) -> Iterator[Row]:
    """Every count of observers that stands, with what is wrong with it by itself."""
    for tables in view.regions:
        mine = _counts(view, tables)
        for place, book in mine.books.items():
            wrong = mine.wrong(place, view.pack)
            for ref, version in book.reports.items():
                data: ObservedTurnout = version.data
                interval = data.interval
                at = version.at if interval is None else microseconds(interval.until)
                yield {
                    "region": tables.code,
                    "station": place[0],
                    "contest": place[1],
                    "source": version.source,
                    "report_id": data.report_id,
                    "method": data.method,
                    "status": _status(tables, version),
                    "phase": data.phase,
                    "at": rfc3339(at),
                    "since": None if interval is None else rfc3339(microseconds(interval.since)),
                    "voters": data.cumulative if interval is None else interval.voters,
                    "registered": data.registered,
                    "findings": sorted(wrong.get(ref, ())),
                }
