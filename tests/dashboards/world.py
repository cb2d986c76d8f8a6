"""Three workers' pages as Prometheus scrapes them on a busy day.

Two share the regions; the third lost its partitions early and has not noticed: a zombie, which
shows old numbers of the first one's regions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

from benchmarks.events import events
from schemas import Origin
from schemas.fields import microseconds
from streams.metrics.families import BY_NAME
from streams.metrics.text import Lines
from tests.dashboards.planned import SILENT, missing, replaced, samples
from tests.metrics.worlds import (
    HOMES,
    TOPICS,
    fold,
    home,
    incident,
    new_page,
    official,
    rejected,
    restriction,
    worker,
)
from tests.packs import small_pack
from tests.strategies import PARTITIONS, Record

EVENING = microseconds(datetime(2030, 6, 2, 22, 30, tzinfo=UTC))
"""After the polls closed everywhere; the day's last reports are minutes old."""

MANY = 1500

OLD = 400
"""How many of the events the zombie has folded."""

FIRST = sorted({home("XX"), home("XX-A"), home("XX-B")})
"""Partitions of the first worker, and of the zombie; the second has the others."""


@cache
def pages() -> dict[str, bytes]:
    """Instance → its page."""
    kept, lifted = _lifted()
    records = [*_day(), *_chosen(), kept, lifted]
    return {
        "first": _page(FIRST, records),
        "second": _page([number for number in HOMES if number not in FIRST], records),
        "zombie": _page(FIRST, [*_day()[:OLD], kept]),
    }


@cache
def _day() -> list[Record]:
    """A random day, the same every time."""
    pack = small_pack()
    found = []
    for raw in events(pack, MANY):
        event = json.loads(raw)
        region = (event["data"].get("about") or event["data"])["region"]
        if region == SILENT:
            continue
        topic = f"election.{event['type'].split('.')[1]}"
        at = EVENING // 1000
        found.append(Record(raw, Origin(topic, home(region), PARTITIONS, region.encode(), at)))
    return found


def _chosen() -> list[Record]:
    """What the random day lacks: whole regions' turnout, a fall, late reports, a dead letter."""
    at = {"morning": "2030-06-02T10:00:00Z", "noon": "2030-06-02T14:00:00Z"}
    late = "2030-06-02T22:20:00Z"
    turnout = [
        official(region=region, as_of=moment, voted=voted, registered=registered)
        for region, registered in (("XX", 10000), ("XX-A", 4000), ("XX-B", 3000), ("XX-C", 2900))
        for moment, voted in ((at["morning"], registered // 4), (at["noon"], registered // 2))
    ]
    fall = official(region="XX-A", as_of="2030-06-02T18:00:00Z", voted=1000, registered=4000)
    second = official(
        region="XX-B", as_of=at["noon"], voted=900, registered=3000, publisher="gazette"
    )
    district = official(
        region="XX-A", as_of=at["noon"], voted=1500, registered=4000, contest="district"
    )
    reports = [
        incident(report_id=f"late-{region}", region=region, severity="critical", time=late)
        for region in ("XX-A", "XX-B", "XX-C")
    ]
    kept_out = restriction(report_id="late", station="A-1", phase="counting", time=late)
    country = restriction(report_id="c", region="XX", commission="CEC", phase="counting", time=late)
    letter = rejected(b"{", TOPICS[0])
    return [*turnout, fall, second, district, *reports, kept_out, country, letter]


def _lifted() -> tuple[Record, Record]:
    """A restriction that the zombie knows of, and that it was lifted, which it does not know."""
    data = {"report_id": "lifted", "phase": "post_election", "station": "A-2"}
    end = "2030-06-02T12:30:00Z"
    return restriction(**data), restriction(**data, revision=1, lifted=end)


def _page(partitions: Iterable[int], records: Iterable[Record]) -> bytes:
    view = fold(worker(partitions, EVENING), records)
    for topic in TOPICS:
        for seconds in (0.002, 0.02, 0.3):
            view.freshness.observe(topic, seconds)
    shown = [code for code in small_pack().regions if home(code) in view.parts]
    real = [
        line
        for line in new_page().render(view).decode().splitlines(keepends=True)
        if line.partition("{")[0] not in replaced()
    ]
    return ("".join(real) + _planned(shown)).encode()


def _planned(shown: list[str]) -> str:
    """Made-up samples of the families that nothing declares yet."""
    text = []
    for name, labels in missing().items():
        if name not in BY_NAME:
            text.append(f"# TYPE {name} gauge\n")
        text.append(Lines(name, labels).write(samples(name, labels, shown)))
    return "".join(text)
