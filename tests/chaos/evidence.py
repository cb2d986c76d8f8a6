"""What a run leaves behind, as data: the log, the producer's record, what workers said, letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas import Accepted, Origin, Rejected, read
from schemas.pack import Pack
from streams.log.reading import read_to_end
from streams.settings import Settings
from streams.tables.partition import Partition
from tests.chaos.pack import PARTITIONS
from tests.chaos.sampler import Memory, Sample, Seen
from tests.chaos.schedule import Trouble
from tests.chaos.sender import Journal

Json = dict[str, Any]


class Logged(NamedTuple):
    """A record as the brokers have it. ``timestamp``: milliseconds since the epoch."""

    offset: int
    timestamp: int
    key: bytes | None
    raw: bytes


Log = dict[tuple[str, int], list[Logged]]
"""(topic, partition) → its records in order."""


class Letter(NamedTuple):
    """A record of the dead-letter topic, as it is there."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass
class Evidence:
    """Everything that is judged. ``topics``: the inputs. ``now``: what the last clock said, µs.

    ``workers``: each worker's /digest and, by name, its tables' rows, at the end of the log, and
    for each of its pages the partitions that it is of;
    ``alone``: the same of one worker that has all partitions; ``shared``: of it and another that
    came and took some. ``replay``: the document of
    `scrutineer replay kafka --json`.
    """

    pack: Pack
    topics: tuple[str, ...]
    now: int
    journal: Journal
    log: Log
    letters: list[Letter]
    workers: list[Json]
    alone: Json
    shared: list[Json]
    replay: Json
    samples: list[Sample] = field(default_factory=list)
    history: list[Seen] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    troubles: Sequence[Trouble] = ()

    def place(self, topic: str, partition: int, one: Logged) -> Origin:
        """Where a record stood."""
        return Origin(topic, partition, PARTITIONS, one.key, one.timestamp)


Read = dict[tuple[str, int], list[tuple[int, Accepted | Rejected]]]
"""(topic, partition) → (offset, what the record was read to)."""


def read_all(evidence: Evidence) -> Read:
    """The whole log, read as a worker reads it."""
    pack, found = evidence.pack, Read()
    for (topic, number), records in evidence.log.items():
        # What was accepted at its own time is so later as well; a long run is mostly repeats.
        known: dict[tuple[bytes, bytes | None], Accepted] = {}
        mine = found[topic, number] = []
        for one in records:
            result: Accepted | Rejected | None = known.get((one.raw, one.key))
            if result is None:
                result = read(one.raw, evidence.place(topic, number, one), pack)
                if isinstance(result, Accepted) and not result.skewed:
                    known[one.raw, one.key] = result
            mine.append((one.offset, result))
    return found


def folded(found: Read, pack: Pack) -> dict[int, Partition]:
    """The tables that a log makes, by partition."""
    parts = {number: Partition(pack, number) for number in range(PARTITIONS)}
    for (topic, number), records in found.items():
        for offset, result in records:
            parts[number].fold(result, topic, offset)
    return parts


async def log_of(settings: Settings) -> Log:
    """Every record of the input topics, read by the plainest of consumers."""
    known: dict[bytes, bytes] = {}
    topics = settings.topics.inputs
    log: Log = {(topic, n): [] for topic in topics for n in range(settings.topics.partitions)}
    for topic in topics:
        async for one in read_to_end(settings.broker, topic):
            raw = one.value or b""
            # Repeats share their bytes: a long run is mostly repeats.
            raw = known.setdefault(raw, raw)
            log[topic, one.partition].append(Logged(one.offset, one.timestamp, one.key, raw))
    return log


async def letters_of(settings: Settings) -> list[Letter]:
    """Every record of the dead-letter topic, in order of each partition."""
    return [
        Letter(one.key, one.value, tuple(one.headers))
        async for one in read_to_end(settings.broker, settings.topics.dead_letter)
    ]


def merged(bodies: Iterable[Mapping[str, Any]], name: str) -> list[Json]:
    """The rows of a table, of all workers together."""
    return [row for body in bodies for row in body["tables"][name]]


def regions_of(bodies: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], list[str]]:
    """The regions' digests of all workers together, and the regions that two of them show."""
    found: dict[str, str] = {}
    twice = []
    for body in bodies:
        twice += sorted(found.keys() & body["digest"]["regions"].keys())
        found |= body["digest"]["regions"]
    return found, twice
