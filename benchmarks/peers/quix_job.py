"""Quix Streams: state in its store with a changelog, by key (the region)."""

from __future__ import annotations

import tempfile
from typing import Any

from quixstreams import Application, State

from benchmarks.peers.job import Cell, Job, Meter, Seen, validator


def main() -> None:
    """Do the job."""
    job = Job.of_arguments()
    seen_of, meter = validator(), Meter(job)
    totals: dict[Cell, int] = {}

    def count(seen: Seen, state: State) -> None:
        if state.get(f"id {seen.id}") is None:
            state.set(f"id {seen.id}", 1)
            cell = " ".join(seen.cell)
            totals[seen.cell] = number = state.get(cell, 0) + 1
            state.set(cell, number)

    def done(_: Any) -> None:
        meter.count()

    with tempfile.TemporaryDirectory() as folder:
        app = Application(
            broker_address=job.bootstrap,
            consumer_group=f"quix-{job.topic}",
            auto_offset_reset="earliest",
            state_dir=folder,
            loglevel="ERROR",
            consumer_extra_config={"fetch.min.bytes": 100_000, "fetch.wait.max.ms": 50},
        )
        topic = app.topic(job.topic, value_deserializer="bytes")
        frame = app.dataframe(topic).apply(seen_of)
        frame = frame.update(count, stateful=True).update(done)
        app.run(count=job.records, collect=False)
    meter.report(totals.items())


if __name__ == "__main__":
    main()
