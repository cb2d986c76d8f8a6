"""The pure path of an event, bytes to tables, on one core; and the memory of the state.

Each step is measured over the same events in the same run, in rounds; the figure is the best
round's processor time. Ratios are to parsing the JSON alone, the least that any reader must do.
"""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, Final

from pydantic_core import from_json
from rich.console import Console
from rich.table import Table

from benchmarks.events import MIX, events
from schemas import Origin, read
from schemas.admission import admit
from schemas.decoding import quick_decoder
from schemas.envelope import EVENTS, event_adapter
from schemas.pack import Pack
from schemas.routing import partition_of
from streams.packs import load_pack
from streams.tables.digest import region_digests
from streams.tables.partition import Partition
from streams.tables.views import document

EVENT_COUNT: Final = 5_000
ROUNDS: Final = 25
REPORTS: Final = 100_000
PARTITIONS: Final = 12

Records = list[tuple[bytes, Origin]]


def placed(pack: Pack, count: int, only: str | None = None) -> Records:
    """Events with the place in the log where each belongs."""
    return list(places(pack, count, only))


def places(pack: Pack, count: int, only: str | None = None) -> Iterator[tuple[bytes, Origin]]:
    """The same one after the other: a million of them fit nowhere."""
    for raw in events(pack, count, only=only):
        event = json.loads(raw)
        data = event["data"]
        region = data["about"]["region"] if "about" in data else data["region"]
        topic = f"election.{EVENTS[event['type']][1]}"
        place = partition_of(region, PARTITIONS)
        known = (pack.polls(region) or pack.polls(pack.country))[-1][1] // 1000 + 86_400_000
        yield raw, Origin(topic, place, PARTITIONS, region.encode(), known)


def _steps(pack: Pack, records: Records) -> dict[str, Callable[[], object]]:
    """What is measured, by name: functions that go through all records once."""
    validate = event_adapter().validator.validate_json
    decoded = [validate(raw) for raw, _ in records]
    results = [read(raw, origin, pack) for raw, origin in records]

    def fold() -> object:
        fold_one = Partition(pack).fold
        for offset, result in enumerate(results):
            fold_one(result, "election.observer", offset)
        return fold_one

    def admission() -> object:
        for event, (_, origin) in zip(decoded, records, strict=True):
            admit(event, origin, pack)
        return None

    def whole() -> object:
        fold_one = Partition(pack).fold
        for offset, (raw, origin) in enumerate(records):
            fold_one(read(raw, origin, pack), origin.topic, offset)
        return fold_one

    def each(function: Callable[[bytes], object]) -> Callable[[], object]:
        def through() -> object:
            for raw, _ in records:
                function(raw)
            return None

        return through

    def reading() -> object:
        for raw, origin in records:
            read(raw, origin, pack)
        return None

    return {
        "JSON alone, json.loads": each(json.loads),
        "JSON alone, pydantic_core.from_json": each(from_json),
        "validation by the models, pydantic": each(validate),
        "the same by the quick decoder": each(quick_decoder()),
        "admission by the pack and the record": admission,
        "schemas.read, all of this": reading,
        "Partition.fold": fold,
        "whole path: read and fold": whole,
    }


def measure(steps: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of processor time of each step's best round; steps take turns."""
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, step in steps.items():
            gc.collect()
            begin = time.process_time()
            kept = step()  # a state that goes out of scope is taken down after the clock stops
            spent = time.process_time() - begin
            del kept
            best[name] = min(spent, best.get(name, spent))
    return best


def path_costs(pack: Pack, kind: str) -> tuple[int, float, float]:
    """(bytes an event, seconds for its JSON alone, seconds for the whole path), collector off."""
    records = placed(pack, EVENT_COUNT // 5, kind)
    wanted = ("JSON alone, pydantic_core.from_json", "whole path: read and fold")
    steps = _steps(pack, records)
    gc.disable()
    try:
        best = measure({name: steps[name] for name in wanted}, ROUNDS)
    finally:
        gc.enable()
    bare, whole = (best[name] / len(records) for name in wanted)
    return sum(len(raw) for raw, _ in records) // len(records), bare, whole


def _speed(console: Console, pack: Pack, title: str, only: str | None, collecting: bool) -> None:
    records = placed(pack, EVENT_COUNT, only)
    size = sum(len(raw) for raw, _ in records) // len(records)
    steps = _steps(pack, records)
    state = "on" if collecting else "off"
    if not collecting:
        gc.disable()
    try:
        best = measure(steps, ROUNDS)
    finally:
        gc.enable()
    table = Table(title=f"{title}, {size} bytes each; garbage collector {state}")
    table.add_column("step")
    for column in ("µs/event", "events/s", "× JSON alone"):
        table.add_column(column, justify="right")
    bare = best["JSON alone, pydantic_core.from_json"]
    for name, seconds in best.items():
        one = seconds / len(records)
        table.add_row(name, f"{one * 1e6:.2f}", f"{1 / one:,.0f}", f"{seconds / bare:.2f}")
    console.print(table)


def state_bytes(pack: Pack, count: int, only: str | None = None) -> tuple[float, Partition]:
    """Bytes of state an event after ``count`` of them (tracemalloc), and the state."""
    records = placed(pack, count, only)
    read(*records[0], pack)
    gc.collect()
    tracemalloc.start()
    part = Partition(pack)
    for offset, (raw, origin) in enumerate(records):
        part.fold(read(raw, origin, pack), origin.topic, offset)
    gc.collect()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used / count, part


def _memory(console: Console, pack: Pack) -> Partition:
    table = Table(title=f"State of {REPORTS:,} events, everything included")
    table.add_column("events")
    table.add_column("bytes an event", justify="right")
    table.add_column("MB in all", justify="right")
    part = Partition(pack)
    for name, only in (("incidents", "incident"), ("restrictions", "restriction"), ("mix", None)):
        used, part = state_bytes(pack, REPORTS, only)
        table.add_row(name, f"{used:,.0f}", f"{used * REPORTS / 1e6:,.1f}")
    console.print(table)
    return part


def _views(console: Console, pack: Pack, part: Partition) -> None:
    """What a look at the whole state costs; the second time little has to be derived anew."""
    table = Table(title=f"Views of the mix of {REPORTS:,} events, ms")
    for column in ("view", "first", "again"):
        table.add_column(column, justify="left" if column == "view" else "right")
    looks: dict[str, Callable[[], Any]] = {
        "content digest of all regions": lambda: region_digests([part]),
        "all tables as rows": lambda: document([part], pack, part.newest or 0),
    }
    for name, look in looks.items():
        spent = []
        for _ in range(2):
            begin = time.process_time()
            look()
            spent.append(f"{(time.process_time() - begin) * 1e3:,.0f}")
        table.add_row(name, *spent)
    console.print(table)


def main() -> int:
    """Print the tables."""
    console = Console(width=None if Console().is_terminal else 100)
    pack = load_pack("kazakhstan-2023")
    mix = ", ".join(f"{percent} % {kind}" for kind, percent in MIX)
    console.print(f"{EVENT_COUNT:,} events, best of {ROUNDS} rounds, processor time. Mix: {mix}.")
    _speed(console, pack, "Incidents", "incident", collecting=False)
    _speed(console, pack, "Restrictions", "restriction", collecting=False)
    _speed(console, pack, "The mix", None, collecting=False)
    _speed(console, pack, "The mix", None, collecting=True)
    _views(console, pack, _memory(console, pack))
    return 0
