"""Dashboards ask for what is declared, and nothing declared is left out."""

from __future__ import annotations

import re

import pytest

from dashboards.families import RECORDED, labels_of
from streams.metrics.families import DECLARED
from tests.dashboards.boards import (
    Board,
    Panel,
    boards,
    every_panel,
    expressions,
    labels_matched,
)
from tests.dashboards.rules import names, recorded, rules
from tests.data import ROOT


def family(name: str) -> str:
    """The family that a name in a query belongs to: of a histogram there are three."""
    bare = re.sub(r"_(bucket|sum|count)$", "", name)
    return bare if bare in DECLARED and DECLARED[bare].kind == "histogram" else name


def test_what_is_said_to_be_recorded_is() -> None:
    """Every series that the dashboards take from a rule is one that a rule records."""
    assert RECORDED.keys() <= recorded()
    assert not RECORDED.keys() & DECLARED.keys()


@every_panel
def test_a_panel_asks_for_what_is_declared(board: Board, panel: Panel) -> None:
    """Families that are declared, or series that a rule records; with labels that they have."""
    for expression in expressions(panel):
        for name in names(expression):
            assert family(name) in DECLARED or name in recorded(), name
        for name, label in labels_matched(expression):
            if name not in {"ALERTS", "ALERTS_FOR_STATE", "up"} | recorded():
                assert label in labels_of(family(name)), f"{name} has no label {label}"


@every_panel
def test_a_query_keeps_labels_that_its_families_have(board: Board, panel: Panel) -> None:
    """`by`, `on` and legends name labels that something in the query carries."""
    for target in panel["targets"]:
        found = names(target["expr"])
        carried = {label for name in found - recorded() for label in labels_of(family(name))}
        carried |= {"instance", "job", "le", "alertname", "severity", "place", "region"}
        if found & recorded():
            carried.add("checkpoint")
        grouped = re.findall(r"\b(?:by|on|ignoring|group_left) ?\(([^)]*)\)", target["expr"])
        wanted = {label.strip() for text in grouped for label in text.split(",") if label.strip()}
        wanted |= set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
        assert wanted - {"alertstate"} <= carried


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_every_declared_family_is_on_a_dashboard_or_in_a_rule(name: str) -> None:
    """What nobody looks at need not be measured."""
    asked = {text for board in boards() for panel in board.panels for text in expressions(panel)}
    asked |= {str(rule["expr"]) for rule in rules()}
    assert any(family(found) == name for text in asked for found in names(text))


def test_workers_are_scraped_under_the_name_that_the_dashboards_ask_for() -> None:
    """The job of the configuration in deploy/ is the one whose workers are counted."""
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    asked = {
        job
        for board in boards()
        for panel in board.panels
        for expression in expressions(panel)
        for job in re.findall(r'job="([^"]+)"', expression)
    }
    assert asked == set(re.findall(r"job_name: (\w+)", text)) & asked != set()
