"""A worker that meets an error nobody expected, or loses its broker for good, ends as it should."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import weakref
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from streams.embedded import EmbeddedBroker
from streams.errors import UserError
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import Settings
from streams.tables.partition import Partition
from streams.worker import catchup, feed, logs, pages, preflight, watch
from streams.worker.app import create_app, whole_partitions
from streams.worker.state import PartitionState
from tests.log.door import door
from tests.worker import sample
from tests.worker.conftest import settings_of
from tests.worker.in_process import in_process, until, until_live
from tests.worker.process import WorkerProcess, send
from tests.worker.sample import PACK


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


DEFECT = """
from streams.tables.partition import Partition
def fold(self, *_):
    raise ZeroDivisionError("planted")
Partition.fold = fold
from streams.cli import main
main()
"""


async def test_a_defect_in_a_rebuild_is_loud(broker: str, tmp_path: Path) -> None:
    """The process ends with 1 and says why; it does not stay up and show nothing."""
    settings = settings_of(broker, "defect-loud", partitions=1)
    await create_topics(settings)
    await send(settings, sample.sample(10))
    worker = WorkerProcess(settings, tmp_path)
    worker.program = ("-c", DEFECT)
    with worker:
        assert await asyncio.to_thread(worker.exit_status) == 1
    lines = [line for line in worker.said.splitlines() if '"CRITICAL"' in line]
    assert len(lines) == 1
    assert "an error that nobody expected" in lines[0]
    assert "ZeroDivisionError: planted" in lines[0]


async def test_stopped_in_the_midst_of_a_rebuild(broker: str, tmp_path: Path) -> None:
    """SIGTERM ends it in time with 0: what was read is dropped."""
    settings = settings_of(broker, "midst", partitions=3)
    await create_topics(settings)
    await send(settings, sample.sample(3_000))
    with WorkerProcess(settings, tmp_path) as worker:
        await worker.until("/state", lambda answer: bool(answer.body["partitions"]))
        assert await asyncio.to_thread(worker.stop) == 0, worker.said
    assert "no orderly end" not in worker.said
    assert "Traceback" not in worker.said


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


async def test_metrics_of_a_partition_that_is_no_longer_live_are_not_shown_again(
    broker: str,
) -> None:
    """However dear the page was: another worker has it now, or its log is another one."""
    settings = settings_of(broker, "defect-page", partitions=2)
    await create_topics(settings)
    async with in_process(settings) as app:
        await until(app, lambda: len(app.states.live()) == 2)
        first = await pages.metrics(app)
        assert first.holds()
        app.drop(1)
        assert not first.holds()
        second = await pages.metrics(app)
        assert second.holds()
        assert b'partition="1"' not in second.page
        state = app.states.get(0)
        assert state is not None
        app.rebuild(state)
        assert not second.holds()


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


async def test_a_broker_away_for_a_moment_amid_the_first_look_is_asked_again(
    broker: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is back before anybody asks whether it is: that must not pass for the user's mistake."""
    settings = settings_of(broker, "moment", partitions=1)
    await create_topics(settings)
    # The first look of whoever waits, the look before the topics, and the one at them.
    async with door(broker, 3) as there:
        behind = settings.broker.model_copy(update={"bootstrap": there.address})
        async with in_process(settings.model_copy(update={"broker": behind})) as app:
            await until_live(app)
            assert app.failure is None
    assert caplog.text.count("the topics could not be looked at") == 1


class _Watched(Partition):
    """Tables whose end can be seen."""

    __slots__ = ("__weakref__",)


async def test_a_rebuild_that_is_cancelled_leaves_nothing() -> None:
    """Its tables go without the garbage collector, from whose sight they may have been taken."""
    pack = load_pack(PACK)
    app = create_app(settings_of("127.0.0.1:1", "cancelled"), pack)
    state = PartitionState(0, _Watched(pack, 0))
    tables = weakref.ref(state.tables)

    async def rebuild(of: PartitionState) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            of.moved_at = await asyncio.shield(asyncio.sleep(0, 0.0))

    app.states.add(state)
    state.task = app.spawn(rebuild(state), "rebuild 0")
    await asyncio.sleep(0)
    gc.disable()
    try:
        del state
        app.drop(0)
        for _ in range(10):
            await asyncio.sleep(0)
        assert tables() is None
    finally:
        gc.enable()
        await app.end()
    assert app.failure is None


def test_a_partition_comes_with_all_its_topics() -> None:
    """An assignment that splits a partition number between workers is refused."""
    settings = Settings()
    whole = {TP(topic, 3) for topic in settings.topics.inputs}
    assert whole_partitions(whole | {TP("other", 1)}, settings) == {3}
    with pytest.raises(UserError, match=r"without that of election\.desk"):
        whole_partitions(whole - {TP("election.desk", 3)}, settings)
    with pytest.raises(UserError, match=r"topics\.partitions = 12"):
        whole_partitions({TP(topic, 12) for topic in settings.topics.inputs}, settings)
