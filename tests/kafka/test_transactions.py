"""Transactions on Apache Kafka: what one aborted never was, for whoever reads the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from aiokafka import AIOKafkaProducer

from streams.log.clients import producer
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import Settings
from tests.archive.process import assert_same, scrutineer
from tests.kafka.harness import KafkaCluster
from tests.worker.process import (
    WorkerProcess,
    fold_log,
    merged_digest,
    merged_statement,
    send,
    until_caught_up,
)
from tests.worker.sample import PACK, Event, encoded, incident, sample


async def begin(settings: Settings, name: str) -> AIOKafkaProducer:
    """A producer with a transaction under way."""
    client = producer(settings, transactional_id=f"{settings.topics.prefix}-{name}")
    await client.start()
    await client.begin_transaction()
    return client


async def write(settings: Settings, client: AIOKafkaProducer, events: Iterable[Event]) -> None:
    """Write events in the transaction."""
    for event in events:
        topic = f"{settings.topics.prefix}.{event.authority}"
        await client.send_and_wait(topic, event.value, key=event.key)


async def archive(settings: Settings, folder: Path) -> tuple[int, str]:
    """Archive up to the end that can be read now."""
    to = str(folder / "archive")
    done = await asyncio.to_thread(scrutineer, settings, "archive", to, "--once")
    return done.returncode, done.stdout + done.stderr


def incidents(first: int, count: int, region: str = "KZ-75") -> list[Event]:
    """Events that no other test's are."""
    numbers = range(first, first + count)
    return [encoded(incident(number, region), "observer") for number in numbers]


async def test_what_a_transaction_aborted_is_in_no_table(
    kafka: KafkaCluster, start: Callable[..., WorkerProcess], tmp_path: Path
) -> None:
    """Neither live nor rebuilt nor folded from the log; what waits for its end waits for all."""
    settings = kafka.settings(partitions=2)
    await create_topics(settings)
    await send(settings, sample(300, seed=3))
    good, bad = await begin(settings, "good"), await begin(settings, "bad")
    await write(settings, good, incidents(10_000, 5))
    await write(settings, bad, incidents(20_000, 5))
    await good.commit_transaction()
    await bad.abort_transaction()
    late = await begin(settings, "late")
    await write(settings, late, incidents(50_000, 5))
    await send(settings, incidents(60_000, 5))
    first = start(settings)
    # Ready although a transaction is under way: nobody can tell yet what it will come to.
    await first.until_ready()
    status, done = await archive(settings, tmp_path)
    assert status == 0, done
    assert "; chain" in done
    await late.commit_transaction()
    await late.stop()
    await bad.begin_transaction()
    await write(settings, bad, incidents(30_000, 5))
    await bad.abort_transaction()
    await good.begin_transaction()
    await write(settings, good, incidents(40_000, 5))
    await good.commit_transaction()
    await send(settings, sample(300, seed=4))
    await good.stop()
    await bad.stop()
    live = await until_caught_up(settings, [first])
    offline = await fold_log(settings, load_pack(PACK))
    assert merged_digest(live)[0] == offline.digest
    ids = {
        report_id
        for part in offline.parts.values()
        for region in part.regions.values()
        for mine in region.reports.values()
        for report_id in mine
    }
    assert {"r10000", "r40000", "r50000", "r60000"} <= ids
    assert not {"r20000", "r30000"} & ids
    assert live[0].body["statement_digest"] == merged_statement(live)
    first.kill()
    again = start(settings)
    rebuilt = await until_caught_up(settings, [again])
    assert rebuilt[0].body["statement_digest"] == live[0].body["statement_digest"]
    status, done = await archive(settings, tmp_path)
    assert status == 0, done
    await assert_same(settings, tmp_path / "archive")
