"""How old the data are: on every dashboard, beside what they say."""

from __future__ import annotations

from dashboards import links, queries
from dashboards.looks import AGE
from dashboards.panels import Text, Value, number
from dashboards.sdk import dashboard
from dashboards.tables import Column

_REPORTS = "election_last_report_timestamp_seconds"


def observers(size: tuple[int, int] = (4, 4)) -> dashboard.Panel:
    """Age of the newest report of the chosen regions."""
    return number(
        "Newest observers' report",
        Text(
            "How long ago the newest report of any observer in the chosen regions was written, in "
            "the election's own time.",
            "Event time as the observer's device gave it. One region that reports makes this "
            "small: the tables have the age of each region.",
            "Growing: nothing arrives. Look at Pipeline health, then at Coverage and silence, and "
            "call the teams. Until it falls, no zero on this dashboard means calm.",
        ),
        AGE,
        Value("age", queries.age_of_newest(_REPORTS, authority="observer")),
        size=size,
        link=links.to("Coverage and silence"),
    )


def official(size: tuple[int, int] = (4, 4)) -> dashboard.Panel:
    """Age of the newest official turnout figure of the chosen regions."""
    return number(
        "Newest official figure",
        Text(
            "How long ago the moment is that the newest official turnout figure speaks of.",
            "The moment it speaks of, not when it was published. Between checkpoints it grows.",
            "Older than the last checkpoint: look whether the commission published it, then "
            "whether the import runs.",
        ),
        AGE,
        Value("age", queries.age_of_newest("election_official_as_of_timestamp_seconds")),
        size=size,
        link=links.to("Turnout gap"),
    )


def column(title: str = "Newest report") -> Column:
    """Age of each region's newest report, for tables."""
    return Column(title, queries.age(_REPORTS, authority="observer"), AGE)
