"""Archiving and replaying: events/s on one core and on two, bytes an event, memory by length.

The archive is made without a broker, of the mix that the other sections measure. Replay times are
of the whole: processes started, segments verified, states brought together, content digest.
"""

from __future__ import annotations

import gc
import multiprocessing
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.pure import PARTITIONS, Records, placed, places
from schemas import read
from schemas.pack import Pack
from streams.archive.folding import AsOf
from streams.archive.manifest import Place
from streams.archive.parallel import Work, cores, fold_all
from streams.archive.reading import open_archive
from streams.archive.replay import LogReplay
from streams.archive.segments import Record
from streams.archive.sources import ArchivedLog
from streams.archive.store import open_store
from streams.archive.writing import ArchiveWriter, head_of
from streams.packs import load_pack, pack_texts
from streams.settings import TopicSettings
from streams.tables.digest import content_digest, region_digests
from streams.tables.partition import Partition

PACK: Final = "kazakhstan-2023"
EVENTS: Final = 300_000
LENGTHS: Final = (30_000, EVENTS)
MILLION: Final = 1_000_000
DISTINCT: Final = 3_000
"""Different events of the log that repeats itself, so that its state does not grow."""

Placed = tuple[Place, Record]


def _log(pack: Pack, count: int, distinct: int | None = None) -> Iterator[Placed]:
    """``count`` records where Kafka would have them, of so many different events."""
    made = placed(pack, distinct or count)
    offsets: dict[Place, int] = {}
    for number in range(count):
        raw, origin = made[number % len(made)]
        place = origin.topic, origin.partition
        offset = offsets.get(place, 0)
        offsets[place] = offset + 1
        yield place, Record(offset, origin.timestamp + number, 1, origin.key, raw, ())


def _stream(pack: Pack, count: int) -> Iterator[Placed]:
    """``count`` different records, one after the other."""
    offsets: Counter[Place] = Counter()
    for number, (raw, origin) in enumerate(places(pack, count)):
        place = origin.topic, origin.partition
        record = Record(offsets[place], origin.timestamp + number, 1, origin.key, raw, ())
        offsets[place] += 1
        yield place, record


def _archive(where: str, log: Iterable[Placed]) -> None:
    topics = TopicSettings(partitions=PARTITIONS)
    store, texts = open_store(where), pack_texts(PACK)
    with store.locked() as scratch:
        writer = ArchiveWriter(store, scratch)
        writer.begin(head_of(load_pack(PACK), texts, topics), texts)
        for place, record in log:
            writer.append(place, record)
        writer.seal(writer.unsealed, writer.next)


class Cost(NamedTuple):
    """Seconds, by the clock and of all processors."""

    elapsed: float
    processor: float


