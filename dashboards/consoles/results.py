"""Counting and results: how counts were assessed, and what was published of them."""

from __future__ import annotations

from dashboards import ages, links, queries, regions, variables
from dashboards.console import QUESTIONS, Console
from dashboards.looks import LATENT, PUBLICATION, alarming, coded, counted, ratio
from dashboards.panels import Text, Value, graph, number, timeline
from dashboards.queries import (
    age,
    each,
    first_of,
    heard,
    share,
    some,
    spoken,
    spoken_all,
    spoken_total,
    total,
    while_heard,
)
from dashboards.sdk import dashboard
from dashboards.tables import Column, Rows, rows

NEEDS, WHERE, BAD, SINCE, SURE = QUESTIONS
_VISITS = "election_visits"
_NEGATIVE = "bad|very_bad"
_COUNT = {"phase": "counting"}
_PUBLISHED = "election_results_published_stations"
_COPIES = "election_protocols_observed"
_DIFFERENT = "election_protocol_differences"
_CLOSE = "election_polls_close_timestamp_seconds"


def console() -> Console:
    """The dashboard."""
    return Console(
        title="Counting and results",
        purpose="How observers assessed counting and tabulation, whether results by station are "
        "public, and whether they are what was counted. Every share stands beside its n.",
        answers=(
            (NEEDS, _numbers()),
            (WHERE, (_regions(),)),
            (BAD, (_ratings(), _findings(), _complaints())),
            (SINCE, (_states(), _progress())),
            (SURE, (_answers(), _copies())),
        ),
        chosen=(variables.region(),),
    )


def _numbers() -> tuple[dashboard.Panel, ...]:
    return (
        _negative(),
        _different(),
        _unpublished(),
        _overdue(),
        ages.observers(),
        ages.official(),
    )


def _negative() -> dashboard.Panel:
    bad = while_heard(total(_VISITS, rating=_NEGATIVE, by=(), **_COUNT))
    return number(
        "Counts assessed negatively",
        Text(
            "Observed counts rated bad or very bad, and observed counts in all.",
            "Of those that were observed; not a random sample unless the plan says so, so that "
            "no interval can be given.",
            "A fifth and more of ten and more: the alert fires. Read the questions below: what "
            "went wrong?",
        ).told(),
        counted("counts"),
        Value("negative", bad),
        Value("observed", while_heard(total(_VISITS, by=(), **_COUNT))),
        link=links.to("Observer access"),
    )
