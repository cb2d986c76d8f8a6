"""Four workers' pages and two archivers' as Prometheus scrapes them.

Two share the regions. The heir is about to take over from the second and shows the same as that
one still does; the zombie lost its partitions early, has not noticed, and shows old numbers of the
first one's regions. Of the archivers one follows the log and one is late.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from schemas import read
from streams.metrics.archiver import page as archive_page
from streams.metrics.freshness import Freshness
from streams.metrics.page import MetricsPage
from streams.metrics.senders import Senders
from streams.metrics.text import Values
from streams.metrics.view import View
from streams.tables.partition import Partition
from tests.dashboards.day import EVENING, MANY, chosen, lifted, pack, random_day
from tests.metrics.worlds import HOMES, TOPICS, home
from tests.strategies import PARTITIONS, Record

OLD = 400
"""How many of the day's events the zombie has folded."""

FIRST = sorted({home("XX"), home("XX-A"), home("XX-B")})
"""Partitions of the first worker, and of the zombie; the second has the others."""


@cache
def archivers() -> dict[str, bytes]:
    """Instance → its page: an archive of which the last ten records of each place wait."""
    return {"follows": _archiver(20.0), "late": _archiver(4_000.0)}


def _archiver(age: float) -> bytes:
    def everywhere(value: float) -> Values:
        return {(topic, str(n)): value for topic in TOPICS for n in range(PARTITIONS)}

    return archive_page(
        {
            "scrutineer_archive_segments": {(): 40},
            "scrutineer_archive_records": {(): MANY},
            "scrutineer_archive_bytes": {(): 300_000},
            "scrutineer_archive_position": everywhere(1),
            "scrutineer_archive_lag_events": everywhere(10),
            "scrutineer_archive_unsealed_seconds": everywhere(age),
            "scrutineer_archive_seal_seconds": {(): 300},
            "scrutineer_archive_sealed_timestamp_seconds": {(): EVENING / 1e6 - age},
            "scrutineer_archive_trouble_seconds": {(): 0},
            "scrutineer_archive_troubles_total": {(): 2},
        }
    )


@cache
def pages() -> dict[str, bytes]:
    """Instance → its page."""
    known, over = lifted()
    records = [*random_day(), *chosen(), known, over]
    second = _page([number for number in HOMES if number not in FIRST], records)
    return {
        "first": _page(FIRST, records),
        "second": second,
        "heir": second,
        "zombie": _page(FIRST, [*random_day()[:OLD], known]),
    }


def _page(partitions: Iterable[int], records: Iterable[Record]) -> bytes:
    parts = {number: Partition(pack(), number) for number in partitions}
    for record in records:
        origin = record.origin
        if (part := parts.get(origin.partition)) is not None:
            result = read(record.raw, origin, pack())
            part.fold(result, origin.topic, part.next.get(origin.topic, 0))
    lag = {(topic, number): 0 for topic in TOPICS for number in parts}
    view = View(parts, dict.fromkeys(parts, "live"), EVENING, Freshness(TOPICS), lag)
    view.snapshots = dict.fromkeys(parts, EVENING)
    view.senders = Senders(dict.fromkeys(pack().sources, 40), 0)
    for topic in TOPICS:
        for seconds in (0.002, 0.02, 0.3):
            view.freshness.observe(topic, seconds)
    return MetricsPage(pack(), TOPICS, PARTITIONS).render(view)
