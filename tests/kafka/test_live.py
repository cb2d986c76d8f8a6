"""The live path on Apache Kafka, when more comes in than it can fold at once."""

from __future__ import annotations

import pytest

from schemas.routing import partition_of
from schemas.verdict import Accepted, Rejected
from streams.log.topics import create_topics
from streams.packs import load_pack
from streams.worker import watch
from streams.worker.state import PartitionState
from tests.kafka.harness import KafkaCluster
from tests.worker.in_process import in_process, until, until_live
from tests.worker.process import send
from tests.worker.sample import PACK, encoded, incident

FLOOD = 10_000


async def test_a_flooded_partition_does_not_keep_the_others_waiting(
    kafka: KafkaCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With thousands of events waiting on one partition, one that came after them is folded soon.

    By the order of the folds, not by time: of the flood no more than a few portions go before it.
    """
    settings = kafka.settings(partitions=3)
    await create_topics(settings)
    hot, *others = load_pack(PACK).region_codes()
    calm = next(code for code in others if partition_of(code, 3) != partition_of(hot, 3))
    before: list[int] = []
    fold = PartitionState.fold

    def note(self: PartitionState, result: Accepted | Rejected, topic: str, offset: int) -> bool:
        if self.number == partition_of(calm, 3):
            flooded = app.states.get(partition_of(hot, 3))
            assert flooded is not None
            before.append(flooded.next(topic))
        return fold(self, result, topic, offset)

    monkeypatch.setattr(PartitionState, "fold", note)
    # The test itself holds the flow back while it sends, which is no stall to be read past in bulk.
    monkeypatch.setattr(watch, "STALLED_SECONDS", 600.0)
    async with in_process(settings) as app:
        await until_live(app)
        app.consumer.stop_flow()
        await send(settings, (encoded(incident(n, hot), "observer") for n in range(FLOOD)))
        await send(settings, [encoded(incident(FLOOD, calm), "observer")])
        app.consumer.resume_flow()
        await until(app, lambda: before)
        assert before[0] < FLOOD / 4
        flooded = app.states.get(partition_of(hot, 3))
        assert flooded is not None
        await until(app, lambda: flooded.next(settings.topics.observer) == FLOOD)
        assert flooded.gaps == 0
