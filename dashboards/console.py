"""A dashboard as a whole: its rows in the order of an operator's questions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboards import links, variables
from dashboards.sdk import JSONEncoder, common, dashboard, runtime

QUESTIONS: Final = (
    "What needs me now?",
    "Where?",
    "How bad?",
    "Since when?",
    "How sure?",
)
"""What an operator asks, in this order; each row of panels answers one."""

COLUMNS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """A dashboard. ``answers``: panels by question; ``headed``: with the questions as headings."""

    title: str
    purpose: str
    answers: Sequence[tuple[str, Sequence[dashboard.Panel]]]
    chosen: Sequence[dashboard.VariableModel] = ()
    headed: bool = True
    more_links: Sequence[dashboard.DashboardLink] = ()

    @property
    def uid(self) -> str:
        """What Grafana and links know it by."""
        return links.UIDS[self.title]

    def build(self) -> dashboard.Dashboard:
        """The dashboard as Grafana has it."""
        return dashboard.Dashboard(
            uid=self.uid,
            title=self.title,
            description=self.purpose,
            tags=[links.TAG],
            timezone="browser",
            editable=False,
            graph_tooltip=dashboard.DashboardCursorSync.CROSSHAIR,
            time=dashboard.DashboardDashboardTime("now-6h", "now"),
            timepicker=dashboard.TimePickerConfig(refresh_intervals=["5s", "30s", "5m"]),
            refresh="5s",
            panels=self._panels(),
            templating=dashboard.DashboardDashboardTemplating(
                [variables.datasource(), *self.chosen]
            ),
            annotations=dashboard.AnnotationContainer([_notices()]),
            links=[links.others(), *self.more_links],
        )

    def text(self) -> str:
        """The file: the same for the same dashboard, byte for byte."""
        found: dict[str, Any] = json.loads(json.dumps(self.build(), cls=JSONEncoder))
        return json.dumps(_without_placement(found), indent=1, ensure_ascii=False) + "\n"

    def _panels(self) -> list[dashboard.Panel | dashboard.RowPanel]:
        found: list[dashboard.Panel | dashboard.RowPanel] = []
        if not self.headed:
            found += (every := [panel for _, panels in self.answers for panel in panels])
            _place(every, 0)
        top = 0
        for question, panels in self.answers if self.headed else ():
            place = dashboard.GridPos(h=1, w=COLUMNS, x=0, y=top)
            found.append(dashboard.RowPanel(title=question, grid_pos=place, panels=[]))
            found += panels
            top = _place(panels, top + 1)
        for number, panel in enumerate(found, 1):
            panel.id_val = number
        return found


def _place(panels: Sequence[dashboard.Panel], top: int) -> int:
    """Give the panels their places from the line ``top`` on; returns the line below them."""
    left = height = 0
    for panel in panels:
        assert panel.grid_pos is not None
        if left + panel.grid_pos.w > COLUMNS:
            top, left, height = top + height, 0, 0
        panel.grid_pos.x, panel.grid_pos.y = left, top
        left += panel.grid_pos.w
        height = max(height, panel.grid_pos.h)
    return top + height


def _notices() -> dashboard.AnnotationQuery:
    """Grafana's own annotations of the election: notices of the operations room."""
    return dashboard.AnnotationQuery(
        name="Notices",
        datasource=common.DataSourceRef("grafana", "-- Grafana --"),
        icon_color="blue",
        target=runtime.UnknownDataquery(
            {"type": "tags", "tags": [links.TAG], "matchAny": False, "limit": 100}
        ),
    )


def _without_placement(value: Any) -> Any:
    """Without what the SDK adds to each link: it would hide the links in a menu."""
    if isinstance(value, dict):
        hidden = value.get("placement") == dashboard.DashboardLinkPlacement.IN_CONTROLS_MENU
        kept = value.keys() - {"placement"} if hidden else value.keys()
        return {name: _without_placement(value[name]) for name in value if name in kept}
    if isinstance(value, list):
        return [_without_placement(item) for item in value]
    return value
