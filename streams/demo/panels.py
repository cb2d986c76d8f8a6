"""The tables of the terminal view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from streams.demo.alerts import Alerts, Firing
from streams.demo.board import Board, Gap, Official, RegionLine
from streams.demo.columns import Column, fit, number, table, whole
from streams.demo.scene import ALARM, FAINT, Scene, age, clock

ROOMY: Final = 100
"""Cells from which on every region's gap has a column; what is alarming is a finding anyway."""


def regions(scene: Scene, room: int, width: int) -> RenderableType:
    """As many regions as fit, the most urgent first."""
    found = scene.board.regions
    fitting = max(1, room)
    shown = found if len(found) <= fitting else found[: fitting - 1]
    names = [Text(region.name) for region in shown]
    access = [_access(region) for region in shown]
    quarter = [_count(region.quarter, region) for region in shown]
    hour = [_count(region.hour, region) for region in shown]
    official, ages = [], []
    for region in shown:
        figure, old = _figure(region.official, scene.board.now)
        official.append(figure)
        ages.append(old)
    kinds = [_kinds(region.findings) for region in shown]
    gaps = [gap(region.gap) for region in shown]
    columns = [
        Column("REGION", 18, 8),
        number("ACCESS", access)._replace(right=False),
        number("INC 15m", quarter, 2),
        number("INC 1h", hour, 1),
        number("OFFICIAL", official),
        number("AGE", ages, 4),
        Column("FINDINGS", _widest(kinds, 8), 8, 5),
    ]
    cells = [names, access, quarter, hour, official, ages, kinds]
    if width >= ROOMY:
        columns.insert(-1, number("GAP, STATIONS", gaps, 3)._replace(right=False))
        cells.insert(-1, gaps)
    made = table(columns, list(zip(*cells, strict=True)), width)
    return _with_rest(made, len(found) - len(shown), "more regions, less urgent")


def _widest(cells: Sequence[Text], least: int) -> int:
    return max([least, *(cell.cell_len for cell in cells)])


def _with_rest(made: Table, left: int, what: str) -> RenderableType:
    """The table, and a line on what did not fit."""
    return Group(made, Text(f"{left} {what}", style=FAINT)) if left else made


def _access(region: RegionLine) -> Text:
    if region.cluster:
        return Text(f"{region.open} CLUSTER", style=f"{ALARM} reverse")
    return Text(f"{region.open} open", style=ALARM) if region.open else _nothing(region)


def _count(count: int, region: RegionLine) -> Text:
    return Text(f"{count:,}") if count else _nothing(region)


def _nothing(region: RegionLine) -> Text:
    """In words, not by colour: no incident is not no report."""
    return Text(region.nothing, style=FAINT)


def _figure(official: Official | None, now: int | None) -> tuple[Text, Text]:
    if official is None or now is None:
        return Text("-", style=FAINT), Text("none", style=FAINT)
    return Text(f"{official.percent} %"), Text(age(official.as_of, now), style=FAINT)


def gap(found: Gap | None) -> Text:
    """Points, the verdict in a word, and the basis: a gap never stands alone."""
    if found is None:
        return Text("-", style=FAINT)
    points = "" if found.points is None else f"{found.points:+.1f} "
    word = _WORDS[found.verdict]
    return Text(f"{points}{word}, {found.n}", style=ALARM if found.alarming else FAINT)


_WORDS: Final[Mapping[str, str]] = {
    "too_few": "too few",
    "descriptive": "watched",
    "incomplete_sample": "early",
    "lonely_stratum": "lonely",
    "official_above": "ABOVE",
    "official_below": "BELOW",
    "within": "within",
    "inconclusive": "unsure",
}
"""Verdicts, short; docs/demo.md says which is which."""


def _kinds(findings: tuple[str, ...]) -> Text:
    """How many kinds of findings where there are several, and the one that matters most."""
    if not findings:
        return Text("")
    many = f"{len(findings)}: " if len(findings) > 1 else ""
    past = findings[0].endswith("(past)")
    return Text(many + findings[0].replace("_", " "), style=FAINT if past else ALARM)


