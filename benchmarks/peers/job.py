"""The job that every program here does, and how it tells of it.

Read a topic of incidents in CloudEvents of 500 to 600 bytes, validate each event in full, count
each id once, and count reports by region, category and hour. The events carry 5 % duplicates. A
program runs on one processor core, and reports what it counted, so that a fast wrong one shows.

This file is read by programs in other environments: the contracts and nothing else of the project.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

Cell = tuple[str, str, str]
"""Region, category, hour (``2023-03-19T03``)."""

WARM: Final = 500
"""Events after which the clock starts: imports, connections and first fetches come before."""


class Job(NamedTuple):
    """What a program is told: addresses, topic, how many records it holds, where to report."""

    bootstrap: str
    topic: str
    records: int
    partitions: int
    report: Path

    @classmethod
    def of_arguments(cls) -> Self:
        """From the command line: see ``arguments``."""
        bootstrap, topic, records, partitions, report = sys.argv[1:6]
        return cls(bootstrap, topic, int(records), int(partitions), Path(report))

    def arguments(self) -> list[str]:
        """For the command line."""
        return [str(value) for value in self]


class Seen(NamedTuple):
    """What is counted of an event."""

    id: str
    region: str
    category: str
    hour: str

    @property
    def cell(self) -> Cell:
        """Where it counts."""
        return self.region, self.category, self.hour


def validator() -> Callable[[bytes], Seen]:
    """The product's own contract: an event that breaks a rule raises."""
    from schemas.envelope import event_adapter

    validate = event_adapter().validate_json

    def seen(raw: bytes) -> Seen:
        event: Any = validate(raw)
        return Seen(event.id, event.data.region, event.data.category, event.time.isoformat()[:13])

    return seen


class Meter:
    """Counts records; measures from the ``WARM``-th to the last."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.records = 0
        self._began: tuple[int, float, float] | None = None
        self._ended: tuple[int, float, float] | None = None

    def count(self, records: int = 1) -> bool:
        """So many records more are done. Whether these were the last."""
        self.records += records
        if self._began is None and self.records >= WARM:
            self._began = self._now()
        if self.records >= self._job.records and self._ended is None:
            self._ended = self._now()
        return self._ended is not None

    def _now(self) -> tuple[int, float, float]:
        return self.records, time.perf_counter(), time.process_time()

    def report(self, counts: Iterable[tuple[Cell, int]]) -> None:
        """Write what was measured and counted."""
        assert self._began is not None
        assert self._ended is not None
        first, last = self._began, self._ended
        # Not what getrusage tells: that begins with the memory of the process which started this.
        status = Path("/proc/self/status").read_text(encoding="ascii")
        found = {
            "records": last[0] - first[0],
            "seconds": last[1] - first[1],
            "processor": last[2] - first[2],
            "memory": int(status.partition("VmHWM:")[2].split()[0]) * 1024,
            "counts": sorted([*cell, number] for cell, number in counts),
        }
        self._job.report.write_text(json.dumps(found), encoding="utf-8")


def bulk_garbage() -> None:
    """What bulk work does about the garbage collector: nothing made here is thrown away."""
    gc.collect()
    gc.freeze()
    gc.disable()
