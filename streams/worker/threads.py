"""A thread with an event loop of its own, for work that would hold up the worker's loop."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import weakref
from collections.abc import Collection, Coroutine
from typing import Any, ClassVar, Final, TypeVar

T = TypeVar("T")

_CLOSING_SECONDS: Final = 4.0
"""Time for clients to be closed, which have three seconds for it."""


SWITCH_SECONDS: Final = 0.005
"""How long the loop and bulk work beside it keep each other waiting: what the loop has to do is
mostly done within that. Oftener costs a rebuild 6 %, and pages are slower for it."""


class LoopThread:
    """Runs coroutines in one thread, beside the caller's loop."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._asked: weakref.WeakSet[Coroutine[Any, Any, Any]] = weakref.WeakSet()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        # What was asked for closes its clients. Their own tasks end with them, and those that close
        # them are not to be disturbed: an unclosed client complains whenever it is thrown away.
        running = asyncio.all_tasks(self._loop)
        self._end({task for task in running if task.get_coro() in self._asked})
        # A task that is only dropped complains, with a trace, when its client is thrown away.
        self._end(asyncio.all_tasks(self._loop))
        self._loop.close()

    def _end(self, left: Collection[asyncio.Task[Any]]) -> None:
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left, timeout=_CLOSING_SECONDS))

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        """Start ``coroutine`` there; the future belongs to the caller's loop."""
        self._asked.add(coroutine)
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    def stop(self) -> None:
        """End the thread; what still runs there is cancelled."""
        self._loop.call_soon_threadsafe(self._loop.stop)


class BulkGarbage:
    """Keeps the cyclic garbage collector out of bulk work, which makes many lasting objects.

    It rests while slices keep coming. What a rebuild made is then moved out of its sight: that
    holds no cycles, and looking through it takes longer with every event. Reference counting frees
    it all the same. But what else there is at that moment goes out of sight with it, the clients
    that were read with among it, and those do hold cycles: some megabytes a time. So now and then
    it looks through everything, which takes a tenth of a second for a million objects: the more
    there are, the more rarely.
    """

    THOROUGH: ClassVar = 8
    """Bouts of rebuilding after which it looks through everything at the latest."""

    OBJECTS: ClassVar = 250_000
    """For each so many out of sight it waits another bout."""

    def __init__(self) -> None:
        self._bouts = 0
        self._switch = sys.getswitchinterval()
        self._timer: asyncio.TimerHandle | None = None
        self._lasting = False

    def slice_done(self, *, lasting: bool) -> None:
        """Rest until no slice has come for a second. ``lasting``: it is of a rebuild."""
        gc.disable()
        self._lasting |= lasting
        if self._timer is None:
            self._switch = sys.getswitchinterval()
            sys.setswitchinterval(SWITCH_SECONDS)
        else:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(1.0, self.end)

    def end(self) -> None:
        """Let the collector work again, on what is made from now on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            sys.setswitchinterval(self._switch)
            if self._lasting:
                self._bouts += 1
                if self._bouts > min(gc.get_freeze_count() // self.OBJECTS, self.THOROUGH - 1):
                    self._bouts = 0
                    gc.unfreeze()
                    gc.collect()
                gc.freeze()
            self._lasting = False
            gc.enable()
