"""Starting, waiting, stopping: what the worker says and how it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from pathlib import Path

import pytest

from streams.embedded import EmbeddedBroker, free_port
from streams.log.topics import create_topics
from streams.settings import TopicSettings
from tests.worker import sample
from tests.worker.conftest import settings_of
from tests.worker.process import PATIENCE, WorkerProcess, fold_log, send, until_caught_up
from tests.worker.sample import PACK


async def test_a_restart_comes_to_the_same(broker: str, tmp_path: Path) -> None:
    """Stopped in order and started again, digest and letters are those of the log."""
    from streams.packs import load_pack

    settings = settings_of(broker, "restart")
    await create_topics(settings)
    await send(settings, sample.sample(1_500, seed=3))
    with WorkerProcess(settings, tmp_path) as worker:
        (before,) = await until_caught_up(settings, [worker])
        assert worker.stop() == 0
        await send(settings, sample.sample(500, seed=4))
        worker.start()
        (after,) = await until_caught_up(settings, [worker])
        assert worker.stop(signal.SIGINT) == 0
    assert before.body["content_digest"] != after.body["content_digest"]
    offline = await fold_log(settings, load_pack(PACK))
    assert after.body["content_digest"] == offline.digest
    assert "Traceback" not in worker.said


async def test_missing_topics_end_it_with_advice(broker: str, tmp_path: Path) -> None:
    """Exit status 2 and the command that creates them."""
    with WorkerProcess(settings_of(broker, "missing"), tmp_path) as worker:
        assert await asyncio.to_thread(worker.exit_status) == 2
    assert "scrutineer topics create" in worker.said
    assert "missing.observer" in worker.said
    assert "Traceback" not in worker.said


async def test_another_partition_count_ends_it(broker: str, tmp_path: Path) -> None:
    """Topics that do not fit the settings are told, with both counts."""
    settings = settings_of(broker, "counts", partitions=2)
    await create_topics(settings)
    wrong = settings.model_copy(
        update={"topics": TopicSettings(prefix="counts", partitions=5, replication=1)}
    )
    with WorkerProcess(wrong, tmp_path) as worker:
        assert await asyncio.to_thread(worker.exit_status) == 2
    assert "counts.observer has 2 partitions, expected 5" in worker.said


async def test_a_port_that_is_taken_ends_it(broker: str, tmp_path: Path) -> None:
    """The address is named, and the setting to change."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with WorkerProcess(settings_of(broker, "port"), tmp_path, "--port", port) as worker:
            assert await asyncio.to_thread(worker.exit_status) == 2
    assert "worker.port" in worker.said


async def until_ready_or_ended(worker: WorkerProcess) -> None:
    """Until nothing is about to end it any longer."""
    deadline = time.monotonic() + PATIENCE
    while worker.running and (await asyncio.to_thread(worker.get, "/readyz")).status != 200:
        assert time.monotonic() < deadline, worker.said
        await asyncio.sleep(0.1)


async def test_a_broker_away_at_start_is_waited_for(tmp_path: Path) -> None:
    """One line, HTTP answers meanwhile, and work begins when the broker does."""
    port = free_port()
    settings = settings_of(f"127.0.0.1:{port}", "later")
    with WorkerProcess(settings, tmp_path) as worker:
        waiting = await worker.until("/healthz", lambda answer: answer.status == 200)
        assert waiting.body["doing"] == "waiting for the broker"
        assert worker.get("/readyz").status == 503
        assert worker.get("/metrics").status == 200
        assert worker.get("/tables/incidents").body["rows"] == []
        async with EmbeddedBroker(port=port):
            await create_topics(settings)
            await until_ready_or_ended(worker)
            if not worker.running:  # it looked between the broker's start and the topics'
                assert "topics missing" in worker.said
                worker.start()
            await send(settings, sample.sample(200))
            await until_caught_up(settings, [worker])
            assert worker.stop() == 0
    assert worker.said.count("no broker answers") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_while_waiting_ends_it(tmp_path: Path, number: int) -> None:
    """Told to stop before any broker answered, it ends with 0."""
    settings = settings_of(f"127.0.0.1:{free_port()}", "never")
    with WorkerProcess(settings, tmp_path) as worker:
        await worker.until("/healthz", lambda answer: answer.status == 200)
        assert await asyncio.to_thread(worker.stop, number) == 0
    assert "Traceback" not in worker.said


async def test_the_clock_of_the_log(broker: str, tmp_path: Path) -> None:
    """With `--clock log` now is the newest clock event's, never the computer's."""
    import json

    settings = settings_of(broker, "clock")
    await create_topics(settings)
    moment = "2023-03-19T10:00:00+06:00"
    raw = json.dumps(sample.clock(moment)).encode()
    with WorkerProcess(settings, tmp_path, "--clock", "log") as worker:
        await worker.until_ready()
        # A worker that starts must not have the played day be over for the rules.
        assert worker.get("/state").body["now"] == "1970-01-01T00:00:00Z"
        assert "\nscrutineer_now_timestamp_seconds 0.0\n" in worker.get("/metrics").body
        await send(settings, [sample.encoded(sample.incident(1, "KZ-61", 60), "observer")])
        await worker.until("/state", lambda a: a.body["now"] == "2023-03-19T01:01:00Z")
        await send(settings, [sample.Event("desk", b"KZ-61", raw)])
        await worker.until("/state", lambda a: a.body["now"] == "2023-03-19T04:00:00Z")
