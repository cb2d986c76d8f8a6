"""Where an event belongs in the log, and whether it would be accepted there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.envelope import EVENTS, Event
from schemas.reading import read
from schemas.routing import partition_of
from schemas.verdict import Origin, Rejected
from streams.settings import TopicSettings

if TYPE_CHECKING:
    from schemas.pack import Pack


class Placed(NamedTuple):
    """An event to send and the record it goes into."""

    topic: str
    partition: int
    key: bytes
    raw: bytes
    event: Event


def place(raw: bytes, pack: Pack, topics: TopicSettings, now: int) -> Placed | Rejected:
    """The record for the event in ``raw``, or why a worker would refuse it.

    ``now``: milliseconds since the epoch, about what the broker will stamp the record with.
    """
    verdict = read(raw, None, pack)
    if isinstance(verdict, Rejected):
        return verdict
    kind = verdict.event.type
    if not verdict.region:
        return Rejected("misrouted", "type: only a player writes the log's clock", kind)
    topic = f"{topics.prefix}.{EVENTS[kind][1]}"
    key = verdict.region.encode()
    partition = partition_of(verdict.region, topics.partitions)
    verdict = read(raw, Origin(topic, partition, topics.partitions, key, now), pack)
    if isinstance(verdict, Rejected):
        return verdict
    return Placed(topic, partition, key, raw, verdict.event)