def _processor() -> float:
    """Seconds of processor time of this process and its children that have ended."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, who))


def _timed(action: Callable[[], object]) -> Cost:
    gc.collect()
    began, before = time.perf_counter(), _processor()
    kept = action()
    cost = Cost(time.perf_counter() - began, _processor() - before)
    del kept
    return cost


def _replay(where: str, jobs: int) -> str:
    pack, log = load_pack(PACK), ArchivedLog([where])
    folded = fold_all(Work(log, pack_texts(PACK), AsOf(), False), pack, jobs, lambda _: None)
    return LogReplay(pack, AsOf(), log.topics, folded).content_digest


def _read(where: str) -> int:
    archive = open_archive(where)
    return sum(1 for place in archive.ends for _ in archive.records(place))


def _pure(pack: Pack, log: Records) -> str:
    """The path that every event takes, and the digest, with everything in memory."""
    part = Partition(pack)
    gc.disable()
    for offset, (raw, origin) in enumerate(log):
        part.fold(read(raw, origin, pack), origin.topic, offset)
    digest = content_digest(pack.acceptance_digest, region_digests([part]))
    gc.enable()
    return digest


def _speed(console: Console, folder: Path) -> None:
    pack, where = load_pack(PACK), str(folder / "mix")
    plain = placed(pack, EVENTS)
    raw_size = sum(len(raw) for raw, _ in plain)
    costs = {"pure path and digest, from memory": _timed(partial(_pure, pack, plain))}
    del plain
    log = list(_log(pack, EVENTS))
    costs["write the archive"] = _timed(partial(_archive, where, log))
    del log
    costs["read the archive alone, verifying"] = _timed(partial(_read, where))
    for jobs in range(1, min(cores(), 4) + 1):
        costs[f"replay with digest, --jobs {jobs}"] = _timed(partial(_replay, where, jobs))
    table = Table(title=f"{EVENTS:,} events, {PARTITIONS} partitions of 3 topics")
    for column in ("step", "µs/event", "events/s", "µs of processor"):
        table.add_column(column, justify="left" if column == "step" else "right")
    for name, (elapsed, processor) in costs.items():
        each = (f"{elapsed / EVENTS * 1e6:.1f}", f"{EVENTS / elapsed:,.0f}")
        table.add_row(name, *each, f"{processor / EVENTS * 1e6:.1f}")
    console.print(table)
    size = sum(link.segment.bytes for link in open_archive(where).manifest.segments)
    console.print(
        f"{size / EVENTS:.1f} bytes an event in the archive, {raw_size / EVENTS:.0f} in Kafka "
        "before compression; the texts of made-up events repeat more than real ones do."
    )


def _peak(action: str, where: str, count: int) -> float:
    """MB that a process of its own has held at most."""
    if action == "archive":
        _archive(where, _log(load_pack(PACK), count, DISTINCT))
    elif action == "read":
        _read(where)
    else:
        _replay(where, 1)
    return _most()


def _most() -> float:
    """MB that this process has held at most."""
    # Not getrusage: that begins with what the parent held.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def _memory(console: Console, folder: Path) -> None:
    table = Table(title=f"Most memory held, MB; {DISTINCT:,} different events again and again")
    table.add_column("events")
    for name in ("archive", "read", "replay"):
        table.add_column(name, justify="right")
    context = multiprocessing.get_context("spawn")
    for count in LENGTHS:
        where = str(folder / f"again-{count}")
        cells = []
        for action in ("archive", "read", "replay"):
            with context.Pool(1) as pool:
                cells.append(f"{pool.apply(_peak, (action, where, count)):,.0f}")
        table.add_row(f"{count:,}", *cells)
    console.print(table)


def _million(console: Console, folder: Path) -> None:
    """A country's day and more, never all in memory but for the tables."""
    where = str(folder / "million")
    _archive(where, _stream(load_pack(PACK), MILLION))
    context = multiprocessing.get_context("spawn")
    table = Table(title=f"{MILLION:,} different events")
    for column in ("replay with digest", "seconds", "events/s", "µs of processor", "most MB"):
        table.add_column(column, justify="right")
    for jobs in sorted({1, min(cores(), 2)}):
        # Not a Pool's: its processes may have no helpers of their own.
        queue: Any = context.SimpleQueue()
        process = context.Process(target=_replay_apart, args=(queue, where, jobs))
        process.start()
        cost, most = queue.get()
        process.join()
        table.add_row(
            f"--jobs {jobs}",
            f"{cost.elapsed:.1f}",
            f"{MILLION / cost.elapsed:,.0f}",
            f"{cost.processor / MILLION * 1e6:.1f}",
            f"{most:,.0f}",
        )
    console.print(table)


def _replay_apart(queue: Any, where: str, jobs: int) -> None:
    cost = _timed(partial(_replay, where, jobs))
    queue.put((cost, _most()))


def main() -> int:
    """Print the tables."""
    console = Console(width=None if Console().is_terminal else 100)
    with tempfile.TemporaryDirectory() as folder:
        _memory(console, Path(folder))
        _speed(console, Path(folder))
        _million(console, Path(folder))
    return 0
