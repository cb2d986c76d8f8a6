"""The day's course: wait for the worker, play, wait until all is read, compare, sum up."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.pack import Pack
from streams.archive.replay import Replay
from streams.demo.alert_feed import AlertFeed
from streams.demo.audience import Audience
from streams.demo.day import TABLES as TABLES_FILE
from streams.demo.day import Day
from streams.demo.feed import Feed
from streams.demo.others import Foreign, foreign_events
from streams.demo.summary import summary
from streams.log.clients import producer
from streams.settings import Settings
from streams.sources.play import Player, Progress
from streams.tables.views import TABLES

JOIN_SECONDS: Final = 60.0
CATCH_UP_SECONDS: Final = 60.0


class DemoError(Exception):
    """The demo can't go on, or its proof failed: exit status 1."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for.

    ``ports``: to try for the worker's pages. ``keep``: where the files stay, None for nowhere.
    ``monitoring``: with Prometheus and Alertmanager, where the machine has them.
    """

    seconds: float
    seed: int
    ports: Sequence[int]
    keep: Path | None
    monitoring: bool = True


async def play(
    options: Options,
    settings: Settings,
    day: Day,
    feed: Feed,
    audience: Audience,
    *,
    alerts: AlertFeed | None,
) -> None:
    """Play the day before ``audience``; on a terminal it returns only when cancelled.

    DemoError: the worker is too slow, or its digest is not that of the replay.
    """
    audience.say("waiting for the worker to take its partitions")
    await _until(feed.ready, JOIN_SECONDS, "the worker was not ready in time")
    started = time.monotonic()
    audience.begin(day, feed, alerts)
    follows = [feed.follow(), audience.follow(), *([] if alerts is None else [alerts.follow()])]
    background = [asyncio.create_task(each) for each in follows]
    try:
        progress = await _publish(options, settings, day)
        await _caught_up(feed, progress)
        seconds = time.monotonic() - started
        digest, positions = await _digest(feed)
        await _keep_tables(feed, day)
        others = await _others(settings, day.pack, positions, progress)
        day.keep_others(others)
        replay = await asyncio.to_thread(day.replay, others)
        monitoring = None if alerts is None else await alerts.summary()
        audience.sum_up(
            summary(
                day,
                feed,
                progress,
                seed=options.seed,
                digest=digest,
                replay=replay,
                seconds=seconds,
                monitoring=monitoring,
            )
        )
        _compare(digest, replay)
        if audience.stays:
            await asyncio.Event().wait()
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)


async def _publish(options: Options, settings: Settings, day: Day) -> Progress:
    items = await asyncio.to_thread(day.items, settings.topics)
    sender = producer(settings)
    try:
        await sender.start()
        player = Player(sender, settings.topics.desk, settings.topics.partitions, day.pack.id)
        return await player.play(items, day.begins, day.ends, options.seconds)
    finally:
        await sender.stop()


async def _caught_up(feed: Feed, progress: Progress) -> None:
    """Wait until the worker has folded every record that was sent."""

    async def done() -> bool:
        try:
            positions = await feed.positions()
        except (OSError, TimeoutError):
            return False
        return all(positions.get(where, 0) >= end for where, end in progress.ends.items())

    await _until(done, CATCH_UP_SECONDS, "the worker did not read all that was sent")
    await feed.refresh()


async def _digest(feed: Feed) -> tuple[str, dict[tuple[str, int], int]]:
    """The worker's content digest, and the positions it is of: (topic, partition) → offset."""
    try:
        _, page = await feed.get("/digest")
    except (OSError, TimeoutError) as error:
        raise DemoError(f"the worker tells no digest: {error}") from None
    positions = {
        (topic, int(number)): offset
        for topic, numbers in page["positions"].items()
        for number, offset in numbers.items()
    }
    return str(page["content_digest"]), positions


async def _others(
    settings: Settings, pack: Pack, positions: Mapping[tuple[str, int], int], progress: Progress
) -> list[Foreign]:
    """Events that somebody else sent meanwhile: a person tries things."""
    try:
        async with asyncio.timeout(CATCH_UP_SECONDS):
            return await foreign_events(settings, pack, positions, progress.ours)
    except TimeoutError:
        raise DemoError("the broker does not tell what others have sent") from None


async def _keep_tables(feed: Feed, day: Day) -> None:
    """The worker's tables at the end, beside the events, and who reported at all."""
    tables = {}
    for name in TABLES:
        _, page = await feed.get(f"/tables/{name}")
        tables[name] = page["rows"]
        tables["basis"] = page["basis"]
    text = json.dumps(tables, ensure_ascii=False, indent=1)
    (day.directory / TABLES_FILE).write_text(text + "\n", encoding="utf-8")


def _compare(digest: str, replay: Replay) -> None:
    if digest != replay.content_digest:
        raise DemoError(
            f"the worker's content digest {digest} is not that of a replay of the same events, "
            f"{replay.content_digest}"
        )


async def _until(question: Callable[[], Awaitable[bool]], seconds: float, otherwise: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            # No event could tell: the answer is in another process.
            while not await question():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise DemoError(f"{otherwise} ({seconds:.0f} s)") from None
