"""Closing clients that let their own cancellation out, hang, or fail."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import KafkaError

from streams.log.closing import close


async def ends() -> None:
    await asyncio.sleep(0)


async def hangs() -> None:
    await asyncio.Event().wait()


async def fails() -> None:
    raise KafkaError


async def lets_its_cancellation_out() -> None:
    inner = asyncio.create_task(hangs())
    await asyncio.sleep(0)
    inner.cancel()
    await inner


async def test_what_a_client_does_stays_with_it() -> None:
    """Whatever happens, the caller goes on, and knows whether all is well."""
    assert await close(ends())
    assert not await close(hangs(), 0.01)
    assert not await close(fails())
    assert not await close(lets_its_cancellation_out())


async def test_an_error_that_is_none_of_kafkas_is_let_out() -> None:
    """A defect is not taken for a broker that is away."""

    async def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await close(broken())


async def test_the_callers_own_cancellation_is_let_out() -> None:
    """Who is cancelled while closing is cancelled, and waits no longer than for the client."""
    closing = asyncio.create_task(close(hangs(), 0.01))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing


@pytest.mark.parametrize("turns", range(4))
async def test_a_cancellation_does_not_leave_a_client_half_closed(turns: int) -> None:
    """Whenever it comes, before the closing began or amid it, and if it comes twice."""
    closed = asyncio.Event()

    async def stop() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        closed.set()

    closing = asyncio.create_task(close(stop(), 60))
    await asyncio.sleep(0)
    for _ in range(turns):
        await asyncio.sleep(0)
    if not closing.done():
        closing.cancel()
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
    assert closed.is_set()
