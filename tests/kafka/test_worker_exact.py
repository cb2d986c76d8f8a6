"""Workers on Apache Kafka come to exactly what the log says, whatever happens to them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any

from schemas.pack import Pack
from streams.log.reading import read_to_end
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import Settings
from streams.tables.partition import Partition
from streams.tables.views import TABLES, rows
from tests.kafka.harness import KafkaCluster
from tests.worker.process import (
    WorkerProcess,
    fold_log,
    merged_digest,
    send,
    until_caught_up,
)
from tests.worker.sample import PACK, sample

Start = Callable[..., WorkerProcess]


async def assert_exact(settings: Settings, workers: list[WorkerProcess]) -> None:
    """Digest, tables, counts and letters are those of the log folded here."""
    answers = await until_caught_up(settings, workers)
    pack = load_pack(PACK)
    offline = await fold_log(settings, pack)
    assert merged_digest(answers)[0] == offline.digest
    for name in TABLES:
        if "recent" not in name:
            await assert_same_rows(name, workers, offline.parts, pack)
    counted: Counter[tuple[str, str]] = Counter()
    for worker in workers:
        state = await asyncio.to_thread(worker.get, "/state")
        for topic, outcomes in state.body["outcomes"].items():
            counted.update({(topic, outcome): number for outcome, number in outcomes.items()})
    expected: Counter[tuple[str, str]] = Counter()
    for part in offline.parts.values():
        expected.update(part.outcomes)
    assert counted == expected
    await assert_letters(settings, workers, offline.letters)


async def assert_same_rows(
    name: str, workers: list[WorkerProcess], parts: dict[int, Partition], pack: Pack
) -> None:
    """The workers' rows together are those of the log."""
    found: list[dict[str, Any]] = []
    for worker in workers:
        answer = await asyncio.to_thread(worker.get, f"/tables/{name}")
        assert answer.status == 200, answer
        found += answer.body["rows"]
    expected = rows(name, parts.values(), pack, time.time_ns() // 1000)
    if name == "rejected":
        assert counts(found) == counts(expected)
        return
    if name == "conflicts":
        # An id in two regions is seen by a worker that has both of them, and by no other.
        found = [row for row in found if row["kind"] != "two_regions"]
        expected = [row for row in expected if row["kind"] != "two_regions"]
    if name == "results_published":
        found, expected = (in_the_country(each, pack.country) for each in (found, expected))
    if name == "turnout":
        found, expected = (of_regions(each, pack.country) for each in (found, expected))
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def of_regions(found: list[dict[str, Any]], country: str) -> list[dict[str, Any]]:
    """Without the country's rows, which are each worker's over its own regions, and the age."""
    return [{**row, "age_seconds": None} for row in found if row["region"] != country]


def in_the_country(found: list[dict[str, Any]], country: str) -> list[dict[str, Any]]:
    """One row of the country for each contest: every worker has one, over its own regions.

    Without the age, which is another one at each look.
    """
    found = [{**row, "seconds_since_close": None} for row in found]
    whole: dict[str, dict[str, Any]] = {}
    for row in found:
        if row["region"] == country:
            one = whole.setdefault(row["contest"], {**row, "published": 0})
            one["published"] += row["published"]
            one["since"] = min(filter(None, (one["since"], row["since"])), default=None)
    return [*(row for row in found if row["region"] != country), *whole.values()]


def counts(found: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """Rejections by topic, type and reason."""
    total: Counter[tuple[str, str, str]] = Counter()
    for row in found:
        total[row["topic"], row["type"], row["reason"]] += row["count"]
    return total


async def assert_letters(
    settings: Settings, workers: list[WorkerProcess], expected: set[bytes]
) -> None:
    """Every rejected record has its letter, and nothing else has one."""
    for worker in workers:
        await worker.until("/state", lambda answer: answer.body["letters"]["waiting"] == 0)
    keys = {
        record.key async for record in read_to_end(settings.broker, settings.topics.dead_letter)
    }
    assert keys == expected
    assert expected


async def test_joins_kills_stops_and_a_broker_restart(
    kafka_cluster: Callable[..., KafkaCluster], start: Start
) -> None:
    """Two workers, one joins, one is killed, one stopped, the broker restarts, events flow."""
    kafka = kafka_cluster(1)
    settings = kafka.settings(partitions=6)
    await create_topics(settings)
    events = sample(24_000, seed=7)

    async def publish(count: int, pause: float = 0.0) -> None:
        for _ in range(count // 500):
            await send(settings, islice(events, 500))
            await asyncio.sleep(pause)

    await publish(4_000)
    first, second = start(settings), start(settings)
    await publish(3_000, 0.2)
    await first.until_ready()
    await second.until_ready()
    third = start(settings)
    await publish(3_000, 0.2)
    first.kill()
    await publish(3_000, 0.2)
    await third.until_ready()
    assert second.stop() == 0
    await publish(2_000, 0.2)
    kafka.stop_broker(0)
    await asyncio.sleep(3)
    kafka.start_broker(0)
    await publish(3_000, 0.2)
    fourth = start(settings)
    await fourth.until_ready()
    kafka.kill_broker(0)
    kafka.start_broker(0)
    await publish(6_000, 0.02)
    await assert_exact(settings, [third, fourth])
