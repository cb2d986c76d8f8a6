"""The metrics that a dashboard may ask for: names, labels and units, from their declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from streams.metrics.families import BY_NAME


class Planned(NamedTuple):
    """What a family will be declared with."""

    unit: str
    labels: tuple[str, ...]


_COUNTRY: Final = ("contest", "checkpoint")

PLANNED: Final[Mapping[str, Planned]] = {
    "election_incident_surge": Planned("none", ("region",)),
    "election_critical_incidents_open": Planned("reports", ("region", "category")),
    "scrutineer_urgent_rejected_events_total": Planned("events", ("topic", "partition", "type")),
    "country:election_turnout_official_ratio:furthest": Planned("ratio", _COUNTRY),
    "country:election_turnout_observed_ratio:level": Planned("ratio", _COUNTRY),
    "country:election_turnout_gap_ratio:level": Planned("ratio", _COUNTRY),
    "country:election_turnout_gap_half_width_ratio:level": Planned("ratio", (*_COUNTRY, "level")),
    "country:election_turnout_stations:sum": Planned("stations", _COUNTRY),
    "country:election_turnout_verdict:level": Planned("none", (*_COUNTRY, "verdict")),
}
"""Families, or labels of them, that the dashboards use and that nothing declares yet; and series
with colons in their names, that no rule records yet.

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
