"""Short ways to write events for the examples, all of 2 June 2030 and the small pack."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from streams.tables.partition import Partition
from streams.tables.versions import Outcome
from streams.tables.views import rows
from tests.packs import small_pack
from tests.strategies import Record, accepted, record

_counter = iter(range(10**9))


def clock(text: str) -> str:
    """``"12:30"`` on the day, as RFC 3339."""
    return f"2030-06-02T{text if text.count(':') == 2 else text + ':00'}Z"


def us(text: str) -> int:
    """``"12:30"`` on the day, in microseconds."""
    return round(datetime.fromisoformat(clock(text)).timestamp()) * 1_000_000


def event(
    name: str, source: str, time: str, data: dict[str, Any], id_: str | None, ahead: int = -1
) -> Record:
    """A record that came ``-ahead`` seconds after the event's time."""
    body = {
        "specversion": "1.0",
        "id": f"event-{next(_counter):06d}" if id_ is None else id_,
        "source": source,
        "type": f"election.{name}.v1",
        "time": clock(time),
        "election": "test-2030",
        "data": data,
    }
    return record(body, datetime.fromisoformat(clock(time)) - timedelta(seconds=ahead))


def incident(
    report_id: str = "i1",
    time: str = "12:00",
    id_: str | None = None,
    source: str = "urn:test:citizen",
    **more: Any,
) -> Record:
    """A case of campaigning in XX-A unless ``more`` says otherwise."""
    data = {
        "report_id": report_id,
        "revision": 0,
        "region": "XX-A",
        "observer_group": "citizen",
        "phase": "voting",
        "category": "campaigning",
        "severity": "low",
    }
    return event("observer.incident", source, time, data | more, id_)


def restriction(
    report_id: str = "x1",
    time: str = "12:00",
    id_: str | None = None,
    ahead: int = -1,
    **more: Any,
) -> Record:
    """An observer expelled in XX-A unless ``more`` says otherwise; ``lifted`` as "13:00"."""
    data = {
        "report_id": report_id,
        "revision": 0,
        "region": "XX-A",
        "observer_group": "citizen",
        "phase": "voting",
        "kind": "expelled",
    }
    if "lifted" in more:
        more["lifted"] = clock(more["lifted"])
        ahead = min(ahead, -12 * 3600)
    return event("observer.restriction", "urn:test:citizen", time, data | more, id_, ahead)


def decision(report_id: str, status: str, id_: str | None = None, **more: Any) -> Record:
    """A decision about a report of the citizens' in XX-A."""
    about = {"source": "urn:test:citizen", "region": "XX-A", "report_id": report_id}
    data = {"about": about, "revision": 0, "status": status}
    if status == "duplicate":
        data["duplicate_of"] = about | {"report_id": "other"}
    return event("desk.triage", "urn:test:desk", "15:00", data | more, id_)


def figure(
    as_of: str, percent: str | None = None, publisher: str = "commission", **more: Any
) -> Record:
    """A published turnout of XX-A."""
    data = {"region": "XX-A", "publisher": publisher, "as_of": clock(as_of)}
    if percent is not None:
        data["percent"] = percent
    return event("official.turnout", "urn:test:official", as_of, data | more, None)


def state(*records: Record) -> Partition:
    """A partition that folded the records."""
    part = Partition(small_pack())
    for one in records:
        part.apply(accepted(one))
    return part


def outcomes(*records: Record) -> list[Outcome]:
    """What folding each of them came to."""
    part = Partition(small_pack())
    return [part.fold(accepted(one)) for one in records]


def table(
    name: str, part: Partition, now: str = "18:00", *columns: str, confirmed_only: bool = False
) -> list[Any]:
    """Rows of a table; of one column its values, of several tuples, of none whole rows."""
    found = rows(name, [part], small_pack(), us(now), confirmed_only=confirmed_only)
    if not columns:
        return found
    if len(columns) == 1:
        return [row[columns[0]] for row in found]
    return [tuple(row[column] for column in columns) for row in found]
