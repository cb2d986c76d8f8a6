"""An archive of Apache Kafka's log comes to what the workers came to, bit for bit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from streams.log.topics import create_topics
from tests.archive.process import ArchiverProcess, archived, assert_same, scrutineer
from tests.kafka.harness import KafkaCluster
from tests.worker.process import WorkerProcess, merged_statement, send, until_caught_up
from tests.worker.sample import sample


async def test_replay_of_the_archive_is_the_workers_statement(
    kafka: KafkaCluster, start: Callable[..., WorkerProcess], tmp_path: Path
) -> None:
    """Two workers, a rebalance in the midst, the archiver killed in the midst."""
    settings = kafka.settings(partitions=4)
    await create_topics(settings)
    events = sample(6_000, seed=11)
    await send(settings, islice(events, 2_000))
    to = tmp_path / "archive"
    first = start(settings)
    with ArchiverProcess(settings, to, "--seal-every", "0.2") as archiver:
        await first.until_ready()
        await archiver.until_records(500)
        second = start(settings)
        await send(settings, islice(events, 1_000))
        archiver.kill()
    with ArchiverProcess(settings, to, "--seal-every", "0.2") as archiver:
        await send(settings, islice(events, 1_000))
        await second.until_ready()
        await send(settings, events)
        live = await until_caught_up(settings, [first, second])
        await archiver.until_records(6_000)
        status, said = archiver.stop()
    assert status == 0, said
    assert all(answer.body["statement_digest"] is None for answer in live)
    assert archived(to) == 6_000
    await assert_same(settings, to)
    statement = merged_statement(live)
    for source, jobs in ((str(to), "2"), (str(to), "1"), ("kafka", "2")):
        done = await asyncio.to_thread(
            scrutineer, settings, "replay", source, "--json", "--jobs", jobs
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["statement_digest"] == statement
