"""Starting clients that must not be broken off amid it."""

from __future__ import annotations

import asyncio

import pytest

from streams.log.starting import start


class Client:
    """Is whole after a few turns, and loses something when it is cancelled before."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.whole = self.lost = False
        self.go_on = asyncio.Event()

    async def start(self) -> None:
        """Wait until the test says so."""
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.lost = True
            raise
        if self.error is not None:
            raise self.error
        self.whole = True


async def test_what_comes_of_it_is_told() -> None:
    """It has started, or its error is raised."""
    good, bad = Client(), Client(ZeroDivisionError())
    for each in (good, bad):
        each.go_on.set()
    await start(good)
    assert good.whole
    with pytest.raises(ZeroDivisionError):
        await start(bad)


@pytest.mark.parametrize("error", [None, ZeroDivisionError()])
@pytest.mark.parametrize("turns", range(3))
async def test_a_cancellation_waits_for_the_start(turns: int, error: Exception | None) -> None:
    """Whenever it comes; an error then has nobody to be told to."""
    client = Client(error)
    starting = asyncio.create_task(start(client, 60))
    await asyncio.sleep(0)
    for _ in range(turns):
        await asyncio.sleep(0)
    for _ in range(2):
        starting.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert not starting.done()
    client.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert (client.whole, client.lost) == (error is None, False)


async def test_a_start_that_takes_too_long_is_broken_off() -> None:
    """Nobody waits for a broker that is away."""
    client = Client()
    starting = asyncio.create_task(start(client, 0.01))
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert client.lost
