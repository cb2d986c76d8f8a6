"""A publisher in a process of its own, with its events ready before the clock starts.

It sends at a steady rate whatever the worker does. ``shape``: ``even``; ``one region``: nine of ten
events are one region's; ``one source``: all are one source's, of one region; ``repeats``: so, and
they repeat themselves; ``rejected``: so, of a source that the pack does not list.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from subprocess import PIPE, Popen
from typing import Any, Final, Literal, NamedTuple, get_args

from benchmarks.events import events
from schemas.envelope import EVENTS
from schemas.routing import partition_of
from streams.log.clients import producer
from streams.packs import load_pack
from streams.settings import BrokerSettings, Settings, TopicSettings

Shape = Literal["even", "one region", "one source", "repeats", "rejected"]
FLOODS: Final[tuple[Shape, ...]] = ("one source", "repeats", "rejected")
PACK: Final = "kazakhstan-2023"
DISTINCT: Final = 40_000
"""Events that are encoded; then they come again as other reports, with another tag in each id."""
_TAG: Final = b"@@@@"


class Job(NamedTuple):
    """What to send. ``bytes``: how long each event is made; 0: as it comes."""

    rate: int
    seconds: int
    shape: Shape = "even"
    bytes: int = 0
    seed: int = 1


class Record(NamedTuple):
    """An event and its place in the log."""

    topic: str
    partition: int
    key: bytes
    value: bytes


def records(settings: Settings, job: Job) -> list[Record]:
    """The distinct events of a job."""
    pack = load_pack(PACK)
    hot, flood = hot_region(), job.shape in FLOODS
    found = []
    kind = "incident" if flood else None
    for number, raw in enumerate(events(pack, DISTINCT, seed=job.seed, only=kind)):
        event = json.loads(raw)
        data = event["data"]
        where = data.get("about", data)
        if flood or (job.shape == "one region" and number % 10):
            _move(event, where, hot, number)
        if flood:
            event["source"] = next(s.uri for s in pack.sources.values() if s.group == "citizen")
            data["observer_group"] = "citizen"
        if job.shape == "rejected":
            event["source"] = "urn:somebody"
        if job.bytes:
            event["padding"] = "x" * max(0, job.bytes - len(raw) - 100)
        value = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        if job.shape != "repeats":
            value = value.replace(b'"r-0000', b'"r-' + _TAG).replace(b"9f00-0000", b"9f00-" + _TAG)
        region = where["region"]
        topic = f"{settings.topics.prefix}.{EVENTS[event['type']][1]}"
        place = partition_of(region, settings.topics.partitions)
        found.append(Record(topic, place, region.encode(), value))
    return found


def hot_region() -> str:
    """The region that floods are of."""
    return load_pack(PACK).region_codes()[0]


def _move(event: dict[str, Any], where: dict[str, Any], region: str, number: int) -> None:
    """To another region, with its station."""
    where["region"] = region
    if "station" in event["data"]:
        event["data"]["station"] = f"{region}/{number % 500:04d}"


async def send(settings: Settings, job: Job, begin: Callable[[], None]) -> int:
    """Send at the job's rate; returns how many, all acknowledged. ``begin`` blocks until told."""
    ready = records(settings, job)
    client = producer(settings, max_batch_size=128 * 1024)
    await client.start()
    # Few and far between each event goes its own way, as from many producers; many go in batches.
    one_by_one = job.rate <= 5_000
    tick = 0.001 if one_by_one else 0.025
    waiting: set[Any] = set()
    sent, total = 0, job.rate * job.seconds
    try:
        begin()
        began = time.monotonic()
        while sent < total:
            due = min(total, int((time.monotonic() - began) * job.rate) + 1)
            batches: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
            for number in range(sent, due):
                cycle, which = divmod(number, len(ready))
                record = ready[which]
                value = record.value.replace(_TAG, b"%04x" % (cycle + 4096 * job.seed))
                batches[record.topic, record.partition].append(record._replace(value=value))
            sent = due
            for (topic, partition), each in batches.items():
                if one_by_one:
                    waiting |= {
                        await client.send(topic, one.value, key=one.key, partition=partition)
                        for one in each
                    }
                else:
                    waiting |= await _in_batches(client, topic, partition, each)
            waiting = {one for one in waiting if not one.done() or one.result() is None}
            await asyncio.sleep(tick)
        for one in waiting:
            await one
    finally:
        await client.stop()
    return sent


async def _in_batches(client: Any, topic: str, partition: int, each: list[Record]) -> set[Any]:
    """Whole batches cost the publisher, which has the same cores, a tenth."""
    made: set[Any] = set()
    batch = client.create_batch()
    for one in each:
        if batch.append(key=one.key, value=one.value, timestamp=None) is None:
            made.add(await client.send_batch(batch, topic, partition=partition))
            batch = client.create_batch()
            if batch.append(key=one.key, value=one.value, timestamp=None) is None:
                raise ValueError("an event is larger than a batch")
    made.add(await client.send_batch(batch, topic, partition=partition))
    return made


class Publisher:
    """``with Publisher(settings, job) as publisher:`` has its events ready; ``go()`` begins."""

    def __init__(self, settings: Settings, job: Job) -> None:
        arguments = [
            settings.broker.bootstrap,
            settings.topics.prefix,
            str(settings.topics.partitions),
            json.dumps(job._asdict()),
        ]
        self._process = Popen(
            [sys.executable, "-m", "benchmarks.load", *arguments],
            stdin=PIPE,
            stdout=PIPE,
            text=True,
        )

    def __enter__(self) -> Publisher:
        self._line()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._process.kill()
        self._process.communicate()

    def go(self) -> None:
        """Begin to send."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    @property
    def done(self) -> bool:
        """Whether all is sent and acknowledged, or it failed."""
        return self._process.poll() is not None

    def sent(self) -> tuple[int, float]:
        """Wait for the end; returns how many were sent, and within how many seconds."""
        told = json.loads(self._line())
        return told["sent"], told["seconds"]

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the publisher failed")
        return line


def publish() -> int:
    """The publisher's process: says "ready", waits for a line, sends, says what it sent."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("bootstrap")
    parser.add_argument("prefix")
    parser.add_argument("partitions", type=int)
    parser.add_argument("job", type=json.loads)
    given = parser.parse_args()
    job = Job(**given.job)
    assert job.shape in get_args(Shape), job.shape
    settings = Settings(
        broker=BrokerSettings(bootstrap=given.bootstrap, idempotent=False),
        topics=TopicSettings(prefix=given.prefix, partitions=given.partitions, replication=1),
    )
    moments: list[float] = []

    def begin() -> None:
        print("ready", flush=True)
        sys.stdin.readline()
        moments.append(time.monotonic())

    sent = asyncio.run(send(settings, job, begin))
    print(json.dumps({"sent": sent, "seconds": time.monotonic() - moments[0]}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(publish())
