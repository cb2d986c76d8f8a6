"""Four workers' pages as Prometheus scrapes them.

Two share the regions. The heir is about to take over from the second and shows the same as that
one still does; the zombie lost its partitions early, has not noticed, and shows old numbers of the
first one's regions.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from schemas import read
from streams.metrics.freshness import Freshness
from streams.metrics.page import MetricsPage
from streams.metrics.senders import Senders
from streams.metrics.view import View
from streams.tables.partition import Partition
from tests.dashboards.day import EVENING, chosen, lifted, pack, random_day
from tests.metrics.worlds import HOMES, TOPICS, home
from tests.strategies import PARTITIONS, Record

OLD = 400
"""How many of the day's events the zombie has folded."""

FIRST = sorted({home("XX"), home("XX-A"), home("XX-B")})
"""Partitions of the first worker, and of the zombie; the second has the others."""


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
