"""The page that pictures the dashboards in text."""

from __future__ import annotations

import re

from dashboards.picture import picture
from dashboards.queries import coded, first_of, series, spoken, total
from dashboards.shorthand import short
from tests.dashboards.boards import Board, Panel, every_board, every_panel, expressions
from tests.dashboards.rules import names
from tests.data import ROOT

PAGE = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
SHARED = {
    "pack:election_region:info",
    "scrutineer_region_position",
    "scrutineer_region_live",
    "scrutineer_now_timestamp_seconds",
    "election_region_heard",
}
"""Families that the shorthand has names for."""


def section(board: Board) -> str:
    """What the page says of a dashboard."""
    return PAGE.partition(f"\n## {board.json['title']}\n")[2].partition("\n## ")[0]


@every_board
def test_every_panel_is_in_the_picture(board: Board) -> None:
    """As a box with its title, no wider than the grid; questions as headings between them."""
    lines = picture(board.json["panels"])
    assert max(map(len, lines)) <= 97
    assert lines == section(board).partition("```text\n")[2].partition("\n```")[0].split("\n")
    words = re.sub(r"[^\w]+", "", "".join(lines))
    for panel in board.json["panels"]:
        first = panel["title"].split()[0][:6]
        assert re.sub(r"[^\w]+", "", first) in words
    assert sum(line.count("+-") for line in lines) >= len(board.panels)


def test_boxes_stand_where_the_panels_do() -> None:
    """Two side by side, a wide one below."""
    panels = [
        {"type": "stat", "title": "a", "gridPos": {"x": 0, "y": 0, "w": 2, "h": 2}},
        {"type": "table", "title": "b", "gridPos": {"x": 2, "y": 0, "w": 3, "h": 2}},
        {"type": "row", "title": "How?", "gridPos": {"x": 0, "y": 2, "w": 24, "h": 1}},
        {"type": "timeseries", "title": "c", "gridPos": {"x": 0, "y": 3, "w": 5, "h": 3}},
    ]
    assert picture(panels) == [
        "+-------+-----------+",
        "| a     | b (table) |",
        "+-------+-----------+",
        "How?",
        "+-------------------+",
        "| c (graph)         |",
        "|                   |",
        "+-------------------+",
    ]


@every_panel
def test_a_panels_row_has_its_query_and_what_to_do(board: Board, panel: Panel) -> None:
    """Title, queries in short, unit, and the last part of its description."""
    (row,) = [
        line for line in section(board).split("\n") if line.startswith(f"| {panel['title']} |")
    ]
    for expression in expressions(panel):
        assert short(expression).replace("|", "\\|") in row
    assert panel["description"].rpartition("**What to do:** ")[2] in row


@every_panel
def test_the_shorthand_leaves_no_family_out(board: Board, panel: Panel) -> None:
    """What a query asks for stands in its short form, which can be read."""
    for expression in expressions(panel):
        text = short(expression)
        assert names(expression) - SHARED <= names(text)
        assert "$region" not in text
        assert text.count("(") == text.count(")")
        assert len(text) <= 800, text


def test_the_shorthand_by_example() -> None:
    """A count that tells zero from silence."""
    count = "sum by (region) (furthest(election_restrictions_open))"
    assert short(spoken(total("election_restrictions_open"))) == f"spoken({count})"
    chosen = {"comparison": "$comparison", "contest": "$contest"}
    verdict = coded("election_turnout_verdict", "verdict", {"within": 1, "too_few": 4}, **chosen)
    assert short(verdict) == "furthest(code of verdict in election_turnout_verdict)"
    states = first_of((2, "a{} > 1"), (1, series("election_incidents", severity="high")), (0, "b"))
    assert short(states) == 'first_of(2: a > 1; 1: election_incidents{severity="high"}; 0: b)'
