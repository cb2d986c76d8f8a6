"""Long work in the worker's loop, with time for everybody else in between."""

from __future__ import annotations

import asyncio
import time
from typing import Final

BREATH: Final = 0.005
"""Seconds of work after which others in the loop have a turn: pages, commits, letters."""

_PAUSE: Final = 0.010
"""Seconds for everybody else: looking at the tables must not hold up the events. No mere turn in
the loop, for the thread that fetches events needs the interpreter's lock several times for each."""


class Breath:
    """``await breath.take()`` after each small step: others have their turn once it is time.

    ``worked``: the processor's seconds so far, without the others' turns. Not those on the clock: a
    process that was stopped for a minute, or waited for a processor, has not worked for it.
    """

    def __init__(self) -> None:
        self._since = time.perf_counter()
        self._from = time.thread_time()
        self._before = 0.0

    @property
    def worked(self) -> float:
        """Seconds of work."""
        return self._before + time.thread_time() - self._from

    async def take(self) -> None:
        """Let the others go first, if it is time."""
        if time.perf_counter() - self._since > BREATH:
            self._before = self.worked
            await asyncio.sleep(_PAUSE)
            self._since, self._from = time.perf_counter(), time.thread_time()
