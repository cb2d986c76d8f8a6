"""Dead letters worked off on Apache Kafka, whose topic of them is compacted."""

from __future__ import annotations

from tests.commands.letters import work_off
from tests.kafka.harness import KafkaCluster


async def test_letters_are_worked_off(kafka: KafkaCluster) -> None:
    """By an idempotent producer: sent again once, checked before, marked after."""
    await work_off(kafka.settings())
