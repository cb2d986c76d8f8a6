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


async def test_the_callers_own_cancellation_is_let_out() -> None:
    """Who is cancelled while closing is cancelled."""
    closing = asyncio.create_task(close(hangs(), 60))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
