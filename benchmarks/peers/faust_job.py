"""Faust as its tutorial says: an agent, and tables in memory with a changelog."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import faust

from benchmarks.peers.job import Job, Meter, validator


def create_app(job: Job, folder: str) -> Any:
    """The application."""
    app = faust.App(
        f"faust-{job.topic}",
        broker=f"kafka://{job.bootstrap}",
        store="memory://",
        datadir=folder,
        topic_partitions=job.partitions,
        topic_replication_factor=1,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
    )
    seen_of, meter = validator(), Meter(job)
    topic = app.topic(job.topic, value_serializer="raw", key_serializer="raw")
    ids = app.Table(f"ids-{job.topic}", default=int, partitions=job.partitions)
    cells = app.Table(f"cells-{job.topic}", default=int, partitions=job.partitions)

    async def count(stream: Any) -> None:
        async for raw in stream:
            seen = seen_of(raw)
            if not ids[seen.id]:
                ids[seen.id] = 1
                cells[" ".join(seen.cell)] += 1
            if meter.count():
                totals = {tuple(cell.split(" ")): number for cell, number in cells.items()}
                meter.report(totals.items())
                # A stop in good order takes longer than the job.
                os._exit(0)

    app.agent(topic)(count)
    return app


def main() -> None:
    """Do the job."""
    job = Job.of_arguments()
    with tempfile.TemporaryDirectory() as folder:
        faust.Worker(create_app(job, folder), loglevel="error").execute_from_commandline()


if __name__ == "__main__":
    main()
