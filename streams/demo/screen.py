"""The terminal view: what needs someone now, where, how bad, since when, how sure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from schemas.fields import moment
from streams.demo.alerts import Alerts
from streams.demo.board import Board
from streams.demo.columns import GAP
from streams.demo.panels import findings, firing, gap, regions, rejected, restrictions
from streams.demo.scene import ALARM, CALM, FAINT, Pipeline, Scene, clock

WIDE: Final = 120
"""From so many columns on the two tables stand side by side."""


class Screen:
    """Renders a scene into whatever size the terminal has; what does not fit is counted."""

    def __init__(self, scene: Scene, height: int | None = None) -> None:
        self._scene = scene
        self._height = height

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Header, alerts, regions, restrictions, rejected events, footer."""
        width = options.max_width
        height = max(16, self._height or console.size.height)
        yield from _header(self._scene, width)
        room = height - 4 - 2
        if self._scene.alerts is not None:
            listed = _alert_lines(self._scene.alerts, room)
            yield firing(self._scene.alerts, self._scene.zone, listed, width)
            room -= 1 + listed
        if width >= WIDE:
            yield _side_by_side(self._scene, width, room)
        else:
            yield from _stacked(self._scene, width, room)
        yield _line(_rejected(self._scene.board, width))
        yield _line(Text(self._scene.footer, style=FAINT))


def _alert_lines(alerts: Alerts, room: int) -> int:
    """Below their heading: an eighth of the screen, yet two or three on a small one."""
    return min(len(alerts.firing), max(2, min(3, room // 6), room // 8))


def _line(text: Text) -> Text:
    text.no_wrap = True
    text.overflow = "ellipsis"
    return text


def _header(scene: Scene, width: int) -> Iterator[RenderableType]:
    board, zone = scene.board, scene.zone
    when = "--:--" if board.now is None else clock(board.now, zone)
    local = f" {when} {_offset(scene.begins, zone)} "
    yield _apart(Text(scene.title, style="bold"), Text(local, style="bold reverse"), width)
    real = Text("official figures: REAL", style=CALM)
    real.append("  |  ", style=FAINT).append("observers: SIMULATED", style=ALARM)
    yield _apart(real, _progress(scene, max(12, min(40, width - 70))), width)
    figure = Text()
    if board.country is not None:
        figure.append(f"country {board.country.percent} % at {clock(board.country.as_of, zone)}")
        if board.gap is not None and board.gap.points is not None:
            figure.append(", gap ").append_text(gap(board.gap))
    yield _apart(_pipeline(scene.pipeline, width - figure.cell_len - 1), figure, width)
    yield Text("─" * width, style=FAINT)


def _pipeline(pipe: Pipeline, width: int) -> Text:
    """How the worker is doing; what does not fit is left out whole, the least telling first."""
    state = Text(pipe.problem or "worker live", style=ALARM if pipe.problem else CALM)
    state.append(f" {pipe.live}/{pipe.partitions}", style="default")
    speed, read = f"  {pipe.per_second:,.0f} records/s", f"  {pipe.records:,} read"
    waiting = f"  {pipe.lag:,} waiting" if pipe.lag else ""
    spare = width - state.cell_len - len(waiting)
    for part in (speed, read):
        if len(part) <= spare:
            state.append(part, style="default")
            spare -= len(part)
    return state.append(waiting, style="default" if pipe.lag < 1000 else ALARM)


def _offset(at: int, zone: ZoneInfo) -> str:
    """``UTC+06:00``."""
    shown = moment(at).astimezone(zone).strftime("%z")
    return f"UTC{shown[:3]}:{shown[3:5]}"


def _apart(left: Text, right: Text, width: int) -> Text:
    """``left`` and ``right`` on one line, as far apart as it goes; the left one gives way."""
    left.truncate(max(0, width - right.cell_len - 1), overflow="ellipsis")
    gap = max(1, width - left.cell_len - right.cell_len)
    return _line(Text.assemble(left, " " * gap, right))


def _progress(scene: Scene, cells: int) -> Text:
    now = scene.board.now or scene.begins
    part = min(1.0, max(0.0, (now - scene.begins) / (scene.ends - scene.begins)))
    done = round(part * cells)
    begin, end = clock(scene.begins, scene.zone), clock(scene.ends, scene.zone)
    return Text.assemble(
        (f"{begin} ", FAINT),
        ("━" * done, CALM),
        ("─" * (cells - done), FAINT),
        (f" {end}", FAINT),
    )


def _stacked(scene: Scene, width: int, room: int) -> Iterator[RenderableType]:
    """The regions get what the restrictions, at most a third, do not need."""
    below = min(max(1, len(scene.board.restrictions)), max(2, room // 3))
    yield regions(scene, room - below - 3, width)
    yield _opened(scene.board, width)
    yield restrictions(scene, below, width)


def _side_by_side(scene: Scene, width: int, room: int) -> RenderableType:
    left = max(80, width * 54 // 100)
    grid = Table.grid(padding=(0, GAP, 0, 0), expand=True)
    grid.add_column(width=left)
    grid.add_column(ratio=1)
    listed = min(len(scene.board.findings), max(0, room - 27), 12)
    rest = room - (listed + 2 if listed else 0)
    right = width - left - GAP
    grid.add_row(_title("REGIONS, THE MOST URGENT FIRST"), _opened(scene.board, right))
    grid.add_row(regions(scene, rest - 2, left), restrictions(scene, rest - 2, right))
    if listed:
        grid.add_row("", "")
        grid.add_row(findings(scene, listed, left), rejected(scene.board, listed, right))
    return grid


def _title(text: str) -> Text:
    return Text(text, style="bold")


def _opened(board: Board, width: int) -> Text:
    """How many restrictions, and how many regions would tell of one, where that fits."""
    told = f"OPEN RESTRICTIONS ON OBSERVERS: {len(board.restrictions)}"
    heard = f"; {board.reporting} of {len(board.regions)} regions report"
    return _title(told + heard if len(told + heard) <= width else told)


def _rejected(board: Board, width: int) -> Text:
    """How many, and as many of the reasons as fit; the others are counted."""
    number = sum(count for _, count in board.rejected)
    if not number:
        return Text("rejected events: none", style=FAINT)
    told = Text(f"rejected events: {number:,}", style=ALARM)
    left = len(board.rejected)
    for reason, count in board.rejected:
        part = f"{',' if left < len(board.rejected) else ' '} {reason.replace('_', ' ')} {count:,}"
        rest = f", {left - 1} more reasons" if left > 1 else ""
        if told.cell_len + len(part) + len(rest) > width:
            break
        told.append(part, style=FAINT)
        left -= 1
    return told.append(f", {left} more reasons" if left else "", style=FAINT)
