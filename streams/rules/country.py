"""The country's turnout gap, from sums that each worker exports for its regions' samples.

``streams.turnout.level`` in PromQL: the combined ratio estimator over the strata of all regions,
its linearised variance, the variance that the plan expects, and the verdict in the order of
``streams.turnout.verdicts``. Nothing is estimated here that is not a sum of exported sums, divided.
Series have the labels contest and checkpoint; strata also region and stratum.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from schemas.pack import Pack
from streams.rules.constants import CHECKPOINT, SAMPLE_REGION
from streams.rules.model import Recording
from streams.rules.quantiles import TABLE, by_df, tails
from streams.rules.series import furthest
from streams.tables.sample import rules as constants_of
from streams.turnout.verdicts import Rules

_SUMS: Final = (
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
_EACH: Final = "on (contest, checkpoint) group_left ()"
_SUM: Final = "sum by (contest, checkpoint)"
_ON: Final = "on (contest, checkpoint)"

_SIZE: Final = "stratum:election_turnout_size:max"
_PART: Final = "stratum:election_turnout_reporting:info"
_OFFICIAL: Final = "country:election_turnout_official_ratio:furthest"
_REGISTERED: Final = "country:election_turnout_registered:weighted"
_ESTIMATE: Final = "country:election_turnout_estimate:ratio"
_REPORTED: Final = "country:election_turnout_stations:sum"
_DF: Final = "country:election_turnout_degrees_of_freedom:count"
_INVERSE: Final = "country:election_turnout_degrees_of_freedom:inverse"
_LINEARISED: Final = "country:election_turnout_linearised:variance"
_PLANNED: Final = "country:election_turnout_planned:variance"
_VARIANCE: Final = "country:election_turnout_interval:variance"
_ENOUGH: Final = "country:election_turnout_enough:stations"
_COMPLETE: Final = "country:election_turnout_complete:stations"
_JUDGED: Final = "country:election_turnout_judged:stations"
GAP: Final = "country:election_turnout_gap_ratio:level"
OBSERVED: Final = "country:election_turnout_observed_ratio:level"
HALF_WIDTH: Final = "country:election_turnout_gap_half_width_ratio:level"
VERDICT: Final = "country:election_turnout_verdict:level"
SIGN: Final = "country:election_turnout_gap:sign"
_INDEX: Final = "country:election_turnout_gap:index"
_NEWEST: Final = "country:election_turnout_gap_newest:sign"
_PREVIOUS: Final = "country:election_turnout_gap_previous:sign"
STREAK: Final = "country:election_turnout_gap_checkpoints:held"


def _stratum(name: str) -> str:
    return f"stratum:election_turnout_{name}:furthest"


def rules(pack: Pack) -> Iterator[Recording]:
    """All of it, in an order in which each rule has what it needs."""
    constants = constants_of(pack)
    for name in _SUMS:
        family = f"election_turnout_stratum_{name}"
        labels = ("region", "contest", "checkpoint", "stratum")
        yield Recording(_stratum(name), furthest(family, *labels))
    official = f'election_turnout_official_ratio{{region="{pack.country}"}}'
    yield Recording(_OFFICIAL, furthest(official, "contest", "checkpoint"))
    yield from _estimate()
    yield from _variances(constants)
    yield from _basis(constants)
    yield from _figures(pack)
    yield from _verdicts(constants)
    yield from _streak()


def _estimate() -> Iterator[Recording]:
    """p, over the strata of which some station reported; K is never below what reported."""
    k, size = _stratum("reported"), _stratum("stations")
    yield Recording(_SIZE, f"({size} >= {k}) or {k}")
    yield Recording(_PART, f"{k} > 0")
    weight = f"{_SIZE} / {_PART}"
    yield Recording(
        "country:election_turnout_voters:weighted", f"{_SUM} ({weight} * {_stratum('voters')})"
    )
    yield Recording(_REGISTERED, f"{_SUM} ({weight} * {_stratum('registered')})")
    yield Recording(_ESTIMATE, f"country:election_turnout_voters:weighted / {_REGISTERED}")
    yield Recording(_REPORTED, f"{_SUM} ({k})")
    yield Recording(_DF, f"{_REPORTED} - count by (contest, checkpoint) ({_PART})")


def _variances(constants: Rules) -> Iterator[Recording]:
    """Linearised and planned; the greater of the two makes the interval.

    A stratum that reported completely adds nothing; one with a single report of several stations
    leaves the variance unknown, which the verdict says.
    """
    k, size = _PART, _SIZE
    squares, total = (
        "stratum:election_turnout_squares:sum",
        "stratum:election_turnout_deviation:sum",
    )
    yield Recording(total, f"{_stratum('voters')} - {_stratum('registered')} * {_EACH} {_ESTIMATE}")
    yield Recording(
        squares,
        f"{_stratum('voters_squared')}\n"
        f"- 2 * {_stratum('voters_registered')} * {_EACH} {_ESTIMATE}\n"
        f"+ {_stratum('registered_squared')} * {_EACH} ({_ESTIMATE} * {_ESTIMATE})",
    )
    open_part = f"{size} * ({size} - {k})"
    yield Recording(
        _LINEARISED,
        f"{_SUM} (\n  {open_part} * ({k} * {squares} - {total} * {total})\n"
        f"  / ({k} * {k} * (({k} > 1) - 1))\n)\n/ ({_REGISTERED} * {_REGISTERED})",
    )
    # p kept 1/n away from 0 and 1: no voters yet is not certainty.
    edge, kept = f"clamp_max(1 / {_REPORTED}, 0.5)", "country:election_turnout_kept:ratio"
    yield Recording(
        kept,
        f"({_ESTIMATE} >= {edge} <= 1 - {edge})\n"
        f"or ({edge} > {_ESTIMATE})\nor (1 - {edge} < {_ESTIMATE})",
    )
    yield Recording(
        _PLANNED,
        f"{constants.homogeneity!r} * {kept} * (1 - {kept})\n"
        f"* {_SUM} ({open_part} * {_stratum('registered_squared')} / ({k} * {k}))\n"
        f"/ ({_REGISTERED} * {_REGISTERED})",
    )
    yield Recording(_VARIANCE, f"({_LINEARISED} >= {_PLANNED}) or {_PLANNED}")


def _basis(constants: Rules) -> Iterator[Recording]:
    """How far a comparison may go: a figure, an interval, a verdict."""
    k, size, absent = _stratum("reported"), _SIZE, _stratum("no_register")
    yield Recording(_ENOUGH, f"{_REPORTED} >= {constants.minimum_stations} and {_ON} {_OFFICIAL}")
    there = f"(({size} > 0) or ({absent} > 0))"
    drawn = f"{_SUM} ({_stratum('drawn')} and {there})"
    # A region that nobody watches has no strata here, and one where nobody counted in a contest
    # beside the main one has none of that: without them it is no sample.
    regions = f"count by (contest, checkpoint) (count by (contest, checkpoint, region) ({size}))"
    yield Recording(
        _COMPLETE,
        f"{_ENOUGH}\nunless {_ON} (({k} == 0) and {there})\n"
        f"unless {_ON} (100 * {_SUM} ({k} + {absent}) < {constants.sample_percent!r} * {drawn})\n"
        f"unless {_ON} ({regions} < scalar(count({SAMPLE_REGION})))\n"
        f"unless on () ({SAMPLE_REGION} unless on (region) scrutineer_region_live)",
    )
    yield Recording(
        _JUDGED, f"{_COMPLETE} and ({_DF} >= 1)\nunless {_ON} ({_PART} == 1 and {size} > 1)"
    )


def _figures(pack: Pack) -> Iterator[Recording]:
    """No figure of few stations, no interval of what may not be judged."""
    yield Recording(OBSERVED, f"{_ESTIMATE} and {_ENOUGH}")
    yield Recording(GAP, f"{_OFFICIAL} - {OBSERVED}")
    yield Recording(_INVERSE, f"1 / ({_DF} > {TABLE})")
    for level, tail in tails(pack).items():
        quantile = f"country:election_t_quantile:{'p95' if level == '95' else level}"
        yield Recording(quantile, by_df(_DF, _INVERSE, level, tail))
        yield Recording(
            HALF_WIDTH, f"{quantile} * sqrt({_VARIANCE}) and {_JUDGED}", {"level": level}
        )


def _verdicts(constants: Rules) -> Iterator[Recording]:
    """Of each contest and checkpoint exactly one is there, and is 1."""
    family, margin = f'{HALF_WIDTH}{{level="family"}}', repr(float(constants.margin))
    far = f"abs({GAP}) > {_ON} ({family}) and abs({GAP}) > {margin}"
    conditions = {
        "no_official": f"{_REPORTED} unless {_OFFICIAL}",
        "no_observation": f"{_OFFICIAL} unless ({_REPORTED} > 0)",
        "too_few": f"(0 < {_REPORTED} < {constants.minimum_stations}) and {_OFFICIAL}",
        "incomplete_sample": f"{_ENOUGH} unless {_COMPLETE}",
        "lonely_stratum": f"{_COMPLETE} unless {_JUDGED}",
        "official_above": f"({GAP} > 0) and {_ON} ({far})",
        "official_below": f"({GAP} < 0) and {_ON} ({far})",
        "within": f"abs({GAP}) + {_ON} {family} <= {margin}",
    }
    for verdict, condition in conditions.items():
        expr = f"group by (contest, checkpoint) ({condition})"
        yield Recording(VERDICT, expr, {"verdict": verdict})
    decided = f'{VERDICT}{{verdict=~"official_above|official_below|within"}}'
    yield Recording(
        VERDICT,
        f"group by (contest, checkpoint) ({_JUDGED} unless {_ON} {decided})",
        {"verdict": "inconclusive"},
    )


def _streak() -> Iterator[Recording]:
    """Whether the two newest checkpoints with both figures agree: 2 above, -2 below.

    One that could not be judged, such as an incomplete sample, ends the row. Held while a region of
    the sample is not watched, so that a worker's death ends no alert.
    """
    above, below = (f'{VERDICT}{{verdict="official_{side}"}}' for side in ("above", "below"))
    both = f'{VERDICT}{{verdict!~"no_official|no_observation"}}'
    yield Recording(
        SIGN,
        f"group by (contest, checkpoint) ({above})\nor -group by (contest, checkpoint) ({below})\n"
        f"or 0 * group by (contest, checkpoint) ({both})",
    )
    newest = f"on (contest) group_left () max by (contest) ({_INDEX})"
    yield Recording(_INDEX, f"0 * {SIGN} + on (checkpoint) group_left () {CHECKPOINT}")
    yield Recording(_NEWEST, f"sum by (contest) ({SIGN} and {_ON} ({_INDEX} == {newest}))")
    before = f"({_INDEX} < {newest})"
    yield Recording(
        _PREVIOUS,
        f"sum by (contest) ({SIGN} and {_ON}\n"
        f"({before} == on (contest) group_left () max by (contest) {before}))",
    )
    unwatched = f"({SAMPLE_REGION} unless on (region) scrutineer_region_live)"
    yield Recording(STREAK, f"({STREAK} and on () {unwatched})\nor ({_NEWEST} + {_PREVIOUS})")
