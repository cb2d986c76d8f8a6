"""The product's bulk path: what a rebuild, a catch-up and a replay do, with the real tables."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

from aiokafka import TopicPartition

from benchmarks.peers.job import Cell, Job, Meter, bulk_garbage
from schemas import Origin, read
from streams.log.bulk import BulkReader
from streams.packs import load_pack
from streams.tables.buckets import BUCKET
from streams.tables.partition import Partition

PACK = "kazakhstan-2023"


def counts_of(parts: list[Partition]) -> Counter[Cell]:
    """Region, category and hour out of the tables."""
    totals: Counter[Cell] = Counter()
    for part in parts:
        for region in part.regions.values():
            for bucket, cell in region.incidents.recent.counts.items():
                hour = datetime.fromtimestamp(bucket * BUCKET / 1e6, UTC).isoformat()[:13]
                for category, number in cell.items():
                    totals[region.code, category, hour] += number
    return totals


async def work(job: Job) -> None:
    """Do the job."""
    pack = load_pack(PACK)
    parts = [Partition(pack, number) for number in range(job.partitions)]
    meter = Meter(job)
    places = {TopicPartition(job.topic, number): 0 for number in range(job.partitions)}
    async with BulkReader({"bootstrap_servers": job.bootstrap}, places) as reader:
        bulk_garbage()
        done = False
        while not done:
            records = await reader.read()
            for record in records:
                place = record.partition
                origin = Origin(job.topic, place, job.partitions, record.key, record.timestamp)
                result = read(record.value, origin, pack)
                parts[place].fold(result, job.topic, record.offset)
            done = meter.count(len(records))
    meter.report(counts_of(parts).items())


if __name__ == "__main__":
    asyncio.run(work(Job.of_arguments()))
