"""What can be chosen at the top of a dashboard."""

from __future__ import annotations

from typing import Final

from dashboards.sdk import common, dashboard

SOURCE: Final = common.DataSourceRef("prometheus", "${datasource}")

_EVERYTHING: Final = dashboard.VariableOption(text="All", value="$__all")


def datasource() -> dashboard.VariableModel:
    """Which Prometheus: one for each election."""
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.DATASOURCE,
        name="datasource",
        label="Prometheus",
        description="The Prometheus that scrapes the workers of this election.",
        query="prometheus",
    )


def region() -> dashboard.VariableModel:
    """Regions that a worker shows; all of them unless some are chosen."""
    found = _values(
        "region",
        "Region",
        "scrutineer_region_live",
        "Regions to show; All includes those without a worker.",
    )
    found.multi, found.include_all = True, True
    # All stands for any region, so that one that no worker shows just now keeps its past.
    found.all_value, found.current = ".+", _EVERYTHING
    return found


def contest() -> dashboard.VariableModel:
    """One ballot: at first the one of which most stations were observed."""
    query = "query_result(sort_desc(sum by (contest) (election_turnout_stations)))"
    found = _query("contest", "Contest", query, "The ballot whose turnout is compared.")
    found.regex, found.sort = '/contest="([^"]+)"/', dashboard.VariableSort.DISABLED
    return found


def checkpoint() -> dashboard.VariableModel:
    """One moment that turnout is published for; the newest first."""
    found = _values(
        "checkpoint",
        "Checkpoint",
        "election_turnout_official_ratio",
        "The moment, in UTC, that the sample is shown at. It stays when a newer one comes.",
    )
    found.sort = dashboard.VariableSort.ALPHABETICAL_DESC
    return found


def comparison() -> dashboard.VariableModel:
    """How official and observed turnout are compared."""
    ways = {
        "Level: a sample of stations reports all voters so far": "level",
        "Flow: voters counted for part of an hour": "flow",
    }
    options = [
        dashboard.VariableOption(selected=way == "level", text=text, value=way)
        for text, way in ways.items()
    ]
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.CUSTOM,
        name="comparison",
        label="Comparison",
        description="Level is the stronger evidence; flow needs no sample drawn in advance.",
        query=", ".join(f"{text} : {way}" for text, way in ways.items()),
        options=options,
        current=options[0],
    )


def _values(name: str, label: str, family: str, description: str) -> dashboard.VariableModel:
    found = _query(name, label, f"label_values({family}, {name})", description)
    found.sort = dashboard.VariableSort.ALPHABETICAL_ASC
    return found


def _query(name: str, label: str, query: str, description: str) -> dashboard.VariableModel:
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.QUERY,
        name=name,
        label=label,
        description=description,
        datasource=SOURCE,
        definition=query,
        query={"query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        refresh=dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED,
    )
