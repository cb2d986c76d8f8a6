"""Running a worker in this process until it is told to stop, or can't go on."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Final

from schemas.pack import Pack
from streams.errors import UserError
from streams.secret_files import exposed
from streams.settings import Settings
from streams.worker import logs
from streams.worker.app import ScrutineerApp, create_app

SWITCH_SECONDS: Final = 0.001
"""How long a thread that works may keep the one that fetches events waiting, of which each fetch
has several such waits: with Python's own 5 ms a busy worker's events come a third later."""

STOP_SECONDS: Final = 10.0
"""Time for an orderly end; what is cut off then is done again by whoever takes the partitions."""


def run(settings: Settings, pack: Pack, started: Callable[[ScrutineerApp], None]) -> int:
    """Run until SIGTERM or SIGINT; returns the exit status.

    ``started`` is called once the HTTP service listens. 0: told to stop. 1: an error nobody
    expected, logged with its trace. 2: the user's to mend, told on stderr.
    """
    complaints = logs.set_up(settings.log)
    for name, path in exposed(settings):
        logs.warn(
            "everybody on this machine can read a file with a secret",
            setting=name,
            file=str(path),
            advice="chmod o-r, or keep it in a folder of the worker's own",
        )
    sys.setswitchinterval(SWITCH_SECONDS)
    failure, orderly = asyncio.run(_run(settings, pack, started, complaints))
    return _leave(_status(failure), orderly=orderly)


def _status(failure: BaseException | None) -> int:
    """Tell the failure; returns the exit status."""
    if failure is None:
        return 0
    if isinstance(failure, UserError):
        print(f"scrutineer: {failure}", file=sys.stderr)
        return 2
    logging.getLogger(logs.LOGGER).critical(
        "the worker ends: an error that nobody expected", exc_info=failure
    )
    return 1


async def _run(
    settings: Settings,
    pack: Pack,
    started: Callable[[ScrutineerApp], None],
    complaints: logs.Complaints,
) -> tuple[BaseException | None, bool]:
    app = create_app(settings, pack)
    app.watch.complaints = complaints
    app.http.listening = lambda: started(app)
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    starting = loop.create_task(app.start())
    failure = await _until_end(app, starting, asked)
    orderly = True
    try:
        async with asyncio.timeout(STOP_SECONDS):
            if not starting.done():
                starting.cancel()
                await asyncio.wait([starting])
            await app.stop()
            await app.end()
    except TimeoutError:
        orderly = False
        logs.warn("no orderly end in time; the partitions go to others all the same")
    logs.info("worker ended")
    if not orderly:
        # What hangs would hang the loop's end too.
        _leave(_status(failure), orderly=False)
    return failure, orderly


async def _until_end(
    app: ScrutineerApp, starting: asyncio.Task[None], asked: asyncio.Event
) -> BaseException | None:
    """Wait for a signal or a failure; returns the failure."""
    loop = asyncio.get_running_loop()
    stops = [loop.create_task(event.wait()) for event in (asked, app.failed, app._crashed)]
    await asyncio.wait([*stops, starting], return_when=asyncio.FIRST_COMPLETED)
    if not any(stop.done() for stop in stops) and starting.exception() is None:
        await asyncio.wait(stops, return_when=asyncio.FIRST_COMPLETED)
    for stop in stops:
        stop.cancel()
    if app.failure is not None:
        return app.failure
    if starting.done() and not starting.cancelled() and starting.exception() is not None:
        return starting.exception()
    reason: BaseException | None = app.crash_reason
    return reason


def _leave(status: int, *, orderly: bool) -> int:
    """The Kafka client's thread may hang on a lost broker, and Python would wait for it."""
    threads = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    if not orderly or any(not thread.daemon for thread in threads):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status
