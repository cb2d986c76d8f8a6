"""The committed dashboards, as Grafana reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import pytest

from dashboards.consoles import all_consoles
from tests.data import ROOT

FOLDER = ROOT / "dashboards" / "json"
GRAPHS = {"timeseries", "state-timeline", "status-history", "heatmap", "barchart", "trend"}
"""Panels that draw something over time."""

Panel = dict[str, Any]


class Board(NamedTuple):
    """A dashboard."""

    uid: str
    json: dict[str, Any]

    @property
    def panels(self) -> list[Panel]:
        """Its panels, without the headings."""
        return [panel for panel in self.json["panels"] if panel["type"] != "row"]

    @property
    def variables(self) -> list[dict[str, Any]]:
        """What can be chosen."""
        found: list[dict[str, Any]] = self.json["templating"]["list"]
        return found


@cache
def boards() -> list[Board]:
    """Every committed dashboard, in the order of the day's questions."""
    return [
        Board(console.uid, json.loads((FOLDER / f"{console.uid}.json").read_text(encoding="utf-8")))
        for console in all_consoles()
    ]


def _panels(*kinds: bool) -> pytest.MarkDecorator:
    """Every panel, or those that are a table (or are not)."""
    found = [
        pytest.param(board, panel, id=f"{board.uid}-{panel['title']}")
        for board in boards()
        for panel in board.panels
        if not kinds or (panel["type"] == "table") in kinds
    ]
    return pytest.mark.parametrize(("board", "panel"), found)


every_board = pytest.mark.parametrize("board", boards(), ids=lambda board: board.uid)
every_panel = _panels()
every_table = _panels(True)
every_other = _panels(False)


def expressions(panel: Panel) -> list[str]:
    """The panel's queries."""
    return [target["expr"] for target in panel["targets"]]


def fill(text: str, chosen: Mapping[str, str]) -> str:
    """``text`` with its variables filled in; one without a value is an error."""
    return re.sub(r"\$\{?(\w+)\}?", lambda match: chosen[match[1]], text)


def used_variables(text: str) -> set[str]:
    """The variables that a text refers to, without Grafana's own."""
    found = re.findall(r"\$\{?(\w+)", text)
    return {name for name in found if not name.startswith("__")}


def fields(panel: Panel) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """(column or None for all, settings) of each field configuration of a panel."""
    configuration = panel["fieldConfig"]
    yield None, configuration["defaults"]
    for override in configuration["overrides"]:
        yield (
            override["matcher"]["options"],
            {item["id"]: item["value"] for item in override["properties"]},
        )


def links(panel: Panel) -> Iterator[str]:
    """Every address that a panel leads to."""
    for _, settings in fields(panel):
        for link in settings.get("links", ()):
            yield link["url"]


def labels_matched(expression: str) -> Iterator[tuple[str, str]]:
    """(family, label) of every label that a query matches on."""
    for name, inside in re.findall(r"([\w:]+)\{([^}]*)\}", expression):
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside):
            yield name, label
