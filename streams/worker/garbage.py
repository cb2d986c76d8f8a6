"""The cyclic garbage collector while events are folded live."""

from __future__ import annotations

import asyncio
import gc
from typing import Final

EVERY: Final = 10_000
"""Events after which it works: it then looks through what they made, for some 20 ms."""

_REST_SECONDS: Final = 1.0


class LiveGarbage:
    """Keeps the collector from looking again and again through tables that only grow.

    By itself it works whenever there are a quarter more objects than before: a third of the
    processor time of an event, and a standstill that gets longer with the tables. Here it works
    once for so many events, and what is left then, which lasts, is moved out of its sight.
    """

    def __init__(self) -> None:
        self._folded = 0
        self._timer: asyncio.TimerHandle | None = None

    def folded(self, events: int) -> None:
        """Events were folded: the collector rests until none are for a second."""
        gc.disable()
        self._folded += events
        if self._folded >= EVERY:
            self._folded = 0
            gc.collect()
            gc.freeze()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(_REST_SECONDS, self.end)

    def end(self) -> None:
        """Let the collector work by itself again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        gc.enable()
