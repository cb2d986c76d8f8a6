"""The thread beside the worker's loop, and how it ends."""

from __future__ import annotations

import asyncio

import pytest

from streams.log.closing import close
from streams.worker.threads import LoopThread


class Client:
    """Takes a few turns to be closed, and has a task of its own that ends with it."""

    def __init__(self) -> None:
        self.own = asyncio.create_task(asyncio.Event().wait())
        self.closed = False

    async def stop(self) -> None:
        """Closed, unless somebody else ends its task or its closing."""
        for _ in range(3):
            await asyncio.sleep(0)
        self.own.cancel()
        await asyncio.wait({self.own})
        self.closed = True


@pytest.mark.parametrize("turns", range(8))
@pytest.mark.parametrize("cancelled", [True, False])
async def test_clients_are_closed_before_it_ends(turns: int, cancelled: bool) -> None:
    """However far the closing is when the thread is told to end, and if it was cancelled before."""
    thread = LoopThread("ends")
    made: list[Client] = []

    async def use() -> None:
        client = Client()
        made.append(client)
        try:
            await asyncio.Event().wait()
        finally:
            await close(client.stop())

    async def turn() -> None:
        """Let the thread go round once."""

    used = thread.submit(use())
    await thread.submit(turn())
    if cancelled:
        used.cancel()
    for _ in range(turns):
        await thread.submit(turn())
    thread.stop()
    await asyncio.to_thread(thread._thread.join)
    assert [client.closed for client in made] == [True]
    assert used.cancelled()
