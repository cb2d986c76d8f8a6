"""A busy day in an election with a sample of stations: everything that a dashboard asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

from benchmarks.events import events
from schemas import Origin
from schemas.pack import Pack, parse_pack
from tests.metrics.worlds import TOPICS, home, incident, rejected, restriction
from tests.packs import SMALL_FILES
from tests.strategies import PARTITIONS, Record
from tests.tables.events import counted, figure, us, watched

SILENT = "XX-ABROAD"
"""The region that no report comes from."""

MANY = 1500
EVENING = us("22:30")
"""After the polls closed everywhere; the day's last reports are minutes old."""

_LATE = "2030-06-02T22:20:00Z"
_STRATA = {
    "town": ("XX-A", 12, 5),
    "country": ("XX-A", 8, 4),
    "south": ("XX-B", 8, 5),
    "west": ("XX-C", 6, 3),
}
"""Stratum → its region, its stations, how many of them are drawn."""


_PHASES = "opening|voting|counting"
_REGIONS = (
    "code,name,parent,kind,registered,stations",
    "XX,Testland,,,34000,35",
    "XX-A,North,XX,,20000,20",
    "XX-B,South,XX,,8000,8",
    "XX-C,West,XX,,6000,6",
    "XX-ABROAD,Abroad,XX,out_of_country,,1",
)


@cache
def texts() -> dict[str, str]:
    """The small pack with a sample in every region at home, and an observer abroad."""
    stations = ["id,region,registered,stratum", f"ABROAD-1,{SILENT},500,abroad"]
    plan = ["station,source,sample,stratum,phases"]
    plan.append("ABROAD-1,urn:test:international,no,,voting")
    for name, (region, size, drawn) in _STRATA.items():
        stations += [f"{name}-{n},{region},1000,{name}" for n in range(size)]
        plan += [f"{name}-{n},urn:test:citizen,yes,{name},{_PHASES}" for n in range(drawn)]
    files = {"regions.csv": _REGIONS, "stations.csv": stations, "deployment.csv": plan}
    return {**SMALL_FILES, **{name: "\n".join(rows) for name, rows in files.items()}}


@cache
def pack() -> Pack:
    """The pack of these texts."""
    return parse_pack(texts())


@cache
def random_day() -> tuple[Record, ...]:
    """Events of every type, the same every time; none of the region that stays silent."""
    found = []
    for raw in events(pack(), MANY):
        event = json.loads(raw)
        region = (event["data"].get("about") or event["data"])["region"]
        if region != SILENT:
            topic = f"election.{event['type'].split('.')[1]}"
            place = (home(region), PARTITIONS, region.encode(), EVENING // 1000)
            found.append(Record(raw, Origin(topic, *place)))
    return tuple(found)


@cache
def chosen() -> tuple[Record, ...]:
    """What the random day lacks: turnout that can be compared, late reports, a dead letter."""
    late = [
        incident(report_id=f"late-{region}", region=region, severity="critical", time=_LATE)
        for region in ("XX-A", "XX-B", "XX-C")
    ]
    data = {"phase": "counting", "time": _LATE}
    kept_out = restriction(report_id="late", station="town-1", **data)
    country = restriction(report_id="country", region="XX", commission="CEC", **data)
    return (*_turnout(), *late, kept_out, country, rejected(b"{", TOPICS[0]))


def lifted() -> tuple[Record, Record]:
    """A restriction, and that it was lifted."""
    data = {"report_id": "lifted", "phase": "post_election", "station": "town-2"}
    end = "2030-06-02T12:30:00Z"
    return restriction(**data), restriction(**data, revision=1, lifted=end)


def _turnout() -> Iterator[Record]:
    """Officially too high in XX-A, twice; in XX-B as counted, printed twice; a fall in XX-C."""
    for region, morning, noon in (
        ("XX", "30.00", "55.00"),
        ("XX-A", "45.00", "75.00"),
        ("XX-B", "20.00", "40.10"),
        ("XX-C", "30.00", "20.00"),
    ):
        yield figure("10:00", morning, region=region)
        yield figure("14:00", noon, region=region)
    yield figure("14:00", "42.00", "gazette", region="XX-B")
    yield figure("14:00", "50.00", region="XX-A", contest="district")
    for name, (region, _size, drawn) in _STRATA.items():
        for number in range(drawn):
            station, more = f"{name}-{number}", {"region": region}
            for time, voters in (("10:00", 200), ("14:00", 400)):
                yield counted(f"{station}-{time}", time, voters + number, station, **more)
            yield watched(f"{station}-w", "12:00", "12:30", 30 + number, station, **more)
            yield figure("14:00", None, station=station, voted=400 + 40 * number, **more)
            told = {"method": "told_by_commission", **more}
            yield counted(f"{station}-told", "14:00", 400 + number, station, **told)
