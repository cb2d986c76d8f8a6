"""What the turnout gap costs: an event, a scrape, a table; by the number of stations.

Both sizes are measured in one run, so that their ratio says whether the cost is flat.
"""

from __future__ import annotations

import dataclasses
import gc
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.large import MANY_REGIONS, MANY_STATIONS, STATIONS, with_stations
from benchmarks.scrape import with_regions
from schemas import Accepted, read
from schemas.canonical import canonical
from schemas.fields import rfc3339
from schemas.pack import Deployment, Pack
from streams.metrics.moment import Moment
from streams.metrics.turnout_values import TURNOUT_FACTS
from streams.packs import load_pack
from streams.tables.partition import Partition
from streams.tables.views import rows

EVENTS: Final = 40_000
"""Turnout events of a run: observers' counts at drawn and other stations, official figures."""
DRAWN: Final = 30
"""Stations of the sample in each region."""
SOURCE: Final = "urn:scrutineer:manual"
OFFICIAL: Final = "urn:scrutineer:importer:kazakhstan"
MINUTE: Final = 60_000_000


class Cost(NamedTuple):
    """Seconds: an event until it is in every sum, the metrics of a changed region, the table."""

    stations: int
    regions: int
    event: float
    region: float
    table: float


def sampled(pack: Pack) -> Pack:
    """``pack`` with ``DRAWN`` stations of each region in the sample."""
    found: dict[str, list[str]] = {}
    for station in (pack.stations or {}).values():
        drawn = found.setdefault(station.region, [])
        if len(drawn) < DRAWN:
            drawn.append(station.id)
    plan = [Deployment(one, SOURCE, True, None, ()) for each in found.values() for one in each]
    return dataclasses.replace(pack, deployment=tuple(plan))


def events(pack: Pack, count: int) -> Iterator[Accepted]:
    """Turnout events of a day, read already."""
    rng = random.Random(1)
    every = list(pack.stations or {})
    drawn = [row.station for row in pack.deployment]
    for number in range(count):
        checkpoint = rng.choice(pack.checkpoints)
        official = number % 2 == 1
        station = (pack.stations or {})[rng.choice(drawn if number % 4 == 0 else every)]
        at = checkpoint if official else checkpoint + rng.randrange(-5, 6) * MINUTE
        data: dict[str, object] = {"region": station.region, "station": station.id}
        if official:
            data |= {"publisher": "cec", "as_of": rfc3339(at), "voted": rng.randrange(1000)}
        else:
            data |= {"report_id": f"r{number}", "revision": 0, "observer_group": "citizen"}
            data |= {"phase": "voting", "method": "counted", "cumulative": rng.randrange(1000)}
        result = read(canonical(_event(pack, number, official, at, data)), None, pack)
        assert isinstance(result, Accepted), result
        yield result


def _event(
    pack: Pack, number: int, official: bool, at: int, data: dict[str, object]
) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": OFFICIAL if official else SOURCE,
        "type": f"election.{'official' if official else 'observer'}.turnout.v1",
        "time": rfc3339(at),
        "election": pack.id,
        "data": data,
    }


def spent(work: Callable[[], Any]) -> float:
    """Seconds of processor time."""
    gc.collect()
    gc.disable()
    begin = time.process_time()
    work()
    gc.enable()
    return time.process_time() - begin


def cost(pack: Pack) -> Cost:
    """Fold the events, then look."""
    day = list(events(pack, EVENTS))
    part = Partition(pack)
    half = len(day) // 2
    for one in day[:half]:
        part.apply(one)
    moment = Moment(pack, pack.checkpoints[-1])
    regions = [tables for tables in part.regions.values() if tables.code != pack.country]

    def fold() -> None:
        for one in day[half:]:
            part.apply(one)
        for tables in regions:
            tables.turnout.sums(pack)

    for tables in regions:
        tables.turnout.sums(pack)
    event = spent(fold) / (len(day) - half)
    chosen = regions[:20]

    def scrape() -> None:
        for tables in chosen:
            for function in TURNOUT_FACTS.values():
                function(tables, moment)

    region = spent(scrape) / len(chosen)
    table = spent(lambda: rows("turnout", [part], pack, moment.now))
    number = len(pack.stations or {})
    return Cost(number, len(pack.region_codes()), event, region, table)


def main() -> int:
    """Print the figures."""
    console = Console(width=None if Console().is_terminal else 100)
    small = load_pack("kazakhstan-2023")
    large = with_regions(small, MANY_REGIONS - len(small.regions))
    found = [
        cost(sampled(with_stations(pack, number)))
        for pack, number in ((small, STATIONS), (large, MANY_STATIONS))
    ]
    table = Table(title=f"The turnout gap after {EVENTS:,} turnout events, {DRAWN} drawn a region")
    for name in ("stations", "regions", "µs/event", "ratio", "ms/changed region", "table, ms"):
        table.add_column(name, justify="right")
    for one in found:
        table.add_row(
            f"{one.stations:,}",
            str(one.regions),
            f"{one.event * 1e6:.1f}",
            f"{one.event / found[0].event:.2f}",
            f"{one.region * 1e3:.2f}",
            f"{one.table * 1e3:,.0f}",
        )
    console.print(table)
    return 0
