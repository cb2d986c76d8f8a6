"""The metrics that a dashboard may ask for: names, labels and units, from their declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from streams.metrics.families import BY_NAME


class Planned(NamedTuple):
    """What a family will be declared with."""

    unit: str
    labels: tuple[str, ...]


PLANNED: Final[Mapping[str, Planned]] = {
    "election_stations_silent": Planned("stations", ("region", "phase")),
    "election_stations_expected_by_phase": Planned("stations", ("region", "phase")),
    "election_stations_reporting_by_phase": Planned("stations", ("region", "phase")),
    "election_teams_expected": Planned("teams", ("region",)),
    "election_teams_silent": Planned("teams", ("region",)),
    "election_region_heard": Planned("none", ("region", "state")),
    "election_incident_surge": Planned("none", ("region",)),
    "election_critical_incidents_open": Planned("reports", ("region", "category")),
    "scrutineer_urgent_rejected_events_total": Planned("events", ("topic", "partition", "type")),
}
"""Families, or labels of them, that the dashboards use and that nothing declares yet.

Empty where everything is declared; a test fails on an entry that has been.
"""


def is_declared(name: str) -> bool:
    """Whether a planned family has been declared, with the labels that it was to have."""
    return name in BY_NAME and set(PLANNED[name].labels) <= set(BY_NAME[name].labels)


def labels_of(name: str) -> tuple[str, ...]:
    """The labels of a family."""
    return PLANNED[name].labels if name in PLANNED else BY_NAME[name].labels


def unit_of(name: str) -> str:
    """The unit of a family, as it is declared."""
    return PLANNED[name].unit if name in PLANNED else BY_NAME[name].unit
