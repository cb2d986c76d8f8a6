"""Workers as the metrics see them, and pages as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from hypothesis import settings
from prometheus_client.parser import text_string_to_metric_families

from schemas import Origin, read
from schemas.fields import microseconds
from schemas.routing import partition_of
from streams.metrics.freshness import Freshness
from streams.metrics.page import MetricsPage
from streams.metrics.view import View
from streams.tables.partition import Partition
from tests.packs import small_pack
from tests.strategies import PARTITIONS, Record, record

TOPICS = ("election.observer", "election.official", "election.desk")
NOON = microseconds(datetime(2030, 6, 2, 12, tzinfo=UTC))
MINUTE = 60_000_000
Labels = frozenset[tuple[str, str]]

some_examples = settings(deadline=None, max_examples=40)
"""For tests that render and parse whole pages."""


def home(region: str) -> int:
    """The partition of a region."""
    return partition_of(region, PARTITIONS)


HOMES = sorted({home(region) for region in small_pack().regions})
"""The partitions that carry the pack's regions."""


def worker(live: Iterable[int] = HOMES, now: int = NOON) -> View:
    """A worker that holds the partitions ``live``, with nothing in them yet."""
    numbers = tuple(live)
    return View(
        parts={number: Partition(small_pack(), number) for number in numbers},
        status=dict.fromkeys(numbers, "live"),
        now=now,
        freshness=Freshness(TOPICS),
        lag={(topic, number): 0 for topic in TOPICS for number in numbers},
    )


def fold(view: View, records: Iterable[Record]) -> View:
    """Fold those of ``records`` that stand in a partition of ``view``."""
    for item in records:
        origin = item.origin
        part = view.parts.get(origin.partition)
        if part is not None:
            result = read(item.raw, origin, small_pack())
            part.fold(result, origin.topic, part.next.get(origin.topic, 0))
    return view


def new_page() -> MetricsPage:
    """A page for the small pack on 12 partitions."""
    return MetricsPage(small_pack(), TOPICS, PARTITIONS)


def samples(page: bytes) -> dict[str, dict[Labels, float]]:
    """Sample name → {labels: value}, as Prometheus's own format is parsed."""
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(page.decode()):
        for sample in family.samples:
            labels = frozenset(sample.labels.items())
            assert labels not in found.setdefault(sample.name, {}), sample
            found[sample.name][labels] = sample.value
    return found


def metrics(view: View) -> dict[str, dict[Labels, float]]:
    """The samples of a new page for ``view``."""
    return samples(new_page().render(view))


def labels(**values: str) -> Labels:
    """Labels of a sample."""
    return frozenset(values.items())


def value(found: dict[str, dict[Labels, float]], name: str, **wanted: str) -> float:
    """The one sample of ``name`` with exactly these labels."""
    return found[name][labels(**wanted)]


def total(found: dict[str, dict[Labels, float]], name: str, **wanted: str) -> float:
    """The sum of the samples of ``name`` that have at least these labels."""
    return sum(v for k, v in found.get(name, {}).items() if labels(**wanted) <= k)


_numbers = count(1)


def incident(**data: Any) -> Record:
    """A reported incident in XX-A at 11:58."""
    return _report("observer.incident", {"category": "campaigning"} | data)


def restriction(**data: Any) -> Record:
    """A restriction in XX-A since 11:58."""
    return _report("observer.restriction", {"kind": "expelled"} | data)


def decision(about: Record, status: str, revision: int = 0, **data: Any) -> Record:
    """What the desk decided about a report."""
    event = about.event
    reported = event["data"]
    identity = {"region": reported["region"], "report_id": reported["report_id"]}
    return _event(
        "desk.triage",
        "urn:test:desk",
        {
            "about": identity | {"source": event["source"]},
            "status": status,
            "revision": revision,
            **data,
        },
    )


def official(**data: Any) -> Record:
    """A figure for XX-A at 10:00."""
    figure = {"region": "XX-A", "publisher": "commission", "as_of": "2030-06-02T10:00:00Z"}
    return _event("official.turnout", "urn:test:official", figure | data, "2030-06-02T19:00:00Z")


def _report(kind: str, data: dict[str, Any]) -> Record:
    defaults = {
        "report_id": "r1",
        "revision": 0,
        "region": "XX-A",
        "observer_group": "citizen",
        "phase": "voting",
    }
    source = data.pop("source", "urn:test:citizen")
    time = data.pop("time", "2030-06-02T11:58:00Z")
    return _event(kind, source, defaults | data, time)


def _event(
    kind: str, source: str, data: dict[str, Any], time: str = "2030-06-02T11:58:00Z"
) -> Record:
    return record(
        {
            "specversion": "1.0",
            "id": f"e{next(_numbers)}",
            "source": source,
            "type": f"election.{kind}.v1",
            "time": time,
            "election": "test-2030",
            "data": data,
        }
    )


def rejected(raw: bytes, topic: str, region: str = "XX-A") -> Record:
    """Bytes as they stood in the log."""
    at = NOON // 1000
    return Record(raw, Origin(topic, home(region), PARTITIONS, region.encode(), at))


def folded(*records: Record, now: int = NOON) -> dict[str, dict[Labels, float]]:
    """The samples of a worker that has folded ``records``."""
    return metrics(fold(worker(now=now), records))
