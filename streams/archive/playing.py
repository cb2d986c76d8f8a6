"""What is to be played of an archive: its records in one order, and where they may go."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from operator import attrgetter
from typing import Final, NamedTuple

from schemas import read
from schemas.pack import Pack
from schemas.verdict import Accepted, Origin
from streams.archive.folding import Log
from streams.archive.manifest import Head, Place
from streams.archive.segments import Record
from streams.errors import UserError
from streams.log.reading import read_to_end
from streams.settings import BrokerSettings, Settings, TopicSettings

STAGE: Final = "play."
"""How the names of all topics begin that a player may write to."""
CLOCK: Final = "election.clock.v1"


class Due(NamedTuple):
    """A record and when it is due: µs, by the log's own time. ``authority``: of its topic."""

    at: int
    authority: str
    number: int
    record: Record


def in_order(log: Log, skip: Mapping[Place, int] | None = None) -> Iterator[Due]:
    """Every record by timestamp, then topic, partition and offset; each partition in its order.

    A stamp before an earlier one (a broker's clock that was set back) is due with that one: nobody
    can have read past it. ``skip``: place → how many records to leave out.
    """
    skip = skip or {}
    streams = [
        _place(log, (topic, number), authority, skip.get((topic, number), 0))
        for topic, authority in zip(log.topics, ("observer", "official", "desk"), strict=True)
        for number in range(log.partitions)
    ]
    return heapq.merge(*streams, key=attrgetter("at"))


def _place(log: Log, place: Place, authority: str, skip: int) -> Iterator[Due]:
    at = 0
    for index, record in enumerate(log.records(place)):
        at = max(at, record.timestamp * 1000)
        if index >= skip:
            yield Due(at, authority, place[1], record)


def has_clock(log: Log) -> bool:
    """Whether the log carries a clock of its own: it is of a day that was played itself."""
    desk = log.topics[2]
    return any(
        _is_clock(record)
        for number in range(log.partitions)
        for record in log.records((desk, number))
    )


def _is_clock(record: Record) -> bool:
    """By its type: what the desk writes of clocks is no clock."""
    value = record.value or b""
    if CLOCK.encode() not in value:
        return False
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("type") == CLOCK


def ahead_of_its_time(due: Due, topic: str, partitions: int, pack: Pack) -> bool:
    """Whether an event came before it happened: refused then, or counted at another time.

    With a later timestamp it is like any other, and the tables come to something else.
    """
    record = due.record
    origin = Origin(topic, due.number, partitions, record.key, record.timestamp)
    found = read(record.value or b"", origin, pack)
    return found.skewed if isinstance(found, Accepted) else found.reason == "future_time"


def check_stage(prefix: str, head: Head, settings: Settings) -> None:
    """UserError: topics of this prefix may be those of a live election, or of the archive."""
    if not prefix.startswith(STAGE) or prefix == STAGE:
        raise UserError(
            f"--prefix {prefix}: a player writes only to topics whose names begin with {STAGE}, so "
            f"that it can never write to an election's own; try --prefix {STAGE}{prefix.strip('.')}"
        )
    try:
        TopicSettings(prefix=prefix)
    except ValueError:
        raise UserError(
            f"--prefix {prefix}: letters, digits, '.', '_' and '-' are allowed, 200 at most: "
            "topics are named so"
        ) from None
    played = {f"{prefix}.{authority}" for authority in head.topics}
    if both := sorted(played & set(head.topics.values())):
        raise UserError(
            f"{both[0]} is a topic that this archive was made from: choose another --prefix"
        )
    if settings.worker.clock == "wall" and (both := sorted(played & set(settings.topics.inputs))):
        raise UserError(
            f"{both[0]} is a topic that the settings name for workers with the wall's clock, as of "
            'a live election: choose another --prefix, or set worker.clock = "log"'
        )


async def played_before(broker: BrokerSettings, topics: Mapping[str, str]) -> str | None:
    """One of ``topics`` (by authority) that holds a record. UserError: no broker."""
    for topic in topics.values():
        async with aclosing(read_to_end(broker, topic)) as records:  # type: ignore[type-var]
            async for _ in records:
                return topic
    return None


async def progress_of(
    broker: BrokerSettings, topics: Mapping[str, str], log: Log, *, ticking: bool
) -> dict[Place, int]:
    """The archive's place → how many of its records have been played already.

    ``ticking``: the player's own clock events are among those there and do not count.
    UserError: what is there was not played from this archive.
    """
    done: dict[Place, int] = {}
    for source, authority in zip(log.topics, topics, strict=True):
        last: dict[int, Record] = {}
        counts = dict.fromkeys(range(log.partitions), 0)
        async for found in read_to_end(broker, topics[authority]):
            record = Record.of(found)
            if ticking and authority == "desk" and _is_clock(record):
                continue
            counts[found.partition] += 1
            last[found.partition] = record
        for number, count in counts.items():
            done[source, number] = count
            if count and not _is_next(log, (source, number), count, last[number]):
                raise UserError(
                    f"{topics[authority]}/{number} holds {count} records, and the last is not the "
                    "archive's: it was not played from it; choose another --prefix"
                )
    return done


def _is_next(log: Log, place: Place, count: int, last: Record) -> bool:
    for index, record in enumerate(log.records(place), 1):
        if index == count:
            return record[3:] == last[3:]
    return False
