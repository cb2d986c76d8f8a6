"""The state of each region in one word, and what else several dashboards say of regions."""

from __future__ import annotations

from dashboards import queries
from dashboards.looks import HEARD, VERDICTS, alarming, counted, ratio
from dashboards.queries import each, heard, some, spoken, total
from dashboards.tables import Column
from streams.rules.turnout import CONFLICTS

LISTED = (("region", "Region"),)
WRONG = f"fall|{CONFLICTS}"
"""Findings about official figures that an alert fires about, but for those that are late."""


def state() -> str:
    """The code of ``looks.REGION_STATES``, by region."""
    gap = each("election_turnout_verdict", verdict="official_above|official_below")
    return queries.first_of(
        (6, some(total("election_restrictions_open"))),
        (5, heard("silent|nothing_heard")),
        (4, some(total("election_critical_incidents_open"))),
        (3, some(f"max by (region) ({gap})")),
        (2, some(total("election_official_findings", finding=WRONG))),
        (1, heard()),
        (0, each("scrutineer_region_live")),
    )


def hearing() -> str:
    """The code of ``looks.HEARD``, by region."""
    codes = {name: code for name, (code, _) in HEARD.items()}
    return queries.everywhere(queries.coded("election_region_heard", "state", codes))


def verdict(comparison: str = "level") -> str:
    """The code of the verdict on the turnout gap, by region."""
    codes = {name: code for name, (code, _) in VERDICTS.items()}
    return queries.everywhere(
        queries.coded(
            "election_turnout_verdict",
            "verdict",
            codes,
            contest="$contest",
            comparison=comparison,
        )
    )


def restricted() -> Column:
    """Restrictions in force."""
    return Column(
        "In force", spoken(total("election_restrictions_open")), alarming("restrictions", "none")
    )


def reporting() -> tuple[Column, Column]:
    """Stations heard from, as a number and as a share of those expected."""
    return (
        Column("Stations heard", total("election_stations_reporting"), counted("stations")),
        Column("Of expected", covered(), ratio(absent="no plan", decimals=0)),
    )


def covered(by: tuple[str, ...] = ("region",)) -> str:
    """The part of the stations of the plan that were heard from."""
    return queries.share(
        total("election_stations_reporting", by=by), total("election_stations_expected", by=by)
    )
