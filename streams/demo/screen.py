"""The terminal view: what needs someone now, where, how bad, since when, how sure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from schemas.fields import moment
from streams.demo.board import Board, Official, RegionLine

WIDE: Final = 120
"""From so many columns on the two tables stand side by side."""
# Words say it; colour only repeats them. Orange and blue also part for the colour-blind.
_ALARM: Final = "bold dark_orange"
_CALM: Final = "sky_blue2"
_FAINT: Final = "grey62"
_MINUTE: Final = 60_000_000


class Pipeline(NamedTuple):
    """How the worker is doing, from what it says of itself."""

    live: int = 0
    partitions: int = 0
    records: int = 0
    """Records of all topics read, the clock's among them."""
    per_second: float = 0.0
    lag: int = 0
    problem: str = ""
    """What is wrong, in words; empty when nothing is."""


class Scene(NamedTuple):
    """Everything that is shown. Times are µs since the epoch."""

    title: str
    zone: ZoneInfo
    begins: int
    ends: int
    board: Board
    pipeline: Pipeline
    footer: str


class Screen:
    """Renders a scene into whatever size the terminal has; what does not fit is counted."""

    def __init__(self, scene: Scene, height: int | None = None) -> None:
        self._scene = scene
        self._height = height

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Header, regions, restrictions, rejected events, footer."""
        width = options.max_width
        height = max(16, self._height or console.size.height)
        yield from _header(self._scene, width)
        room = height - 4 - 2
        if width >= WIDE:
            yield _side_by_side(self._scene, width, room)
        else:
            yield from _stacked(self._scene, room)
        yield _line(_rejected(self._scene.board))
        yield _line(Text(self._scene.footer, style=_FAINT))


def clock(at: int, zone: ZoneInfo) -> str:
    """``at`` (µs) as hours and minutes of ``zone``."""
    return moment(at).astimezone(zone).strftime("%H:%M")


def age(since: int, now: int) -> str:
    """How long ago, in words that fit a column."""
    minutes = max(0, now - since) // _MINUTE
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d}"


def _line(text: Text) -> Text:
    text.no_wrap = True
    text.overflow = "ellipsis"
    return text


def _header(scene: Scene, width: int) -> Iterator[RenderableType]:
    board, zone = scene.board, scene.zone
    when = "--:--" if board.now is None else clock(board.now, zone)
    local = f" {when} {_offset(scene.begins, zone)} "
    yield _apart(Text(scene.title, style="bold"), Text(local, style="bold reverse"), width)
    real = Text("official figures: REAL", style=_CALM)
    real.append("  |  ", style=_FAINT).append("observers: SIMULATED", style=_ALARM)
    yield _apart(real, _progress(scene, max(12, min(40, width - 70))), width)
    pipe = scene.pipeline
    state = Text(pipe.problem or "worker live", style=_ALARM if pipe.problem else _CALM)
    state.append(f" {pipe.live}/{pipe.partitions}", style="default")
    state.append(f"  {pipe.per_second:,.0f} records/s  {pipe.records:,} read", style="default")
    if pipe.lag:
        state.append(f"  {pipe.lag:,} waiting", style="default" if pipe.lag < 1000 else _ALARM)
    figure = Text()
    if board.country is not None:
        figure.append(f"country {board.country.percent} % at {clock(board.country.as_of, zone)}")
    yield _apart(state, figure, width)
    yield Text("─" * width, style=_FAINT)


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
        (f"{begin} ", _FAINT),
        ("━" * done, _CALM),
        ("─" * (cells - done), _FAINT),
        (f" {end}", _FAINT),
    )


def _stacked(scene: Scene, room: int) -> Iterator[RenderableType]:
    """The regions get what the restrictions, at most a third, do not need."""
    below = min(max(1, len(scene.board.restrictions)), max(4, room // 3))
    yield _regions(scene, room - below - 3, wide=False)
    yield _title(f"OPEN RESTRICTIONS ON OBSERVERS: {len(scene.board.restrictions)}")
    yield _restrictions(scene, below)


def _side_by_side(scene: Scene, width: int, room: int) -> RenderableType:
    left = max(80, width * 52 // 100)
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(width=left)
    grid.add_column(ratio=1)
    listed = min(len(scene.board.findings), max(0, room - 27), 12)
    rest = room - (listed + 2 if listed else 0)
    desk = width - left >= 75
    number = len(scene.board.restrictions)
    grid.add_row(
        _title("REGIONS, THE MOST URGENT FIRST"),
        _title(f"OPEN RESTRICTIONS ON OBSERVERS: {number}"),
    )
    grid.add_row(_regions(scene, rest - 2, wide=True), _restrictions(scene, rest - 2, desk))
    if listed:
        grid.add_row("", "")
        grid.add_row(_findings(scene, listed), _rejected_list(scene.board, listed))
    return grid


def _title(text: str) -> Text:
    return Text(text, style="bold")


def _plain_table() -> Table:
    return Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=f"bold {_FAINT}", expand=True
    )


def _regions(scene: Scene, room: int, wide: bool) -> RenderableType:
    """As many regions as fit, the most urgent first."""
    table = _plain_table()
    table.add_column("REGION", width=18 if wide else 16, no_wrap=True)
    table.add_column("ACCESS", width=10, no_wrap=True)
    table.add_column("INC 15m", justify="right", no_wrap=True)
    table.add_column("INC 1h", justify="right", no_wrap=True)
    table.add_column("OFFICIAL", justify="right", no_wrap=True)
    table.add_column("AGE", justify="right", width=6, no_wrap=True)
    table.add_column("FINDINGS", ratio=1, no_wrap=True, overflow="ellipsis")
    regions = scene.board.regions
    fitting = max(1, room)
    shown = regions if len(regions) <= fitting else regions[: fitting - 1]
    for region in shown:
        table.add_row(
            region.name,
            _access(region),
            _count(region.quarter),
            _count(region.hour),
            *_figure(region.official, scene.board.now),
            _kinds(region.findings),
        )
    return _with_rest(table, len(regions) - len(shown), "more regions, less urgent")


def _with_rest(table: Table, left: int, what: str) -> RenderableType:
    """The table, and a line on what did not fit."""
    return Group(table, Text(f"{left} {what}", style=_FAINT)) if left else table


def _access(region: RegionLine) -> Text:
    if region.cluster:
        return Text(f"{region.open} CLUSTER", style=f"{_ALARM} reverse")
    return Text(f"{region.open} open", style=_ALARM) if region.open else Text("-", style=_FAINT)


def _count(number: int) -> Text:
    return Text(f"{number:,}") if number else Text("-", style=_FAINT)


def _figure(official: Official | None, now: int | None) -> tuple[Text, Text]:
    if official is None or now is None:
        return Text("-", style=_FAINT), Text("none", style=_FAINT)
    return Text(f"{official.percent} %"), Text(age(official.as_of, now), style=_FAINT)


def _kinds(findings: tuple[str, ...]) -> Text:
    """The finding that matters most, and how many others."""
    if not findings:
        return Text("")
    more = f" +{len(findings) - 1}" if len(findings) > 1 else ""
    past = findings[0].endswith("(past)")
    return Text(findings[0].replace("_", " ") + more, style=_FAINT if past else _ALARM)


def _restrictions(scene: Scene, room: int, desk: bool = True) -> RenderableType:
    """The newest open restrictions; ``desk``: whether there is room for the desk's word."""
    found = scene.board.restrictions
    table = _plain_table()
    table.add_column("SINCE", no_wrap=True)
    table.add_column("WHERE", no_wrap=True, ratio=1, overflow="ellipsis")
    table.add_column("KIND", no_wrap=True, width=21, overflow="ellipsis")
    table.add_column("GROUP", no_wrap=True, width=13, overflow="ellipsis")
    if desk:
        table.add_column("DESK", no_wrap=True, width=12, overflow="ellipsis")
    if not found:
        table.add_row("", Text("none", style=_FAINT))
    fitting = max(1, room)
    shown = found if len(found) <= fitting else found[: fitting - 1]
    for each in shown:
        table.add_row(
            clock(each.since, scene.zone),
            each.place,
            Text(each.kind.replace("_", " "), style=_ALARM),
            each.group.replace("_", " "),
            *([each.status.replace("_", " ")] if desk else []),
        )
    return _with_rest(table, len(found) - len(shown), "older ones")


