"""Panels: numbers, graphs over time and state timelines. Tables are in ``tables``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from dashboards.looks import ALERT, CALM, Look
from dashboards.sdk import common, dashboard, prometheus, stat, statetimeline, timeseries
from dashboards.variables import SOURCE

DO: Final = "**What to do:** "
SURE: Final = "**How sure:** "


class Text(NamedTuple):
    """What a panel says, how sure that is, and what to do when it looks wrong."""

    says: str
    sure: str
    do: str

    def markdown(self) -> str:
        """The panel's description."""
        return f"{self.says}\n\n{SURE}{self.sure}\n\n{DO}{self.do}"


class Value(NamedTuple):
    """A query and what its result is called; `{{label}}` is filled in by Grafana."""

    name: str
    expression: str


Link = dashboard.DashboardLink | None


def panel(
    kind: str,
    title: str,
    text: Text,
    size: tuple[int, int],
    *,
    targets: Sequence[prometheus.Dataquery],
    options: object,
    field: dashboard.FieldConfig,
) -> dashboard.Panel:
    """A panel of ``size`` (width, height) in the grid of 24 columns, without a place yet."""
    return dashboard.Panel(
        type_val=kind,
        title=title,
        description=text.markdown(),
        datasource=SOURCE,
        grid_pos=dashboard.GridPos(w=size[0], h=size[1]),
        targets=list(targets),
        options=options,
        field_config=dashboard.FieldConfigSource(defaults=field, overrides=[]),
    )


def number(
    title: str,
    text: Text,
    look: Look,
    *values: Value,
    size: tuple[int, int] = (4, 4),
    link: Link = None,
) -> dashboard.Panel:
    """Current values, large."""
    named = len(values) > 1
    options = stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.BACKGROUND_SOLID
        if look.coloured
        else common.BigValueColorMode.NONE,
        justify_mode=common.BigValueJustifyMode.CENTER,
        text_mode=common.BigValueTextMode.VALUE_AND_NAME
        if named
        else common.BigValueTextMode.VALUE,
        reduce_options=common.ReduceDataOptions(values=False, calcs=["lastNotNull"], fields=""),
        orientation=common.VizOrientation.AUTO,
    )
    found = panel(
        "stat", title, text, size, targets=_now(values), options=options, field=look.field()
    )
    return _linked(found, link)


def timeline(
    title: str,
    text: Text,
    look: Look,
    value: Value,
    *,
    size: tuple[int, int] = (24, 9),
    link: Link = None,
) -> dashboard.Panel:
    """One bar for each series, in words, as its state changes."""
    options = statetimeline.Options(
        show_value=common.VisibilityMode.AUTO,
        merge_values=True,
        per_page=40,
        align_value=common.TimelineValueAlignment.LEFT,
        legend=common.VizLegendOptions(
            display_mode=common.LegendDisplayMode.LIST,
            placement=common.LegendPlacement.BOTTOM,
            show_legend=True,
        ),
        tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.SINGLE),
    )
    field = look.field()
    field.custom = statetimeline.FieldConfig(line_width=0, fill_opacity=80)
    found = panel(
        "state-timeline",
        title,
        text,
        size,
        targets=_over_time([value]),
        options=options,
        field=field,
    )
    return _linked(found, link)


def graph(
    title: str,
    text: Text,
    look: Look,
    *values: Value,
    size: tuple[int, int] = (12, 8),
    link: Link = None,
) -> dashboard.Panel:
    """Values over time: one query in shades of blue, or several, the second dashed and orange."""
    options = timeseries.Options(
        legend=common.VizLegendOptions(
            display_mode=common.LegendDisplayMode.TABLE,
            placement=common.LegendPlacement.RIGHT,
            show_legend=True,
            calcs=["lastNotNull"],
        ),
        tooltip=common.VizTooltipOptions(
            mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING
        ),
    )
    field = look.field()
    field.thresholds = None
    field.color = dashboard.FieldColor(dashboard.FieldColorModeId.SHADES, CALM)
    field.custom = common.GraphFieldConfig(
        line_width=2,
        fill_opacity=0,
        show_points=common.VisibilityMode.NEVER,
        axis_soft_min=0,
    )
    found = panel(
        "timeseries", title, text, size, targets=_over_time(values), options=options, field=field
    )
    if len(values) > 1 and found.field_config is not None:
        found.field_config.overrides = [_second(values[1].name)]
    return _linked(found, link)


def _second(name: str) -> dashboard.DashboardFieldConfigSourceOverrides:
    style = common.LineStyle("dash", [8, 6])
    return dashboard.DashboardFieldConfigSourceOverrides(
        matcher=dashboard.MatcherConfig("byName", name),
        properties=[
            dashboard.DynamicConfigValue(
                "color", dashboard.FieldColor(dashboard.FieldColorModeId.FIXED, ALERT)
            ),
            dashboard.DynamicConfigValue("custom.lineStyle", style),
        ],
    )


def _linked(found: dashboard.Panel, link: Link) -> dashboard.Panel:
    if link is not None and found.field_config is not None:
        found.field_config.defaults.links = [link]
    return found


def _now(values: Sequence[Value]) -> list[prometheus.Dataquery]:
    return [
        prometheus.Dataquery(
            expr=value.expression,
            legend_format=value.name,
            instant=True,
            range_val=False,
            ref_id=chr(ord("A") + number),
        )
        for number, value in enumerate(values)
    ]


def _over_time(values: Sequence[Value]) -> list[prometheus.Dataquery]:
    found = _now(values)
    for query in found:
        query.instant, query.range_val = False, True
    return found
