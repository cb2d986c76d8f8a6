"""Workers on Apache Kafka while a part of their log, or the broker, does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.settings import Settings, TopicSettings
from tests.kafka.harness import KafkaCluster
from tests.worker.process import Answer, WorkerProcess, fold_log, send, until_caught_up
from tests.worker.sample import PACK, sample


def one_copy(settings: Settings) -> Settings:
    """The same with topics of which no partition has a second copy."""
    topics = TopicSettings(prefix=settings.topics.prefix, partitions=6, replication=1)
    return settings.model_copy(update={"topics": topics})


async def test_partitions_without_their_broker(
    kafka_cluster: Callable[..., KafkaCluster], tmp_path: Path
) -> None:
    """Those that are offline are named, the others go on, and in the end all is exact."""
    kafka = kafka_cluster(3)
    settings = one_copy(kafka.settings())
    await create_topics(settings)
    await send(settings, sample(600))
    with WorkerProcess(settings, tmp_path) as worker:
        await until_caught_up(settings, [worker])
        # The group's coordinator may be on the other one: either way it is to be told.
        kafka.kill_broker(1)
        answer = await worker.until("/readyz", lambda found: found.status == 503)
        assert answer.body["ready"] is False

        def named(found: Answer) -> bool:
            return any("no answer" in each.get("reason", "") for each in parts(found).values())

        def parts(found: Answer) -> dict[str, dict[str, str]]:
            return dict(found.body["partitions"])

        answer = await worker.until("/readyz", named)
        silent = sorted(int(number) for number, each in parts(answer).items() if "reason" in each)
        health = worker.get("/healthz")
        assert (health.status, health.body["status"]) == (200, "degraded")
        assert str(silent) in health.body["doing"]
        assert {each["status"] for each in parts(answer).values()} == {"live"}
        assert worker.said.count("partitions do not answer") == 1
        assert f'"partitions": {silent}' in worker.said
        await asyncio.to_thread(kafka.start_broker, 1)
        await worker.until_ready()
        assert worker.said.count("partitions answer again") == 1
        await send(settings, sample(300, seed=5))
        (answer,) = await until_caught_up(settings, [worker])
        offline = await fold_log(settings, load_pack(PACK))
        assert answer.body["content_digest"] == offline.digest
