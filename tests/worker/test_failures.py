"""A worker that meets an error nobody expected, or loses its broker for good, ends as it should."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from streams.embedded import EmbeddedBroker
from streams.errors import UserError
from streams.log.topics import create_topics
from streams.settings import Settings
from streams.worker import catchup, feed, logs, pages, preflight, watch
from streams.worker.app import whole_partitions
from tests.worker import sample
from tests.worker.conftest import settings_of
from tests.worker.in_process import in_process, until, until_live
from tests.worker.process import WorkerProcess, send


class PlantedError(Exception):
    """What a test plants."""


def broken(*_: Any) -> Any:
    """Stands for a function with a defect."""
    raise PlantedError


async def test_a_defect_in_a_rebuild_ends_the_worker(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error nobody expected is never swallowed."""
    settings = settings_of(broker, "defect-rebuild", partitions=1)
    await create_topics(settings)
    await send(settings, sample.sample(10))
    monkeypatch.setattr(catchup, "read", broken)
    async with in_process(settings) as app:
        await asyncio.wait_for(app.failed.wait(), 30)
        assert isinstance(app.failure, PlantedError)
        assert app.states.live() == {}


async def test_a_defect_in_the_live_path_ends_the_worker(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faust would start its fetcher again and go on after the event; here the worker ends."""
    settings = settings_of(broker, "defect-live", partitions=1)
    await create_topics(settings)
    async with in_process(settings) as app:
        await until_live(app)
        monkeypatch.setattr(feed, "read", broken)
        await send(settings, sample.sample(1))
        await asyncio.wait_for(app.failed.wait(), 30)
        assert isinstance(app.failure, PlantedError)


@pytest.mark.parametrize("live_first", [True, False])
async def test_stopped_while_the_broker_is_away(tmp_path: Path, live_first: bool) -> None:
    """SIGTERM ends it in time with 0, broker or no broker."""
    async with EmbeddedBroker() as embedded:
        settings = settings_of(embedded.bootstrap, "gone", partitions=1)
        await create_topics(settings)
        with WorkerProcess(settings, tmp_path) as worker:
            await worker.until("/state", lambda answer: answer.body["assigned"] or not live_first)
            await embedded.stop()
            assert await asyncio.to_thread(worker.stop) == 0, worker.said
    assert "Traceback" not in worker.said


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_broker_gone_before_the_first_assignment(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, hangs: bool
) -> None:
    """It is told in one line, liveness fails after a while, and no other worker is pointed to."""
    monkeypatch.setattr(watch, "STUCK_SECONDS", 8.0)
    look = preflight.Preflight.on_start
    embedded = EmbeddedBroker()

    async def look_and_lose(self: preflight.Preflight) -> None:
        await look(self)
        if hangs and embedded.pid is not None:
            os.kill(embedded.pid, signal.SIGSTOP)
        else:
            await embedded.stop()

    monkeypatch.setattr(preflight.Preflight, "on_start", look_and_lose)
    async with embedded:
        settings = settings_of(embedded.bootstrap, "lost", partitions=1)
        await create_topics(settings)
        with caplog.at_level(logging.INFO, logs.LOGGER):
            async with in_process(settings) as app:
                await until(app, lambda: app.watch.away_since and not app.watch.health().ok)
                health = app.watch.health()
                assert health.doing.startswith("waiting for the group's assignment")
                assert "the broker does not answer" in health.doing
                assert app.failure is None
                with pytest.raises(pages.PageError) as refused:
                    pages.check_region(app, "KZ-61")
                assert refused.value.status == 503
                if hangs:
                    assert embedded.pid is not None
                    os.kill(embedded.pid, signal.SIGCONT)
                    await until_live(app)
                    assert app.watch.health().ok
    assert caplog.text.count("the broker does not answer") == 1


def test_a_partition_comes_with_all_its_topics() -> None:
    """An assignment that splits a partition number between workers is refused."""
    settings = Settings()
    whole = {TP(topic, 3) for topic in settings.topics.inputs}
    assert whole_partitions(whole | {TP("other", 1)}, settings) == {3}
    with pytest.raises(UserError, match=r"without that of election\.desk"):
        whole_partitions(whole - {TP("election.desk", 3)}, settings)
    with pytest.raises(UserError, match=r"topics\.partitions = 12"):
        whole_partitions({TP(topic, 12) for topic in settings.topics.inputs}, settings)
