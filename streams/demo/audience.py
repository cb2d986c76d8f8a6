"""Whom the demo is shown to: a person at a terminal, or a log file and a program."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from rich.console import Console
from rich.live import Live

from streams.demo.alert_feed import AlertFeed
from streams.demo.day import Day
from streams.demo.feed import Feed
from streams.demo.scene import Scene, clock
from streams.demo.screen import Screen
from streams.demo.summary import in_words, to_try

FRAME: Final = 0.5
"""Seconds between two frames on a terminal."""
PLAIN: Final = 5.0
"""Seconds between two lines without one."""


_STOPS: Final = "Ctrl-C stops everything."


class Audience(Protocol):
    """``stays``: whether the worker is kept up after the summary, until it is interrupted."""

    stays: bool
    summed_up: bool

    def say(self, text: str) -> None:
        """Tell what is being done."""

    def unmonitored(self, why: str, missing: Sequence[str]) -> None:
        """There will be no alerts; ``missing``: packages to install, where that is why."""

    def begin(self, day: Day, feed: Feed, alerts: AlertFeed | None) -> None:
        """The day begins."""

    async def follow(self) -> None:
        """Show how it goes, until cancelled."""

    def sum_up(self, result: Mapping[str, Any]) -> None:
        """The day is over."""

    def fail(self, text: str) -> None:
        """The demo ends early, or its proof failed."""

    def close(self) -> None:
        """Give the terminal back."""


def _fail(text: str) -> None:
    print(f"scrutineer: the demo failed: {text}", file=sys.stderr, flush=True)


class Plain:
    """A line every few seconds, and the summary as JSON on the last one."""

    def __init__(self) -> None:
        self.stays = False
        self.summed_up = False
        self._day: Day | None = None
        self._feed: Feed | None = None
        self._alerts: AlertFeed | None = None

    def say(self, text: str) -> None:
        """One line."""
        print(f"scrutineer demo: {text}", flush=True)

    def unmonitored(self, why: str, missing: Sequence[str]) -> None:  # noqa: ARG002
        """One line too."""
        self.say(f"without alerts: {why}")

    def begin(self, day: Day, feed: Feed, alerts: AlertFeed | None) -> None:
        """Say what is real and what is not."""
        self._day, self._feed, self._alerts = day, feed, alerts
        self.say(f"{day.pack.name}")
        self.say("official figures: REAL, as published that day; observers: SIMULATED")

    async def follow(self) -> None:
        """One line now and then."""
        while True:
            await asyncio.sleep(PLAIN)
            self._line()

    def sum_up(self, result: Mapping[str, Any]) -> None:
        """In words, then as JSON."""
        assert self._day is not None
        self._line()
        for line in in_words(result, self._day):
            self.say(line)
        print(json.dumps(result, ensure_ascii=False), flush=True)
        self.summed_up = True

    def fail(self, text: str) -> None:
        """On stderr."""
        _fail(text)

    def close(self) -> None:
        """Nothing to give back."""

    def _line(self) -> None:
        day, feed = self._day, self._feed
        now = feed.board.now if feed is not None else None
        if day is None or feed is None or now is None:
            return
        board, pipe = feed.board, feed.pipeline
        alerts = self._alerts.alerts if self._alerts is not None else None
        country = board.country
        official = "none yet"
        if country is not None:
            official = f"{country.percent} % at {clock(country.as_of, day.zone)}"
        self.say(
            f"{clock(now, day.zone)}  {pipe.records:,} records  "
            f"{board.hour} incidents in the last hour "
            f"from {board.reporting} of {len(board.regions)} regions  "
            f"{len(board.restrictions)} open restrictions  official turnout {official}  "
            f"{sum(number for _, number in board.rejected)} rejected"
            + (f"  {alerts.number} alerts firing" if alerts is not None else "")
            + (f"  {pipe.problem}" if pipe.problem else "")
        )


class Terminal:
    """The live view; afterwards the last picture stays, with the summary below it."""

    def __init__(self, console: Console) -> None:
        self.stays = True
        self.summed_up = False
        self._console = console
        self._day: Day | None = None
        self._feed: Feed | None = None
        self._alerts: AlertFeed | None = None
        self._footer = _STOPS
        self._live: Live | None = None

    def say(self, text: str) -> None:
        """One faint line."""
        self._end_live()
        self._console.print(f"scrutineer demo: {text}", style="grey62", markup=False)

    def unmonitored(self, why: str, missing: Sequence[str]) -> None:
        """A line, which the view soon hides: what to install stands below that too."""
        self.say(f"without alerts: {why}")
        if missing:
            self._footer = f"{_STOPS} For alerts install {', '.join(missing)}."

    def begin(self, day: Day, feed: Feed, alerts: AlertFeed | None) -> None:
        """Take the screen."""
        self._day, self._feed, self._alerts = day, feed, alerts
        self._live = Live(
            self._screen(), console=self._console, screen=True, auto_refresh=False, transient=True
        )
        self._live.start(refresh=True)

    async def follow(self) -> None:
        """A frame twice a second."""
        while self._live is not None:
            self._live.update(self._screen(), refresh=True)
            await asyncio.sleep(FRAME)

    def sum_up(self, result: Mapping[str, Any]) -> None:
        """Give the screen back, print the last picture and the summary."""
        assert self._day is not None
        self._end_live()
        with self._console.capture() as told:
            for paragraph in in_words(result, self._day):
                self._console.print(paragraph, markup=False)
            for line in to_try(result):
                # Copied whole: the terminal wraps it, no line break does.
                self._console.print(line, markup=False, soft_wrap=True)
        width, height = self._console.size
        rows = sum(max(1, -(-len(line) // width)) for line in told.get().splitlines())
        self._console.print(self._screen(max(20, height - rows - 2), "The end."))
        self._console.out(told.get(), end="", highlight=False)
        self.summed_up = True

    def fail(self, text: str) -> None:
        """On stderr."""
        self._end_live()
        _fail(text)

    def close(self) -> None:
        """Give the screen back, whatever happened."""
        self._end_live()

    def _end_live(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _screen(self, height: int | None = None, footer: str | None = None) -> Screen:
        day, feed = self._day, self._feed
        assert day is not None
        assert feed is not None
        scene = Scene(
            title=day.pack.name,
            zone=day.zone,
            begins=day.begins,
            ends=day.ends,
            board=feed.board,
            pipeline=feed.pipeline,
            footer=footer or self._footer,
            alerts=None if self._alerts is None else self._alerts.alerts,
        )
        return Screen(scene, height)
