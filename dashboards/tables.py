"""Tables: one row for each place or thing, several queries side by side, the urgent ones first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboards import links
from dashboards.looks import Look
from dashboards.panels import Text, panel
from dashboards.sdk import common, dashboard, prometheus, table

REGION: Final = "Region"

_CELLS: Final = common.TableFieldOptions(align=common.FieldTextAlignment.LEFT, inspect=False)


@dataclass(frozen=True, slots=True)
class Column:
    """A query whose value stands in each row."""

    title: str
    expression: str
    look: Look
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """What a row is: the labels that all queries keep, as (label, title).

    ``sort``: title of the column to sort by. ``leads_to``: the dashboard behind a region.
    """

    labels: tuple[tuple[str, str], ...]
    sort: str
    leads_to: str | None = None
    descending: bool = True
    first: tuple[str, ...] = ()


def rows(
    title: str,
    text: Text,
    what: Rows,
    *columns: Column,
    size: tuple[int, int] = (24, 9),
    absent: str = "no report",
) -> dashboard.Panel:
    """A table. ``absent``: what stands there when it has no rows.

    The first column must have a value in every row that any has. Columns named in ``what.first``
    stand before the labels.
    """
    options = table.Options(
        show_header=True,
        cell_height=common.TableCellHeight.SM,
        sort_by=[common.TableSortByFieldState(what.sort, what.descending)],
    )
    found = panel(
        "table",
        title,
        text,
        size,
        targets=[_query(column.expression, place) for place, column in enumerate(columns)],
        options=options,
        field=dashboard.FieldConfig(
            unit="none",
            no_value=absent,
            custom=_CELLS,
        ),
    )
    found.transformations = _transformations(what, columns)
    if found.field_config is not None:
        found.field_config.overrides = [_of_column(column) for column in columns]
        if what.leads_to is not None:
            found.field_config.overrides.append(_region(what.leads_to))
    return found


def matrix(
    title: str,
    text: Text,
    look: Look,
    expression: str,
    *,
    across: str,
    size: tuple[int, int] = (24, 9),
) -> dashboard.Panel:
    """A table with a row for each region and a column for each value of the label ``across``."""
    field = look.field()
    field.custom = _CELLS
    found = panel(
        "table",
        title,
        text,
        size,
        targets=[_query(expression, 0)],
        options=table.Options(show_header=True, cell_height=common.TableCellHeight.SM),
        field=field,
    )
    corner = f"region\\{across}"
    found.transformations = [
        dashboard.DataTransformerConfig(
            "groupingToMatrix",
            options={
                "columnField": across,
                "rowField": "region",
                "valueField": "Value",
                "emptyValue": "null",
            },
        ),
        dashboard.DataTransformerConfig(
            "organize",
            options={"excludeByName": {}, "indexByName": {}, "renameByName": {corner: REGION}},
        ),
    ]
    return found


def _query(expression: str, place: int) -> prometheus.Dataquery:
    return prometheus.Dataquery(
        expr=expression,
        instant=True,
        range_val=False,
        format_val=prometheus.PromQueryFormat.TABLE,
        ref_id=chr(ord("A") + place),
    )


def _transformations(
    what: Rows, columns: Sequence[Column]
) -> list[dashboard.DataTransformerConfig]:
    """Join the queries' rows by their labels, name the columns and put them in order."""
    several = len(columns) > 1
    fields = {f"Value #{chr(ord('A') + n)}": c.title for n, c in enumerate(columns)}
    # The only query that has rows at the moment calls its values plainly that.
    names = {**dict(what.labels), "Value": columns[0].title, **(fields if several else {})}
    order = [*what.first, *(title for _, title in what.labels)]
    order += [column.title for column in columns if column.title not in what.first]
    index = {name: order.index(title) for name, title in names.items()}
    options = {"excludeByName": {"Time": True}, "indexByName": index, "renameByName": names}
    merge = [dashboard.DataTransformerConfig("merge", options={})] if several else []
    return [*merge, dashboard.DataTransformerConfig("organize", options=options)]


def _of_column(column: Column) -> dashboard.DashboardFieldConfigSourceOverrides:
    properties = column.look.properties()
    if column.width is not None:
        properties.append(dashboard.DynamicConfigValue("custom.width", column.width))
    return dashboard.DashboardFieldConfigSourceOverrides(
        matcher=dashboard.MatcherConfig("byName", column.title), properties=properties
    )


def _region(leads_to: str) -> dashboard.DashboardFieldConfigSourceOverrides:
    return dashboard.DashboardFieldConfigSourceOverrides(
        matcher=dashboard.MatcherConfig("byName", REGION),
        properties=[dashboard.DynamicConfigValue("links", [links.to_row(leads_to)])],
    )
