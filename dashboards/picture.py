"""A picture of each dashboard in text, for the documentation: made from the JSON alone."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

from dashboards.console import COLUMNS
from dashboards.panels import DO
from dashboards.shorthand import short

_WIDE: Final = 4
"""Characters for each column of the grid."""

_KINDS: Final = {
    "stat": "",
    "table": " (table)",
    "timeseries": " (graph)",
    "state-timeline": " (timeline)",
}

_HEAD: Final = """\
<!-- Written by `make dashboards`. Change the modules in dashboards/. -->

# Dashboards

What each dashboard shows and where, panel by panel, and what to do when a panel looks wrong. How
to get them into Grafana: [dashboards/README.md](../dashboards/README.md). What the metrics in the
queries mean: [metrics.md](metrics.md).

Read each from the top: what needs me now, where, how bad, since when, how sure. Orange asks for
somebody, blue does not, grey is not known; a word or a number says the same. **`no report` is not
zero**: it stands wherever a zero would only mean that nobody reports.

The queries stand here without what is the same in many of them: all are of the regions, contest,
comparison and checkpoint that are chosen; `furthest(…)` takes each region from the worker that has
read most of its log; `now` is the election's clock; `spoken(…)` is −1 instead of 0, and
`while_heard(…)` nothing, where no region reports, and both so over all regions while one of them is
`unwatched`; `first_of(…)` is the code of the first state that a region is in; `code of verdict` and
the like the code of the one that is 1. The panels have words for the codes.
"""


def page(dashboards: Iterable[str]) -> str:
    """The page with all ``dashboards``, given as their JSON."""
    parts = [_HEAD]
    for text in dashboards:
        found = json.loads(text)
        parts += [f"## {found['title']}\n", f"{found['description']}\n"]
        parts += ["```text", *picture(found["panels"]), "```\n"]
        parts += ["| panel | query | unit | when it looks wrong |", "|---|---|---|---|"]
        parts += [_row(panel) for panel in found["panels"] if panel["type"] != "row"]
        parts.append("")
    return "\n".join(parts)


def picture(panels: list[dict[str, Any]]) -> list[str]:
    """Boxes where the panels are: four characters a column, a line for two steps of height."""
    edges = sorted({y for p in panels for y in (_top(p), _top(p) + p["gridPos"]["h"])})
    lines = {0: 0}
    for above, below in pairwise(edges):
        lines[below] = lines[above] + _lines(below - above)
    canvas = [[" "] * (COLUMNS * _WIDE + 1) for _ in range(lines[edges[-1]] + 1)]
    for panel in panels:
        grid = panel["gridPos"]
        left, right = grid["x"] * _WIDE, (grid["x"] + grid["w"]) * _WIDE
        top, bottom = lines[_top(panel)], lines[_top(panel) + grid["h"]]
        if panel["type"] == "row":
            _write(canvas, top + 1, left, panel["title"])
            continue
        _frame(canvas, top, bottom, left, right)
        words = panel["title"] + _KINDS[panel["type"]]
        for number, line in enumerate(textwrap.wrap(words, right - left - 3)[: bottom - top - 1]):
            _write(canvas, top + 1 + number, left + 2, line)
    found = ["".join(line).rstrip() for line in canvas]
    return found if found[0] else found[1:]


def _lines(height: int) -> int:
    """Headings need a line of their own, small panels every line for their title."""
    return max(2, height) if height <= 4 else 2 + height // 2


def _top(panel: dict[str, Any]) -> int:
    top: int = panel["gridPos"]["y"]
    return top


def _frame(canvas: list[list[str]], top: int, bottom: int, left: int, right: int) -> None:
    for column in range(left, right + 1):
        canvas[top][column] = canvas[bottom][column] = "-"
    for line in range(top, bottom + 1):
        for column in (left, right):
            canvas[line][column] = "+" if line in (top, bottom) else "|"


def _write(canvas: list[list[str]], line: int, column: int, text: str) -> None:
    canvas[line][column : column + len(text)] = list(text)


def _row(panel: dict[str, Any]) -> str:
    queries = "<br>".join(f"`{short(target['expr'])}`" for target in panel["targets"])
    todo = panel["description"].partition(DO)[2]
    cells = (panel["title"], queries, ", ".join(_units(panel)), todo)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _units(panel: dict[str, Any]) -> list[str]:
    """The units of a panel's values, in words, each once."""
    settings = panel["fieldConfig"]
    found = [
        item["value"]
        for override in settings["overrides"]
        for item in override["properties"]
        if item["id"] == "unit"
    ]
    units = found or [settings["defaults"]["unit"]]
    words = {"s": "time", "percentunit": "percent", "dateTimeAsIso": "moment", "none": "words"}
    return list(dict.fromkeys(words.get(u, u.removeprefix("suffix:")) for u in units))
