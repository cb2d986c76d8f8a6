"""The demo from start to end: broker, topics, worker, the day, the proof, and an orderly stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Final

from streams.demo.alert_feed import AlertFeed
from streams.demo.audience import Audience
from streams.demo.child import WorkerProcess, start_worker
from streams.demo.course import DemoError, Options, play
from streams.demo.day import Day, prepare
from streams.demo.feed import Feed
from streams.demo.handle import write_handle
from streams.demo.monitoring import UnmonitoredError, find, monitoring
from streams.embedded import EmbeddedBroker
from streams.errors import UserError
from streams.log.topics import create_topics
from streams.settings import (
    BrokerSettings,
    LogSettings,
    Settings,
    TopicSettings,
    WorkerSettings,
)

PARTITIONS: Final = 6
INTERRUPTED: Final = 130
_CANCEL_AGAIN_SECONDS: Final = 10.0


def run(options: Options, audience: Audience) -> int:
    """Run the demo; returns the exit status: 0, 1 (it failed, told), 130 (interrupted)."""
    return asyncio.run(_guarded(options, audience))


async def _guarded(options: Options, audience: Audience) -> int:
    """Turn the first signal into a cancellation; further ones must not break the clean-up."""
    task = asyncio.create_task(_demo(options, audience))
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    asked: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        if not asked:
            asked.append(number)
            task.cancel()
            # The terminal may be what went away.
            with contextlib.suppress(OSError):
                audience.say("stopping")

    for number in signals:
        loop.add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        return 0 if audience.summed_up else INTERRUPTED
    except DemoError as error:
        audience.fail(str(error))
        return 1
    finally:
        with contextlib.suppress(OSError):
            audience.close()
    return 0


async def _demo(options: Options, audience: Audience) -> None:
    async with contextlib.AsyncExitStack() as stack:
        directory = options.keep
        if directory is None:
            scratch = tempfile.TemporaryDirectory(prefix="scrutineer-")
            directory = Path(stack.enter_context(scratch))
        with _writing(directory):
            directory.mkdir(parents=True, exist_ok=True)
            _log_to(directory / "demo.log")
            (directory / "broker.log").unlink(missing_ok=True)
            audience.say("making up the observers, reading the official figures")
            day = await asyncio.to_thread(prepare, directory, options.seed)
        audience.say("starting a broker")
        broker = await stack.enter_async_context(EmbeddedBroker(directory / "broker.log"))
        settings = _settings(broker.bootstrap, directory)
        await create_topics(settings)

        def handle(port: int) -> Path:
            return write_handle(_settings(broker.bootstrap, directory, port), pack, directory)

        pack = day.pack_directory
        audience.say("starting a worker")
        worker, port = await start_worker(stack, options.ports, handle, directory / "worker.log")
        feed = Feed(f"http://127.0.0.1:{port}", day.pack)
        stack.push_async_callback(feed.close)
        alerts = await _monitored(stack, day, port, audience) if options.monitoring else None
        work = play(options, settings, day, feed, audience, alerts=alerts)
        await _while_alive(broker, worker, work)


async def _monitored(
    stack: contextlib.AsyncExitStack, day: Day, port: int, audience: Audience
) -> AlertFeed | None:
    """Prometheus and Alertmanager, until ``stack`` ends; None, and told why: there are none."""
    try:
        found = find()
        audience.say("starting Prometheus and Alertmanager")
        with _writing(day.directory):
            addresses = await stack.enter_async_context(
                monitoring(found, day.pack, f"127.0.0.1:{port}", day.directory)
            )
    except UnmonitoredError as error:
        audience.unmonitored(str(error), error.missing)
        return None
    audience.say(f"alerts: {addresses.prometheus}/alerts and {addresses.alertmanager}")
    alerts = AlertFeed(addresses, day.pack)
    stack.push_async_callback(alerts.close)
    return alerts


def _log_to(path: Path) -> None:
    """The Kafka client's remarks belong into a file, not across the screen."""
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)


@contextlib.contextmanager
def _writing(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or directory
        raise UserError(f"{where}: cannot be written: {error.strerror or error}") from error


def _settings(bootstrap: str, directory: Path, port: int = 0) -> Settings:
    return Settings(
        broker=BrokerSettings(
            bootstrap=bootstrap,
            idempotent=False,
            session_timeout=6,
            rebalance_timeout=6,
            heartbeat_interval=1,
        ),
        topics=TopicSettings(partitions=PARTITIONS, replication=1),
        worker=WorkerSettings(port=port, clock="log", data_dir=directory / "worker"),
        log=LogSettings(format="text"),
    )


async def _while_alive(
    broker: EmbeddedBroker, worker: WorkerProcess, work: Coroutine[Any, Any, None]
) -> None:
    """Do ``work``; when broker or worker end before, so does the work."""

    async def watch() -> None:
        # Other processes set no event.
        while worker.exit_code is None and broker.pid is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.2)

    doing, watching = asyncio.ensure_future(work), asyncio.ensure_future(watch())
    try:
        await asyncio.wait([doing, watching], return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            if broker.pid is None:
                raise DemoError("the broker ended")
            lines = "\n  ".join(worker.last_lines())
            raise DemoError(
                f"the worker ended with status {worker.exit_code}; its last words:\n  {lines}"
            )
        await doing
    finally:
        while left := [each for each in (doing, watching) if not each.done()]:
            # Again where it was lost on its way: what goes on would play the whole day.
            for each in left:
                each.cancel()
            await asyncio.wait(left, timeout=_CANCEL_AGAIN_SECONDS)
        await asyncio.gather(doing, watching, return_exceptions=True)
