"""What the metrics read of a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from streams.metrics.freshness import Freshness
from streams.metrics.senders import NOBODY, Senders
from streams.tables.partition import Partition

Status = Literal["rebuilding", "live", "failed"]
Clock = Literal["wall", "log"]


class WorkerView(Protocol):
    """A worker at one moment; read only, and only while ``render`` runs."""

    @property
    def parts(self) -> Mapping[int, Partition]:
        """The tables of the partitions that are live here, by partition number."""

    @property
    def status(self) -> Mapping[int, Status]:
        """What each assigned partition is doing."""

    @property
    def lag(self) -> Mapping[tuple[str, int], int]:
        """Events of (topic, partition) in the log that are not in the tables yet."""

    @property
    def now(self) -> int:
        """The time it is: microseconds since the epoch, of the wall or of the log's clock."""

    @property
    def clock(self) -> Clock:
        """Which of the two ``now`` is of."""

    @property
    def freshness(self) -> Freshness:
        """How long events took from the log to the tables."""

    @property
    def loop_lag(self) -> float:
        """The longest that the worker's loop stood still within the last minute, in seconds."""

    @property
    def snapshots(self) -> Mapping[int, int]:
        """Partition → when its newest snapshot was written, µs since the epoch."""

    @property
    def refusals(self) -> Mapping[str, int]:
        """Reason → snapshots that were not used."""

    @property
    def slowest(self) -> Mapping[tuple[str, int], float]:
        """The longest that an event of (topic, partition) took lately, in seconds."""

    @property
    def senders(self) -> Senders:
        """Who sent most lately."""


@dataclass(slots=True)
class View:
    """A ``WorkerView`` to fill in."""

    parts: Mapping[int, Partition]
    status: Mapping[int, Status]
    now: int
    freshness: Freshness
    lag: Mapping[tuple[str, int], int] = field(default_factory=dict)
    loop_lag: float = 0.0
    snapshots: Mapping[int, int] = field(default_factory=dict)
    refusals: Mapping[str, int] = field(default_factory=dict)
    slowest: Mapping[tuple[str, int], float] = field(default_factory=dict)
    senders: Senders = NOBODY
    clock: Clock = "log"
    """Who makes a view of another time than now needs not say that it is another."""
