"""Each sentence of a mission's statement is on a panel, and where it calls for action in an alert.

The sentences, their tables and how they are read back: ``test_mission``. What is not of the day of
the election, the pack's own figures, is on no screen.
"""

from __future__ import annotations

from typing import Final, NamedTuple, get_args

import pytest

from schemas.pack.judgement import Alert
from streams.packs import load_pack
from streams.rules.files import groups
from streams.rules.model import Alerting
from tests.dashboards.boards import Board, boards, expressions
from tests.dashboards.rules import names
from tests.test_mission import STATEMENT


class Shown(NamedTuple):
    """Where a sentence is seen: panels as (dashboard, title), what they read, alerts."""

    panels: tuple[tuple[str, str], ...]
    reads: tuple[str, ...]
    alerts: tuple[Alert, ...] = ()


SHOWN: Final = {
    "Counting was assessed negatively in 58 of 128 stations": Shown(
        (("counting-results", "Counts assessed negatively"),),
        ("election_visits",),
        ("CountingAssessedNegatively",),
    ),
    "Procedures were disregarded, reconciliation above all": Shown(
        (
            ("counting-results", "Procedures: answers of no"),
            ("counting-results", "Protocols whose figures do not add up"),
        ),
        ("election_answers", "election_protocol_findings"),
    ),
    "Observers were restricted during counting and tabulation": Shown(
        (
            ("observer-access", "In force, longest first"),
            ("observer-access", "By phase"),
            ("observer-access", "By observer group"),
            ("operations-room", "Restrictions in force"),
        ),
        ("election_restriction_opened_timestamp_seconds", "election_restrictions_open"),
        ("ObserverRestrictionOpen", "RestrictionsCluster"),
    ),
    "Fewer voters were seen than the announced turnout says": Shown(
        (
            ("turnout-gap", "The whole country, by checkpoint"),
            ("turnout-gap", "Regions by verdict"),
            ("turnout-gap", "The same station, counted and published"),
        ),
        ("election_turnout_gap_ratio", "election_turnout_verdict", "election_turnout_matched"),
        ("TurnoutGap",),
    ),
    "No results by station were published": Shown(
        (("counting-results", "Stations with results"),),
        ("election_results_published_stations",),
        ("ResultsNotDisaggregated",),
    ),
    "Published results were changed, or differ by publisher": Shown(
        (("counting-results", "Protocols whose figures do not add up"),),
        ("election_protocol_findings",),
    ),
    "Voting was calm and well organised": Shown(
        (
            ("operations-room", "Regions by urgency"),
            ("coverage", "Visits by phase"),
            ("incidents", "Regions by escalation"),
        ),
        ("election_incidents_recent", "election_visits", "election_region_heard"),
        ("IncidentSurge", "RegionSilent"),
    ),
    "Voters could be added to the lists on the day": Shown(
        (("turnout-gap", "By finding"),), ("election_official_findings",)
    ),
    "Complaints: decisions not public, courts late": Shown(
        (
            ("counting-results", "Complaints overdue"),
            ("counting-results", "Complaints by stage"),
        ),
        ("election_complaints",),
    ),
    "Accreditation was inclusive, the process new": Shown(
        (("observer-access", "By kind"),), ("election_restrictions",)
    ),
    "Measures for voters with disabilities were taken": Shown(
        (("coverage", "Answers of the form, and what could be seen"),), ("election_answers",)
    ),
    "Stations opened": Shown(
        (("coverage", "Stations open, official"),), ("election_stations_opened",)
    ),
}
ON_NO_SCREEN: Final = {
    "What the room knew when": "annotations of every dashboard: tests/grafana",
    "Commissions, stations and voters": "the pack's own figures",
    "Contests, lists and candidates": "the pack's own figures",
    "District electorates differ widely": "`scrutineer pack report`",
}


def test_every_sentence_is_shown_or_said_not_to_be() -> None:
    """No sentence is forgotten, and none is left over."""
    assert {row.words for row in STATEMENT} == SHOWN.keys() | ON_NO_SCREEN.keys()
    assert not SHOWN.keys() & ON_NO_SCREEN.keys()


def board(uid: str) -> Board:
    (found,) = (one for one in boards() if one.uid == uid)
    return found


@pytest.mark.parametrize("words", SHOWN)
def test_a_sentence_has_its_panels(words: str) -> None:
    """By name, and together they read the metrics that say it."""
    shown = SHOWN[words]
    read: set[str] = set()
    for uid, title in shown.panels:
        (panel,) = (one for one in board(uid).panels if one["title"] == title)
        read |= {name for query in expressions(panel) for name in names(query)}
    assert set(shown.reads) <= read


@pytest.mark.parametrize("words", SHOWN)
def test_a_sentence_that_calls_for_action_has_its_alert(words: str) -> None:
    """One of the rules that are written from the pack."""
    made = {
        rule.alert
        for group in groups(load_pack("kazakhstan-2023"))
        for rule in group.rules
        if isinstance(rule, Alerting)
    }
    assert made == set(get_args(Alert))
    assert set(SHOWN[words].alerts) <= made
