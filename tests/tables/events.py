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


def counted(
    report_id: str,
    time: str,
    voters: int,
    station: str = "A-1",
    source: str = "urn:test:citizen",
    **more: Any,
) -> Record:
    """Voters since opening, counted at a station of XX-A."""
    data = {"cumulative": voters, **_count(report_id, station), **more}
    return event("observer.turnout", source, time, data, None)


def watched(
    report_id: str, since: str, until: str, voters: int, station: str = "A-1", **more: Any
) -> Record:
    """Voters at the door of a station of XX-A from ``since`` to ``until``."""
    interval = {"from": clock(since), "to": clock(until), "voters": voters}
    data = {"interval": interval, **_count(report_id, station), **more}
    return event("observer.turnout", "urn:test:citizen", until, data, None)


def _count(report_id: str, station: str) -> dict[str, Any]:
    return {
        "report_id": report_id,
        "revision": 0,
        "region": "XX-A",
        "station": station,
        "observer_group": "citizen",
        "phase": "voting",
        "method": "counted",
    }


def visit(
    report_id: str = "v1",
    time: str = "12:00",
    id_: str | None = None,
    source: str = "urn:test:citizen",
    **more: Any,
) -> Record:
    """A visit to A-1 during the counting, without a rating or an answer."""
    data = {
        "report_id": report_id,
        "revision": 0,
        "region": "XX-A",
        "station": "A-1",
        "observer_group": "citizen",
        "phase": "counting",
        "arrived": clock(time),
        "answers": {},
    }
    return event("observer.visit", source, time, data | more, id_)


def copy(
    report_id: str = "p1", source: str = "urn:test:citizen", id_: str | None = None, **more: Any
) -> Record:
    """An observer's copy of A-1's protocol of the list contest; figures by ``more``."""
    data = {
        "report_id": report_id,
        "revision": 0,
        "region": "XX-A",
        "station": "A-1",
        "observer_group": "citizen",
        "phase": "counting",
        "contest": "list",
        "protocol_time": clock("21:00"),
    }
    return event("observer.protocol", source, "21:30", data | more, id_)


def published(publisher: str = "commission", time: str = "22:00", **more: Any) -> Record:
    """A published protocol of A-1; ``station=None`` and the like for other places."""
    data = {"region": "XX-A", "station": "A-1", "contest": "list", "publisher": publisher}
    data["published"] = clock(time)
    return event("official.protocol", "urn:test:official", time, data | more, None)


def opening(as_of: str, open_: int, publisher: str = "commission", **more: Any) -> Record:
    """Stations open in XX-A."""
    data = {"region": "XX-A", "publisher": publisher, "as_of": clock(as_of), "open": open_}
    return event("official.opening", "urn:test:official", as_of, data | more, None)


def notice(notice_id: str, text: str, time: str = "12:00", **more: Any) -> Record:
    """A note on the timeline, of the country unless ``more`` names a region."""
    data = {"notice_id": notice_id, "revision": 0, "text": text}
    return event("desk.notice", "urn:test:desk", time, data | more, None)


def complaint(complaint_id: str, id_: str | None = None, **more: Any) -> Record:
    """A complaint in XX-A, filed at 08:00 on the day unless ``more`` says otherwise."""
    data = {
        "complaint_id": complaint_id,
        "revision": 0,
        "region": "XX-A",
        "filed": clock("08:00"),
        "subject": "access",
    }
    return event("desk.complaint", "urn:test:desk", "12:00", data | more, id_)


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
