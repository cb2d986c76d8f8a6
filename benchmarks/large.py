"""At the size of a country and above: each type of event, a million reports, a million stations."""

from __future__ import annotations

import dataclasses
import gc
import os
import time
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.events import MIX, events
from benchmarks.pure import path_costs
from benchmarks.scrape import TOPICS, measure, with_regions
from schemas import read
from schemas.pack import Pack, Station
from schemas.routing import partition_of
from streams.packs import load_pack
from streams.tables.partition import Partition

REPORTS: Final = 1_000_000
PARTITIONS: Final = 12
STATIONS: Final = 10_223
MANY_REGIONS: Final = 780
MANY_STATIONS: Final = 1_050_000
_KINDS: Final = tuple(kind for kind, _ in MIX if kind not in ("triage", "again"))


def with_stations(pack: Pack, count: int) -> Pack:
    """``pack`` with ``count`` stations, spread evenly over the regions that report."""
    codes = pack.region_codes()
    stations = {}
    for number in range(count):
        region = codes[number % len(codes)]
        id_ = f"{region}/{number}"
        stations[id_] = Station(id_, region, 1_000, None, None, None, None)
    return dataclasses.replace(pack, stations=stations)


def _resident() -> int:
    """Bytes of memory that this process holds."""
    with open("/proc/self/statm", encoding="ascii") as numbers:
        return int(numbers.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _types(console: Console, pack: Pack) -> None:
    table = Table(title="The pure path, bytes to tables, by kind of event")
    for column in ("event", "bytes", "µs/event", "events/s", "× JSON alone"):
        table.add_column(column, justify="left" if column == "event" else "right")
    for kind in _KINDS:
        size, bare, whole = path_costs(pack, kind)
        rate = f"{1 / whole:,.0f}"
        table.add_row(kind, str(size), f"{whole * 1e6:.1f}", rate, f"{whole / bare:.1f}")
    console.print(table)


def _million(console: Console, pack: Pack) -> None:
    """Fold a million events and see what the process has grown by."""
    parts = {number: Partition(pack, number) for number in range(PARTITIONS)}
    topic = TOPICS[0]
    gc.collect()
    gc.disable()
    before, begin = _resident(), time.process_time()
    rejected = 0
    for offset, raw in enumerate(events(pack, REPORTS)):
        result = read(raw, None, pack)
        outcome = parts[partition_of(getattr(result, "region", ""), PARTITIONS)]
        rejected += outcome.fold(result, topic, offset) == "rejected"
    spent = time.process_time() - begin
    gc.enable()
    used = _resident() - before
    console.print(
        f"{REPORTS:,} events of the mix, {len(pack.stations or {}):,} stations, "
        f"{len(pack.region_codes())} regions: {used / 1e6:,.0f} MB, {used / REPORTS:,.0f} bytes an "
        f"event ({rejected} rejected; {spent:,.0f} s of processor time, making the events included)"
    )


def main() -> int:
    """Print the figures; takes a few minutes."""
    console = Console(width=None if Console().is_terminal else 100)
    pack = load_pack("kazakhstan-2023")
    _types(console, pack)
    country = with_stations(pack, STATIONS)
    _million(console, country)
    measure(country)
    measure(with_stations(with_regions(pack, MANY_REGIONS - len(pack.regions)), MANY_STATIONS))
    return 0
