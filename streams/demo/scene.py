"""What one picture of the demo shows, and how it puts times into words."""

from __future__ import annotations

from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.fields import moment
from streams.demo.alerts import Alerts
from streams.demo.board import Board

# Words say it; colour only repeats them. Orange and blue also part for the colour-blind.
ALARM: Final = "bold dark_orange"
CALM: Final = "sky_blue2"
FAINT: Final = "grey62"
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
    alerts: Alerts | None = None
    """None: nobody watches for alerts."""


def clock(at: int, zone: ZoneInfo) -> str:
    """``at`` (µs) as hours and minutes of ``zone``."""
    return moment(at).astimezone(zone).strftime("%H:%M")


def age(since: int, now: int) -> str:
    """How long ago, in words that fit a column."""
    minutes = max(0, now - since) // _MINUTE
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d}"
