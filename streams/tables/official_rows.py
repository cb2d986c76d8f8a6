"""Rows of what is wrong with the published turnout by itself."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.fields import rfc3339
from schemas.official import OfficialTurnout
from streams.tables.findings import Finding
from streams.tables.overdue import overdue
from streams.tables.sums import sum_mismatches
from streams.tables.versions import Version
from streams.tables.view import Row, View


def official_findings(view: View) -> Iterator[Row]:
    """One row for each finding, of figures that hold now (``open``) and of past ones.

    Of the series of every place; what is overdue at ``now``, also where nothing came at all; and,
    where ``view`` has all partitions, sums of the country that its regions do not add up to.
    """
    for tables in view.regions:
        for (station, contest), series in tables.official.series.items():
            for finding in series.findings():
                yield _row(tables.code, station, contest, finding)
    for code, tables in view.places():
        for contest, checkpoint in overdue(tables, view.pack, view.now):
            yield {
                **_place(code, "", contest, checkpoint),
                "finding": "overdue",
                "open": True,
                **_side("", None, None),
                **_side("previous_", None, None),
            }
    if view.whole and view.region in (None, view.pack.country):
        regions = {tables.code: tables for tables in view.everywhere()}
        for contest, finding in sum_mismatches(regions, view.pack):
            yield _row(view.pack.country, "", contest, finding)


def _row(code: str, station: str, contest: str, finding: Finding) -> Row:
    return {
        **_place(code, station, contest, finding.checkpoint),
        "finding": finding.kind,
        "open": finding.open,
        **_side("", finding.value, finding.version),
        **_side("previous_", finding.previous_value, finding.previous),
    }


def _place(code: str, station: str, contest: str, checkpoint: int) -> Row:
    return {
        "region": code,
        "station": station or None,
        "contest": contest,
        "checkpoint": rfc3339(checkpoint),
    }


def _side(prefix: str, value: int | str | None, version: Version | None) -> Row:
    """One of the two figures; who published it where."""
    data: OfficialTurnout | None = None if version is None else version.data
    return {
        f"{prefix}value": value,
        f"{prefix}publisher": data and data.publisher,
        f"{prefix}revision": data and data.revision,
        f"{prefix}source_url": data and data.source_url,
    }
