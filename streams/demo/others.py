"""What is in the log besides what the player wrote: events that a person sent to try things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from aiokafka import ConsumerRecord, TopicPartition

from schemas import read
from schemas.pack import Pack
from schemas.verdict import Accepted, Origin, Rejected
from streams.log.clients import consumer
from streams.settings import Settings

Position = tuple[str, int]
"""(topic, partition)"""


class Foreign(NamedTuple):
    """A record of somebody else's, read with its place in the log as the worker reads it."""

    place: str
    raw: bytes
    result: Accepted | Rejected


async def foreign_events(
    settings: Settings,
    pack: Pack,
    ends: Mapping[Position, int],
    ours: AbstractSet[tuple[str, int, int]],
) -> list[Foreign]:
    """Records below ``ends`` that are not among ``ours``: (topic, partition, offset)."""
    known = Counter((topic, number) for topic, number, _ in ours)
    left = {TopicPartition(*where): end for where, end in ends.items() if end > known[where]}
    if not left:
        return []
    found: list[Foreign] = []
    reader = consumer(settings.broker, auto_offset_reset="earliest")
    try:
        await reader.start()
        reader.assign(list(left))
        while left:
            for tp, records in (await reader.getmany(*left, timeout_ms=200)).items():
                found += [
                    _read(record, settings.topics.partitions, pack)
                    for record in records
                    if record.offset < left[tp] and (*tp, record.offset) not in ours
                ]
                if records[-1].offset + 1 >= left[tp]:
                    del left[tp]
    finally:
        await reader.stop()
    return found


def _read(record: ConsumerRecord, partitions: int, pack: Pack) -> Foreign:
    place = Origin(record.topic, record.partition, partitions, record.key, record.timestamp)
    raw = record.value or b""
    name = f"{record.topic}/{record.partition}/{record.offset}"
    return Foreign(name, raw, read(raw, place, pack))
