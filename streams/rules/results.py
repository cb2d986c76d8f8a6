"""Counting and results."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from streams.rules.alert import REGION, Sheet, Writer
from streams.rules.model import Group, Rule
from streams.rules.series import NOW, furthest, held

COUNTS: Final = "region:election_visits_counting:held"
LATE: Final = "region:election_results_unpublished_seconds:held"
PUBLISHED: Final = "region:election_results_published_stations:held"
_NEGATIVE: Final = f'{COUNTS}{{rating=~"bad|very_bad"}}'


def group(writer: Writer) -> Group:
    """What is known of the night."""
    return Group("results", [*_counting(writer), *_results(writer)])


def _counting(writer: Writer) -> list[Rule]:
    """In a region and in the country, whose teams together may be enough where a region's are not.

    A share without its number of counts says nothing: fewer than the pack's minimum, no alert.
    """
    alarms = writer.pack.judgement.alarms
    least = float(Fraction(repr(alarms.counting_negative_percent)) / 100)
    visits = furthest('election_visits{phase="counting"}', "region", "rating")

    def share(by: str) -> str:
        negative, rated = f"sum {by} ({_NEGATIVE})", f"sum {by} ({COUNTS})"
        return f"{negative} / ({rated} > 0) >= {least!r}\nand\n{rated} >= {alarms.counting_minimum}"

    country = {"region": writer.pack.country}
    return [
        held(COUNTS, visits),
        writer.alert(
            _negative(REGION, f'printf "sum({COUNTS}{{region=%q}})" $labels.region'),
            share("by (region)"),
            labels={"scope": "region"},
        ),
        writer.alert(
            _negative("the whole country", f'"sum({COUNTS})"'),
            share("by ()"),
            labels={"scope": "country", **country},
        ),
    ]


def _negative(place: str, rated: str) -> Sheet:
    """``rated``: a query for the number of counts that the share is of."""
    return Sheet(
        name="CountingAssessedNegatively",
        severity="warning",
        team="room",
        dashboard="counting-results",
        summary=f"Counting assessed negatively: {{{{ $value | humanizePercentage }}}} in {place}",
        description=f"{{{{ $value | humanizePercentage }}}} of {{{{ with {rated} | query }}}}"
        f"{{{{ . | first | value }}}} {{{{ end }}}}counts observed in {place} were assessed bad or "
        "very bad. Say the number with the share, and no interval: teams that chose where to go "
        "are no random sample.",
    )


def _results(writer: Writer) -> list[Rule]:
    hours = writer.pack.judgement.alarms.results_hours
    published = furthest("election_results_published_stations", "region")
    close = furthest("election_polls_close_timestamp_seconds", "region")
    late = f"({NOW} - {close} > {hours * 3600})\nand on (region)\n{published} == 0"
    # Of the whole country only when the last region is late: polls may close hours apart.
    regions = sum(bool(writer.pack.polls(code)) for code in writer.pack.region_codes())
    nowhere = (
        f"min({LATE}) and on () (sum({PUBLISHED}) == 0) and on () (count({LATE}) >= {regions})"
    )
    return [
        held(PUBLISHED, published),
        held(LATE, late),
        writer.alert(_unpublished(REGION), LATE, severity="info", labels={"scope": "region"}),
        writer.alert(
            _unpublished("the whole country"),
            nowhere,
            labels={"scope": "country", "region": writer.pack.country},
        ),
    ]


def _unpublished(place: str) -> Sheet:
    return Sheet(
        name="ResultsNotDisaggregated",
        severity="warning",
        team="room",
        dashboard="counting-results",
        summary=f"No results by station published: {place}",
        description=f"{{{{ $value | humanizeDuration }}}} after the polls closed, no results of "
        f"any single station have been published in {place}. Nobody can check the totals.",
    )