def restrictions(scene: Scene, room: int, width: int) -> RenderableType:
    """The newest open restrictions."""
    found = scene.board.restrictions
    fitting = max(1, room)
    shown = found if len(found) <= fitting else found[: fitting - 1]
    rows = [
        (
            Text(clock(each.since, scene.zone)),
            Text(each.place),
            Text(each.kind.replace("_", " "), style=ALARM),
            Text(each.group.replace("_", " ")),
            Text(each.status.replace("_", " ")),
        )
        for each in shown
    ]
    # The place begins with a code, and the ellipsis goes after it.
    code = max((len(each.place.partition(" ")[0]) + 2 for each in shown), default=5)
    columns = [
        number("SINCE", [row[0] for row in rows])._replace(right=False),
        Column("WHERE", _widest([row[1] for row in rows], code), code, 1),
        Column("KIND", 21, 12),
        Column("GROUP", 13, 13, 2),
        Column("DESK", 12, 12, 3),
    ]
    if not rows:
        rows = [(Text(""), Text("none", style=FAINT), Text(""), Text(""), Text(""))]
    return _with_rest(table(columns, rows, width), len(found) - len(shown), "older ones")


def findings(scene: Scene, room: int, width: int) -> RenderableType:
    """What does not fit in the official series, with both figures."""
    shown = scene.board.findings[:room]
    rows = [
        (
            Text(clock(each.checkpoint, scene.zone)),
            Text(
                f"{each.region}: {each.finding.replace('_', ' ')}{'' if each.holds else ' (past)'}"
            ),
            Text(f"{each.value} {each.publisher}".strip()),
            Text(f"{each.previous} {each.previous_publisher}".strip()),
        )
        for each in shown
    ]
    values = max((len(each.value) + 2 for each in shown), default=0)
    others = max((len(each.previous) + 2 for each in shown), default=0)
    columns = [
        number("AT", [row[0] for row in rows])._replace(right=False),
        Column("OFFICIAL FIGURES THAT DO NOT FIT", _widest([row[1] for row in rows], 32), 20),
        Column("VALUE", _widest([row[2] for row in rows], 5), max(5, values)),
        Column("AGAINST", _widest([row[3] for row in rows], 7), max(7, others)),
    ]
    return table(columns, rows, width)


def rejected(board: Board, room: int, width: int) -> RenderableType:
    """Reasons of rejections, and how many events each."""
    rows = [
        (Text(reason.replace("_", " ")), Text(f"{count:,}"))
        for reason, count in board.rejected[:room]
    ]
    columns = [
        Column("REJECTED BECAUSE", _widest([row[0] for row in rows], 16), 10),
        number("EVENTS", [row[1] for row in rows]),
    ]
    return table(columns, rows, width)


def firing(alerts: Alerts, zone: ZoneInfo, room: int, width: int) -> RenderableType:
    """Alerts by name, the most urgent first; names that do not fit stand on the last line."""
    found = alerts.firing
    shown = found if len(found) <= room else found[: max(0, room - 1)]
    rows = [
        [
            Text("--:--" if each.since is None else clock(each.since, zone)),
            Text(each.name, style=ALARM if each.severity == "page" else ""),
            Text(each.severity),
            Text(f"{each.number:,}"),
        ]
        for each in shown
    ]
    title = _alerts_title(alerts)
    least = max(len(title), 12)
    columns = [
        number("SINCE", [row[0] for row in rows])._replace(right=False),
        Column(title, max([least, *(len(each.name) for each in shown)]), least),
        Column("SEVERITY", 8, 8, 3),
        number("COUNT", [row[3] for row in rows], 1),
    ]
    where = Column("WHERE", width, _least([each.where[0] for each in shown]), 2)
    cells = fit([*columns, where], width).get(len(columns), 0)
    for row, each in zip(rows, shown, strict=True):
        row.append(Text(whole(each.where, cells)))
    made = table([*columns, where], rows, width)
    return (
        Group(made, _other_alerts(found[len(shown) :], width)) if len(found) > len(shown) else made
    )


def _least(places: Sequence[str]) -> int:
    """A code is shown whole, and the ellipsis goes after it; a name may be cut."""
    codes = [place.partition(" ")[0] for place in places]
    return max(8, *(len(code) + 2 for code in codes if any(map(str.isdigit, code))), 0)


def _alerts_title(alerts: Alerts) -> str:
    if alerts.problem:
        return f"ALERTS: {alerts.problem}"
    muted = f", {alerts.muted:,} MUTED" if alerts.muted else ""
    return f"ALERTS FIRING: {alerts.number:,}{muted}"


def _other_alerts(found: Sequence[Firing], width: int) -> Text:
    parts = [f"{each.name} {each.number:,}" for each in found]
    return Text(whole(parts, width, "and "), style=FAINT)
