"""Every query of every panel, on a real Prometheus that scraped real pages."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

from streams.metrics.declare import LABELS
from tests.dashboards.boards import (
    GRAPHS,
    Board,
    Panel,
    boards,
    every_board,
    every_other,
    every_panel,
    every_table,
    fields,
    fill,
    links,
)
from tests.dashboards.day import SILENT
from tests.dashboards.frames import columns
from tests.dashboards.prometheus import Prometheus, Series
from tests.dashboards.rules import names

DAYS = 86_400.0

OF_OBSERVERS = {
    "election_answers",
    "election_critical_incidents_open",
    "election_incident_surge",
    "election_incidents",
    "election_incidents_by_status",
    "election_incidents_recent",
    "election_protocol_differences",
    "election_protocols_observed",
    "election_restrictions",
    "election_restrictions_open",
    "election_restrictions_recent",
    "election_observed_turnout_findings",
    "election_turnout_gap_checkpoints",
    "election_turnout_matched",
    "election_visits",
}
"""Families that count what observers reported, or what was compared with it."""

CODE = re.compile(r"\* 0 \+ \d")
"""In queries that give the code of a state, where 0 has a word of its own."""

OWN = {"__rate_interval": "10s", "__range": "30s", "__interval": "5s"}
"""Grafana's own variables."""


def options(variable: dict[str, Any], prometheus: Prometheus) -> list[str]:
    """What Grafana offers to choose for a variable with a query, in its order."""
    query = variable["definition"]
    assert query == variable["query"]["query"]
    if match := re.fullmatch(r"label_values\((\w+), (\w+)\)", query):
        return sorted(prometheus.values_of(match[2], match[1]), reverse=variable["sort"] == 2)
    match = re.fullmatch(r"query_result\((.+)\)", query)
    assert match, query
    found = re.compile(variable["regex"].strip("/"))
    texts = [
        "{" + ",".join(f'{name}="{value}"' for name, value in one.labels.items()) + "}"
        for one in prometheus.now(match[1])
    ]
    return [hit[1] for text in texts if (hit := found.search(text))]


def chosen(board: Board, prometheus: Prometheus, region: str | None = None) -> dict[str, str]:
    """A value for each variable: what Grafana takes at first, or one ``region``."""
    found = dict(OWN)
    for variable in board.variables:
        if variable["type"] == "query":
            first = options(variable, prometheus)[0]
            found[variable["name"]] = variable.get("allValue") or first
        elif variable["type"] == "custom":
            found[variable["name"]] = variable["current"]["value"]
    if region is not None and "region" in found:
        found["region"] = region
    return found


@cache
def chosen_on(uid: str, prometheus: Prometheus, region: str | None) -> dict[str, str]:
    """The same for the dashboard ``uid``, asked once."""
    return chosen(next(board for board in boards() if board.uid == uid), prometheus, region)


@cache
def asked(expression: str, prometheus: Prometheus, over_time: bool) -> list[Series]:
    """What a query returns, asked once: the pages do not change."""
    return (prometheus.lately if over_time else prometheus.now)(expression)


def answers(
    board: Board, panel: Panel, prometheus: Prometheus, region: str | None = None
) -> dict[str, list[Series]]:
    """Query → the series that it returns, as the panel asks."""
    values = chosen_on(board.uid, prometheus, region)
    return {
        target["refId"]: asked(fill(target["expr"], values), prometheus, panel["type"] in GRAPHS)
        for target in panel["targets"]
    }


@every_board
def test_every_variable_has_something_to_choose(board: Board, prometheus: Prometheus) -> None:
    """A query of the variable returns values; a list has one that is chosen at first."""
    for variable in board.variables:
        if variable["type"] == "query":
            assert options(variable, prometheus)
        elif variable["type"] == "custom":
            assert variable["current"] in variable["options"]


@every_panel
def test_every_query_returns_series(board: Board, panel: Panel, prometheus: Prometheus) -> None:
    """With all regions chosen, and numbers that are numbers."""
    for ref, found in answers(board, panel, prometheus).items():
        assert found, f"query {ref} returns nothing"
        assert not any(math.isinf(one.value) for one in found)
        assert any(not math.isnan(one.value) for one in found)


