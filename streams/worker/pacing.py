"""A page that costs as little of a worker's time as it may, however often it is asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")

CHEAP_SECONDS: Final = 0.5
"""A page that takes no more work than that is made anew for whoever asks."""

REST: Final = 4.0
"""A dearer one is made again only after so many times its work: a fifth of a worker's time."""

WAIT_SECONDS: Final = 2.0
"""How long somebody waits for a new page before getting the last one: below a scrape's timeout."""


def _always() -> bool:
    return True


class Made(NamedTuple, Generic[T]):
    """A page, and the seconds of work that it took. ``holds``: whether it may still be shown."""

    page: T
    seconds: float
    holds: Callable[[], bool] = _always


class Paced(Generic[T]):
    """Hands out the page that ``make`` makes. Whoever asks meanwhile waits for the same one.

    What is handed out is always a whole page of one making, never older than the last one that
    anybody got; older than the question only where a page is dear, and never one that no longer
    holds, or from before a making that failed: nobody would see that it does.
    """

    def __init__(
        self,
        make: Callable[[], Awaitable[Made[T]]],
        clock: Callable[[], float] = time.monotonic,
        wait: float = WAIT_SECONDS,
    ) -> None:
        self._make = make
        self._clock = clock
        self._wait = wait
        self._last: Made[T] | None = None
        self._again = 0.0
        self._making: asyncio.Task[Made[T]] | None = None

    async def get(self) -> T:
        """The page. What ``make`` raises is raised to those who waited for it."""
        while True:
            last = self._kept()
            if self._making is None and (last is None or self._clock() >= self._again):
                self._making = asyncio.create_task(self._made())
                # Whether or not anybody is still there to be told of an error.
                self._making.add_done_callback(_seen)
            making = self._making
            if making is not None:
                await asyncio.wait({making}, timeout=None if last is None else self._wait)
                if making.done():
                    return making.result().page
                last = self._kept()
            if last is not None:
                return last.page

    def _kept(self) -> Made[T] | None:
        """The last page, if it may still be handed out."""
        if self._last is not None and not self._last.holds():
            self._last = None
        return self._last

    async def end(self) -> None:
        """Nobody asks any longer."""
        if self._making is not None:
            self._making.cancel()
            await asyncio.wait({self._making})

    async def _made(self) -> Made[T]:
        try:
            made = self._last = await self._make()
            rest = made.seconds * REST if made.seconds > CHEAP_SECONDS else 0.0
            self._again = self._clock() + rest
        except Exception:
            self._last = None
            raise
        else:
            return made
        finally:
            self._making = None


def _seen(task: asyncio.Task[Made[T]]) -> None:
    if not task.cancelled():
        task.exception()
