"""The practical limit in Python: librdkafka with tuned fetches, msgspec, dictionaries."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from confluent_kafka import Consumer, TopicPartition

from benchmarks.peers.job import Cell, Job, Meter, bulk_garbage

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[^\s]+$")]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class Data(msgspec.Struct, forbid_unknown_fields=True):
    """An incident."""

    report_id: Word
    revision: Annotated[int, msgspec.Meta(ge=0)]
    region: Code
    category: Code
    observer_group: Word
    phase: Literal["opening", "voting", "counting", "tabulation"]
    station: Word | None = None
    observer: Word | None = None
    severity: Literal["unspecified", "low", "medium", "high", "critical"] = "unspecified"
    description: Annotated[str, msgspec.Meta(max_length=8000)] | None = None


class Event(msgspec.Struct):
    """The envelope."""

    specversion: Literal["1.0"]
    id: Word
    source: Word
    type: Word
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    election: Word
    data: Data
    subject: Word | None = None


def main() -> None:
    """Do the job."""
    job = Job.of_arguments()
    consumer = Consumer(
        {
            "bootstrap.servers": job.bootstrap,
            "group.id": f"limit-{job.topic}",
            "enable.auto.commit": False,
            "fetch.min.bytes": 1_000_000,
            "fetch.wait.max.ms": 50,
            "fetch.message.max.bytes": 4_000_000,
            "queued.max.messages.kbytes": 64_000,
            "queued.min.messages": 200_000,
            "check.crcs": False,
        }
    )
    consumer.assign([TopicPartition(job.topic, number, 0) for number in range(job.partitions)])
    decode = msgspec.json.Decoder(Event).decode
    ids: set[str] = set()
    counts: Counter[Cell] = Counter()
    meter = Meter(job)
    bulk_garbage()
    done = False
    while not done:
        messages = consumer.consume(10_000, 0.2)
        for message in messages:
            event = decode(message.value())
            if event.id not in ids:
                ids.add(event.id)
                data = event.data
                counts[data.region, data.category, event.time.isoformat()[:13]] += 1
        done = meter.count(len(messages))
    meter.report(counts.items())
    consumer.close()


if __name__ == "__main__":
    main()