def _findings(scene: Scene, room: int) -> RenderableType:
    """What does not fit in the official series, with both figures."""
    table = _plain_table()
    for name in ("AT", "OFFICIAL FIGURES THAT DO NOT FIT", "VALUE", "AGAINST"):
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    for each in scene.board.findings[:room]:
        when = "" if each.holds else " (past)"
        table.add_row(
            clock(each.checkpoint, scene.zone),
            f"{each.region}: {each.finding.replace('_', ' ')}{when}",
            f"{each.value} {each.publisher}",
            f"{each.previous} {each.previous_publisher}",
        )
    return table


def _rejected_list(board: Board, room: int) -> RenderableType:
    table = _plain_table()
    table.add_column("REJECTED BECAUSE", no_wrap=True)
    table.add_column("EVENTS", justify="right", no_wrap=True)
    table.add_column("", ratio=1)
    for reason, number in board.rejected[:room]:
        table.add_row(reason.replace("_", " "), f"{number:,}", "")
    return table


def _rejected(board: Board) -> Text:
    number = sum(count for _, count in board.rejected)
    if not number:
        return Text("rejected events: none", style=_FAINT)
    reasons = ", ".join(f"{reason.replace('_', ' ')} {count}" for reason, count in board.rejected)
    return Text.assemble((f"rejected events: {number:,}", _ALARM), (f"  {reasons}", _FAINT))
