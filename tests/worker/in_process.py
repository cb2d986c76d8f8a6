"""A worker's application in the test's own process, to be looked into and disturbed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from streams.packs import load_pack
from streams.settings import Settings, WorkerSettings
from streams.worker.app import ScrutineerApp, create_app
from tests.worker.sample import PACK


@asynccontextmanager
async def in_process(settings: Settings) -> AsyncIterator[ScrutineerApp]:
    """A worker's application in this process."""
    worker = WorkerSettings(group=settings.worker.group, port=0)
    app = create_app(settings.model_copy(update={"worker": worker}), load_pack(PACK))
    starting = asyncio.create_task(app.start())
    try:
        yield app
    finally:
        if not starting.done():
            starting.cancel()
        await asyncio.wait([starting])
        await app.stop()
        await app.end()
        # Its clients are closed there, which is to be over when the test is.
        await asyncio.to_thread(app.catch_up._thread._thread.join)
        if not starting.cancelled():
            starting.result()


async def until(app: ScrutineerApp, holds: Callable[[], object]) -> None:
    """Until that holds."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(app.watch.health())


async def until_live(app: ScrutineerApp) -> None:
    """Until it shows something."""
    await until(app, app.states.live)
