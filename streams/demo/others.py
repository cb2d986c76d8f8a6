"""What is in the log besides what the player wrote: events that a person sent to try things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from aiokafka import TopicPartition

from streams.log.clients import consumer
from streams.settings import BrokerSettings

Position = tuple[str, int]
"""(topic, partition)"""


async def foreign_events(
    broker: BrokerSettings, ends: Mapping[Position, int], ours: AbstractSet[tuple[str, int, int]]
) -> list[bytes]:
    """Records below ``ends`` that are not among ``ours``: (topic, partition, offset)."""
    known = Counter((topic, number) for topic, number, _ in ours)
    left = {TopicPartition(*where): end for where, end in ends.items() if end > known[where]}
    if not left:
        return []
    found: list[bytes] = []
    reader = consumer(broker, auto_offset_reset="earliest")
    await reader.start()
    try:
        reader.assign(list(left))
        while left:
            for tp, records in (await reader.getmany(*left, timeout_ms=200)).items():
                found += [
                    record.value
                    for record in records
                    if record.offset < left[tp] and (*tp, record.offset) not in ours
                ]
                if records[-1].offset + 1 >= left[tp]:
                    del left[tp]
    finally:
        await reader.stop()
    return found
