"""Incidents, and regions that nobody reports from."""

from __future__ import annotations

from typing import Final

from streams.rules.alert import REGION, Sheet, Writer, words
from streams.rules.constants import POLLS_CLOSE, POLLS_OPEN
from streams.rules.model import Group, Recording
from streams.rules.series import NOW, furthest, held

CRITICAL: Final = "region:election_critical_incidents_open:held"
SURGE: Final = "region:election_incident_surge:held"
_OPENED: Final = "region:election_polls_open_timestamp_seconds:now"
_LAST: Final = "region:election_last_report_timestamp_seconds:observer"
SILENCE: Final = "region:election_silence_seconds:held"

_REPORTED: Final = 'election_last_report_timestamp_seconds{authority="observer"}'

CRITICAL_INCIDENT: Final = Sheet(
    name="CriticalIncident",
    severity="page",
    team="room",
    dashboard="incidents",
    fields=("region", "category"),
    summary=f"Critical incident: {words('category')}, {REGION}",
    description=f"{{{{ $value }}}} critical incident(s) of the category {words('category')} in "
    f"{REGION} that the desk has neither resolved nor dismissed.",
)

INCIDENT_SURGE: Final = Sheet(
    name="IncidentSurge",
    severity="warning",
    team="room",
    dashboard="incidents",
    summary=f"Incidents jump in {REGION}",
    description=f"The last quarter of an hour in {REGION} brought more incidents than the region's "
    "own earlier rate per reporting station explains. The table incidents_surge has the numbers.",
)

REGION_SILENT: Final = Sheet(
    name="RegionSilent",
    severity="warning",
    team="room",
    dashboard="coverage",
    summary=f"No reports from {REGION} while its polls are open",
    description=f"No observer's report from {REGION} for {{{{ $value | humanizeDuration }}}}. That "
    "is not the same as no incidents: nobody there can be heard.",
)


def group(writer: Writer) -> Group:
    """What the operations room looks into."""
    critical = furthest("election_critical_incidents_open", "region", "category")
    return Group(
        "incidents",
        [
            held(CRITICAL, critical),
            writer.alert(CRITICAL_INCIDENT, f"{CRITICAL} > 0"),
            held(SURGE, furthest("election_incident_surge", "region")),
            writer.alert(INCIDENT_SURGE, f"{SURGE} == 1"),
            Recording(_OPENED, _running()),
            Recording(_LAST, furthest(_REPORTED, "region")),
            held(SILENCE, _silence(writer.pack.judgement.alarms.silent_minutes)),
            writer.alert(REGION_SILENT, SILENCE),
        ],
    )


def _running() -> str:
    """When the polls opened, of the regions where they are open now."""
    return (
        f"max by (region) (\n  ({POLLS_OPEN} <= {NOW})\n"
        f"  and on (region, day)\n  ({POLLS_CLOSE} > {NOW})\n)"
    )


def _silence(minutes: int) -> str:
    """Seconds since the last report or the opening of the polls, where that is too long.

    Of regions whose polls are open, and which the deployment plan expects stations to report
    from, or which somebody was heard from before.
    """
    expected = furthest("election_stations_expected", "region")
    return f"""
({NOW} - (({_LAST} > {_OPENED}) or {_OPENED}) > {minutes * 60})
and on (region)
({expected} > 0 or {_LAST})
"""