@every_panel
def test_one_region_is_one_region(board: Board, panel: Panel, prometheus: Prometheus) -> None:
    """With one region chosen no other region's series comes back."""
    for found in answers(board, panel, prometheus, "XX-A").values():
        assert {one.labels["region"] for one in found if "region" in one.labels} <= {"XX-A"}


@every_panel
def test_a_region_without_reports_shows_no_zero(
    board: Board, panel: Panel, prometheus: Prometheus
) -> None:
    """What observers report of is nothing or −1 there, which has words of its own: never 0."""
    found = answers(board, panel, prometheus, SILENT)
    for target in panel["targets"]:
        if names(target["expr"]) & OF_OBSERVERS and not CODE.search(target["expr"]):
            assert all(one.value != 0 for one in found[target["refId"]])


@every_panel
def test_a_series_stands_once(board: Board, panel: Panel, prometheus: Prometheus) -> None:
    """Though two workers show a region: labels tell rows and legends apart, no instance does."""
    for ref, found in answers(board, panel, prometheus).items():
        keys = [frozenset(one.labels.items()) for one in found]
        assert len(keys) == len(set(keys))
        legend = next(t.get("legendFormat", "") for t in panel["targets"] if t["refId"] == ref)
        if "{{" in legend:
            shown = [fill_legend(legend, one.labels) for one in found]
            assert len(shown) == len(set(shown)), shown
        elif panel["type"] != "table":
            assert len(found) == 1, "several series with one name"


@every_other
def test_values_are_of_the_size_of_their_unit(
    board: Board, panel: Panel, prometheus: Prometheus
) -> None:
    """A ratio is a part of 1, a moment is in this century, an age is of days, a count is whole."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    for found in answers(board, panel, prometheus).values():
        for one in found:
            assert_size(one.value, unit)


@every_table
def test_a_tables_columns_are_there_and_of_their_size(
    board: Board, panel: Panel, prometheus: Prometheus
) -> None:
    """Every column that is named, coloured, sorted by or linked from exists; in the order said."""
    found = answers(board, panel, prometheus)
    there = columns(panel, found)
    assert len(set(there)) == len(there)
    configured = [name for name, _ in fields(panel) if name is not None]
    sorted_by = [column["displayName"] for column in panel["options"].get("sortBy", ())]
    linked = [
        name for address in links(panel) for name in re.findall(r"data\.fields\.(\w+)", address)
    ]
    assert {*configured, *sorted_by, *linked} <= set(there)
    raw = [name for name in there if name.startswith(("Value", "Time")) or name in LABELS]
    assert not raw, f"columns without a title: {raw}"
    units = {name: settings.get("unit") for name, settings in fields(panel)}
    for ref, series in found.items():
        renamed = panel["transformations"][-1]["options"]["renameByName"]
        title = renamed.get(f"Value #{ref}", renamed.get("Value"))
        for one in series:
            assert_size(one.value, units.get(title) or units[None] or "none")


@every_table
def test_a_tables_first_query_has_every_row(
    board: Board, panel: Panel, prometheus: Prometheus
) -> None:
    """Else a row would be joined to nothing, or the only answer would be named like the first."""
    first, *others = answers(board, panel, prometheus).values()
    rows = {frozenset(one.labels.items()) for one in first}
    for other in others:
        assert {frozenset(one.labels.items()) for one in other} <= rows


def fill_legend(legend: str, labels: dict[str, str]) -> str:
    """What Grafana calls a series."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels[match[1]], legend)


def assert_size(value: float, unit: str) -> None:
    """``value`` can be one of ``unit``."""
    if math.isnan(value):
        return
    if unit == "percentunit":
        assert -1 <= value <= 1
    elif unit == "s":
        assert -1 <= value < 2 * DAYS
    elif unit == "dateTimeAsIso":
        assert value == -1 or 1e12 < value < 4e12
    elif not unit.endswith(("/s", " per station")):
        assert value == int(value)
        assert -1e6 < value < 1e6
