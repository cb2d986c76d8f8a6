"""Sums over regions: told by the worker that sees all of them, and by no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from streams.log.topics import create_topics
from streams.packs import load_pack
from tests.kafka.harness import KafkaCluster
from tests.worker.process import WorkerProcess, send, until_caught_up
from tests.worker.sample import PACK, encoded, official

Start = Callable[..., WorkerProcess]
TEN_PAST_TEN = 3 * 3600 + 600
"""Seconds after 07:00: the first checkpoint."""


async def findings(worker: WorkerProcess, query: str = "") -> list[dict[str, Any]]:
    answer = await asyncio.to_thread(worker.get, f"/tables/official_findings{query}")
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.body["rows"]
    return found


async def test_a_sum_is_told_by_whoever_sees_all_regions(kafka: KafkaCluster, start: Start) -> None:
    """Two workers say nothing of it; when one has ended the other does, in both its pages."""
    settings = kafka.settings(partitions=6)
    await create_topics(settings)
    pack = load_pack(PACK)
    workers = [start(settings), start(settings)]
    for worker in workers:
        await worker.until_ready()
    regions = [code for code in pack.region_codes() if code != "KZ-ABROAD"]
    figures = dict.fromkeys(regions, 10) | {"KZ": 199}
    await send(
        settings,
        [
            encoded(official(n, code, TEN_PAST_TEN, voted=voted), "official")
            for n, (code, voted) in enumerate(figures.items())
        ],
    )
    answers = await until_caught_up(settings, workers)
    assert all(answer.body["partitions"] for answer in answers), "one worker has it all"
    # Whoever leads the group knows more of the topics than the others do.
    assert not any("topics are gone" in worker.said for worker in workers)
    told = [row for worker in workers for row in await findings(worker)]
    assert {row["finding"] for row in told} == {"overdue"}
    late = [(row["region"], row["checkpoint"]) for row in told]
    assert len(late) == len(set(late)) == len(figures) * (len(pack.checkpoints) - 1)

    workers[1].stop()
    await until_caught_up(settings, workers[:1])
    for query in ("", "?region=KZ"):
        sums = [r for r in await findings(workers[0], query) if r["finding"] == "sum_mismatch"]
        (row,) = sums
        assert (row["region"], row["value"], row["previous_value"]) == ("KZ", 199, 200)
