"""A worker on Apache Kafka whose wall clock is wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from streams.log.topics import create_topics
from tests.chaos.workers import faketime
from tests.kafka.harness import KafkaCluster
from tests.metrics.worlds import samples
from tests.tools import tool
from tests.worker.process import WorkerProcess, send
from tests.worker.sample import encoded, incident

HOURS = 3 * 3600


async def test_a_worker_whose_clock_is_behind_says_so(
    kafka: KafkaCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows which clock it goes by, and what the broker stamps is its future: said once."""
    tool("faketime", "faketime")
    settings = kafka.settings(partitions=1)
    await create_topics(settings)
    await send(settings, [encoded(incident(1, "KZ-61"), "observer")])
    with monkeypatch.context() as patch:
        patch.setenv("LD_PRELOAD", str(faketime()))
        patch.setenv("FAKETIME", f"-{HOURS}")
        patch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        worker = WorkerProcess(settings, tmp_path)
    with worker:
        await worker.until_ready()
        assert "from the future" not in worker.said, "what a rebuild reads is not live"
        for number in (2, 3):
            await send(settings, [encoded(incident(number, "KZ-61"), "observer")])
            await worker.until("/digest", lambda found, n=number: folded(found.body) == n)  # type: ignore[misc]
        page = samples(worker.get("/metrics").body.encode())
        assert page["scrutineer_clock_info"] == {frozenset({("clock", "wall")}): 1}
        (now,) = page["scrutineer_now_timestamp_seconds"].values()
        assert -HOURS - 60 < now - time.time() < -HOURS + 60
        assert worker.said.count("from the future") == 1


def folded(digest: dict[str, dict[str, dict[str, int]]]) -> int:
    """How many events the tables have."""
    return sum(number for each in digest["positions"].values() for number in each.values())
