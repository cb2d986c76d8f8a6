"""Standard input read while the event loop goes on, line by line as it comes."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from streams.sources.jsonl import STDIN, Line, read_lines

_AHEAD: Final = 4_096
"""Lines read ahead of their use: the bound of memory."""


async def stdin_lines() -> AsyncIterator[Line]:
    """The lines of standard input. Raises ``UserError`` as ``read_lines`` does.

    The reading thread is left behind when nobody wants lines any more: a read of a terminal or a
    pipe can't be interrupted, and must not keep the process alive.
    """
    loop = asyncio.get_running_loop()
    lines: deque[Line | BaseException | None] = deque()
    room = threading.Semaphore(_AHEAD)
    arrived = asyncio.Event()

    def put(item: Line | BaseException | None) -> None:
        room.acquire()
        lines.append(item)
        try:
            loop.call_soon_threadsafe(arrived.set)
        except RuntimeError:  # the loop is closed: nobody listens
            raise SystemExit from None

    def pump() -> None:
        try:
            for line in read_lines([STDIN]):
                put(line)
            put(None)
        except Exception as error:
            put(error)

    threading.Thread(target=pump, name="stdin", daemon=True).start()
    while True:
        while not lines:
            arrived.clear()
            await arrived.wait()
        item = lines.popleft()
        room.release()
        if item is None:
            return
        if isinstance(item, BaseException):
            raise item
        yield item
