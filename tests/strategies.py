"""Generated events of every type that collide: few identities, few values, many versions.

Everything is for :func:`tests.packs.small_pack`. A :class:`Record` is what stands in the log: the
bytes of a valid event and where it stood; ``accepted`` reads it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from schemas import Accepted, Origin, read
from schemas.envelope import EVENTS
from schemas.routing import partition_of
from tests.packs import small_pack

Event = dict[str, Any]
REGIONS = ("XX-A", "XX-B")
COUNTRY = "XX"
STATIONS = {"XX-A": "A-1", "XX-B": "B-1"}
COMMISSIONS = {"XX-A": "A", "XX-B": "B"}
OBSERVERS = ("urn:test:citizen", "urn:test:party")
REPORT_IDS = ("r1", "r2")
PARTITIONS = 12
DAY = datetime(2030, 6, 2, tzinfo=UTC)
# Bucket edges, either side of them, and far apart.
SECONDS = (36_000, 36_299, 36_300, 36_899, 36_900, 39_600, 57_600)


class Record(NamedTuple):
    """One record of the log."""

    raw: bytes
    origin: Origin

    @property
    def event(self) -> Event:
        """The event as JSON."""
        found: Event = json.loads(self.raw)
        return found

    @property
    def region(self) -> str:
        """The region, which is the record's key."""
        return (self.origin.key or b"").decode()


def accepted(record: Record) -> Accepted:
    """Read a record that must be accepted."""
    result = read(record.raw, record.origin, small_pack())
    assert isinstance(result, Accepted), result
    return result


def record(event: Event, known: datetime | None = None) -> Record:
    """Put an event into the log; it became known (``known``) a second after its time."""
    data = event["data"]
    region = data["about"]["region"] if "about" in data else data.get("region", COUNTRY)
    when = known or datetime.fromisoformat(event["time"]) + timedelta(seconds=1)
    authority = EVENTS[event["type"]][1]
    origin = Origin(
        f"election.{authority}",
        partition_of(region, PARTITIONS),
        PARTITIONS,
        region.encode(),
        round(when.timestamp() * 1000),
    )
    return Record(json.dumps(event).encode(), origin)


@st.composite
def times(draw: st.DrawFn) -> str:
    """A moment of the day; the same one may be printed with another offset."""
    moment = DAY + timedelta(seconds=draw(st.sampled_from(SECONDS)))
    offset = draw(st.sampled_from((0, 0, 6)))
    return (moment + timedelta(hours=offset)).replace(tzinfo=None).isoformat() + (
        f"+{offset:02d}:00" if offset else "Z"
    )


def _some(draw: st.DrawFn, **optional: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Some of the optional fields."""
    return {name: draw(values) for name, values in optional.items() if draw(st.booleans())}


def _event(draw: st.DrawFn, name: str, source: str, data: Event, **more: str) -> Event:
    return {
        "specversion": "1.0",
        "id": draw(st.sampled_from(("e1", "e2", "e3"))),
        "source": source,
        "type": f"election.{name}.v1",
        "time": draw(times()),
        "election": "test-2030",
        "data": data,
        **more,
    }


registers = st.sampled_from((1000, 1500, 1502, 4000, 4004, 4005))
"""At and around a thousandth from the registers of A-1 and XX-A."""
severities = st.sampled_from(("unspecified", "low", "critical"))
revision_numbers = st.integers(0, 2)
texts = st.sampled_from(("door closed", "сюда нельзя"))


def _report(draw: st.DrawFn) -> Event:
    region = draw(st.sampled_from(REGIONS))
    return {
        "report_id": draw(st.sampled_from(REPORT_IDS)),
        "revision": draw(revision_numbers),
        "region": region,
        "observer_group": draw(st.sampled_from(("citizen", "media"))),
        "phase": draw(st.sampled_from(("voting", "counting", "unknown"))),
        **_some(draw, station=st.just(STATIONS[region])),
        **_some(draw, observer=st.just("o1")),
        **({"withdrawn": True} if draw(st.integers(0, 5)) == 0 else {}),
    }


@st.composite
def incidents(draw: st.DrawFn) -> Record:
    """An incident of an observers' source."""
    data = _report(draw) | {"category": draw(st.sampled_from(("campaigning", "tampering")))}
    data |= _some(draw, severity=severities, description=texts)
    return record(_event(draw, "observer.incident", draw(st.sampled_from(OBSERVERS)), data))


@st.composite
def restrictions(draw: st.DrawFn) -> Record:
    """A restriction on observers, now and then from a phone whose clock is hours ahead."""
    data = _report(draw) | {"kind": draw(st.sampled_from(("expelled", "entry_denied")))}
    data |= _some(draw, severity=severities, description=texts)
    event = _event(draw, "observer.restriction", draw(st.sampled_from(OBSERVERS)), data)
    moment = datetime.fromisoformat(event["time"])
    if draw(st.booleans()):
        lasted = draw(st.sampled_from((0, 61, 600, 601)))
        data["lifted"] = (moment + timedelta(seconds=lasted)).isoformat()
    ahead = draw(st.sampled_from((-1, -1, -1, 1800, 7200)))
    return record(event, moment - timedelta(seconds=ahead) + timedelta(hours=1) * (ahead < 0))


@st.composite
def observed_turnouts(draw: st.DrawFn) -> Record:
    """Voters counted at a station."""
    data = _report(draw)
    data["station"] = draw(st.sampled_from((STATIONS[data["region"]], second(data["region"]))))
    data["method"] = draw(st.sampled_from(("counted", "told_by_commission")))
    if draw(st.booleans()):
        data["cumulative"] = draw(st.sampled_from((0, 1, 402, 403)))
    else:
        data["interval"] = {
            "from": "2030-06-02T08:00:00Z",
            "to": draw(st.sampled_from(("2030-06-02T09:00:00Z", "2030-06-02T10:30:00Z"))),
            "voters": draw(st.integers(0, 3)),
        }
    data |= _some(draw, registered=st.sampled_from((0, 1500)), contest=st.just("list"))
    event = _event(draw, "observer.turnout", draw(st.sampled_from(OBSERVERS)), data)
    return record(event, DAY + timedelta(hours=17))


@st.composite
def official_turnouts(draw: st.DrawFn) -> Record:
    """An official figure at or near one of the three checkpoints, or at none."""
    data: Event = {
        "region": "XX-A",
        "publisher": draw(st.sampled_from(("commission", "gazette", "agency"))),
        "as_of": draw(
            st.sampled_from(
                (
                    "2030-06-02T10:00:00Z",
                    "2030-06-02T10:10:00Z",
                    "2030-06-02T14:00:00Z",
                    "2030-06-02T20:00:00+06:00",
                    "2030-06-02T16:00:00Z",
                )
            )
        ),
    }
    figures = draw(st.sampled_from(("voted", "percent", "both")))
    if figures != "percent":
        data["voted"] = draw(st.sampled_from((400, 401, 402, 403, 1002, 3000)))
    if figures != "voted":
        percents = ("40", "40.4", "40.5", "40.52", "41.0", "41.07", "100.2")
        data["percent"] = draw(st.sampled_from(percents))
    data |= _some(draw, station=st.just("A-1"), contest=st.sampled_from(("list", "district")))
    data |= _some(draw, registered=registers, revision=revision_numbers)
    data |= _some(draw, source_url=st.just("https://example.org/1"))
    event = _event(draw, "official.turnout", "urn:test:official", data)
    return record(event, DAY + timedelta(hours=17))


@st.composite
def decisions(draw: st.DrawFn) -> Record:
    """A decision of the desk, which its report may follow or never have."""
    about = {
        "source": draw(st.sampled_from(OBSERVERS)),
        "region": draw(st.sampled_from(REGIONS)),
        "report_id": draw(st.sampled_from(REPORT_IDS)),
    }
    status = draw(
        st.sampled_from(
            ("under_review", "confirmed", "rejected", "resolved", "escalated", "duplicate")
        )
    )
    data: Event = {"about": about, "revision": draw(revision_numbers), "status": status}
    if status == "duplicate":
        first = draw(st.sampled_from(["r9", *REPORT_IDS]))
        home = draw(st.sampled_from([about["region"], *REGIONS]))
        data["duplicate_of"] = about | {"report_id": first, "region": home}
        if data["duplicate_of"] == about:
            data["duplicate_of"]["report_id"] = "r9"
    data |= _some(draw, severity=severities, note=texts, decided_by=st.just("d1"))
    return record(_event(draw, "desk.triage", "urn:test:desk", data))


def _somewhere(draw: st.DrawFn, data: Event) -> Event:
    """A station, a commission, or both."""
    where = draw(st.sampled_from(("station", "station", "commission", "both")))
    data.pop("station", None)
    if where != "commission":
        data["station"] = draw(st.sampled_from((STATIONS[data["region"]], second(data["region"]))))
    if where != "station":
        data["commission"] = COMMISSIONS[data["region"]]
    return data


def second(region: str) -> str:
    """Another station of a region."""
    return STATIONS[region].replace("1", "2")


MORNING = "2030-06-02T08:00:00Z"


@st.composite
def visits(draw: st.DrawFn) -> Record:
    """A visit to a station or commission, with or without a rating."""
    data = _somewhere(draw, _report(draw)) | {"arrived": draw(st.sampled_from((MORNING, EAST)))}
    data |= _some(draw, left=st.just("2030-06-02T08:40:00Z"))
    data |= _some(draw, rating=st.sampled_from(("very_good", "good", "bad", "very_bad")))
    asked = st.sampled_from(("box_sealed", "reconciliation"))
    said = st.sampled_from(("yes", "no", "not_observed"))
    data["answers"] = draw(st.dictionaries(asked, said))
    return record(_event(draw, "observer.visit", draw(st.sampled_from(OBSERVERS)), data))


EAST = "2030-06-02T14:00:00+06:00"
"""``MORNING``, printed elsewhere."""


def _figures(draw: st.DrawFn) -> Event:
    """Some of a protocol's figures, so few different ones that they often fit."""
    names = ("registered", "received", "issued", "unused", "spoiled", "voted", "voted_at_home")
    counts = {name: st.integers(0, 3) for name in (*names, "in_box", "valid", "invalid")}
    votes = st.dictionaries(st.sampled_from(("amanat", "auyl")), st.integers(0, 2))
    return _some(draw, **counts, votes=votes)


contests = st.sampled_from(("list", "list", "district"))


@st.composite
def observed_protocols(draw: st.DrawFn) -> Record:
    """An observer's copy of a protocol."""
    data = _somewhere(draw, _report(draw)) | _figures(draw)
    data |= {"contest": draw(contests), "protocol_time": draw(st.sampled_from((MORNING, EAST)))}
    return record(_event(draw, "observer.protocol", draw(st.sampled_from(OBSERVERS)), data))


publishers = st.sampled_from(("commission", "gazette", "agency"))


@st.composite
def official_protocols(draw: st.DrawFn) -> Record:
    """A published protocol of a station, a commission, a region or the country as a whole."""
    data: Event = {"region": draw(st.sampled_from((*REGIONS, *REGIONS, COUNTRY)))}
    if data["region"] != COUNTRY and draw(st.integers(0, 3)):
        data = _somewhere(draw, data)
    data |= _figures(draw) | {"contest": draw(contests), "publisher": draw(publishers)}
    data["published"] = draw(st.sampled_from((MORNING, EAST, "2030-06-02T09:00:00Z")))
    data |= _some(draw, source_url=st.just("https://example.org/2"), revision=revision_numbers)
    return record(_event(draw, "official.protocol", "urn:test:official", data))


@st.composite
def protocols_of_one_place(draw: st.DrawFn) -> Record:
    """A protocol, mostly of A-1 and the list contest: copies, publishers and revisions meet."""
    event = draw(official_protocols() | observed_protocols()).event
    data = event["data"] | {"revision": draw(st.integers(0, 4))}
    data = {name: told for name, told in data.items() if name not in _RARELY or told == 3}
    if "report_id" in data:
        data["report_id"] = "r1"
    else:
        data["publisher"] = draw(st.just("commission") | publishers)
    if draw(st.integers(0, 9)):
        data |= {"region": "XX-A", "station": draw(at_a), "contest": "list", "commission": None}
    return record(event | {"data": data})


at_a = st.sampled_from(["A-1"] * 7 + ["A-2"])
_RARELY = ("registered", "received", "issued", "unused", "spoiled", "voted", "voted_at_home")


@st.composite
def openings(draw: st.DrawFn) -> Record:
    """Stations open at a checkpoint, near one, or at no checkpoint."""
    data: Event = {
        "region": draw(st.sampled_from(REGIONS)),
        "publisher": draw(publishers),
        "as_of": draw(
            st.sampled_from((MORNING, EAST, "2030-06-02T10:00:00Z", "2030-06-02T10:10:00Z"))
        ),
        "open": draw(st.integers(0, 3)),
    }
    data |= _some(draw, expected=st.integers(2, 3), revision=revision_numbers)
    data |= _some(draw, published=st.just("2030-06-02T10:30:00Z"))
    data |= _some(draw, source_url=st.just("https://example.org/3"))
    event = _event(draw, "official.opening", "urn:test:official", data)
    return record(event, DAY + timedelta(hours=17))


def _withdrawn(draw: st.DrawFn) -> Event:
    return {"withdrawn": True} if draw(st.integers(0, 5)) == 0 else {}


@st.composite
def notices(draw: st.DrawFn) -> Record:
    """A note on the timeline of a region or of the country."""
    data: Event = {
        "notice_id": draw(st.sampled_from(REPORT_IDS)),
        "revision": draw(revision_numbers),
        "text": draw(texts),
        **_some(draw, region=st.sampled_from(REGIONS)),
        **_withdrawn(draw),
    }
    return record(_event(draw, "desk.notice", "urn:test:desk", data))


@st.composite
def complaints(draw: st.DrawFn) -> Record:
    """A complaint, perhaps decided, perhaps published."""
    region = draw(st.sampled_from(REGIONS))
    data: Event = {
        "complaint_id": draw(st.sampled_from(REPORT_IDS)),
        "revision": draw(revision_numbers),
        "region": region,
        "filed": draw(st.sampled_from((MORNING, EAST, "2030-05-28T10:00:00Z"))),
        "subject": draw(st.sampled_from(("access", "counting"))),
        **_some(draw, station=st.just(STATIONS[region]), commission=st.just(COMMISSIONS[region])),
        **_withdrawn(draw),
    }
    if draw(st.booleans()):
        data["decided"] = "2030-06-02T08:30:00Z"
        data |= _some(draw, published=st.just("2030-06-02T08:45:00Z"))
        data |= _some(draw, outcome=st.sampled_from(("upheld", "dismissed")))
    return record(_event(draw, "desk.complaint", "urn:test:desk", data))


def records() -> st.SearchStrategy[Record]:
    """A record of any type but the clock's."""
    reports = st.one_of(
        incidents(), restrictions(), observed_turnouts(), visits(), observed_protocols()
    )
    official = st.one_of(official_turnouts(), official_protocols(), openings())
    return st.one_of(reports, reports, decisions(), official, notices() | complaints())


BY_TYPE = {
    "election.observer.visit.v1": visits,
    "election.observer.incident.v1": incidents,
    "election.observer.restriction.v1": restrictions,
    "election.observer.turnout.v1": observed_turnouts,
    "election.observer.protocol.v1": observed_protocols,
    "election.official.turnout.v1": official_turnouts,
    "election.official.protocol.v1": official_protocols,
    "election.official.opening.v1": openings,
    "election.desk.triage.v1": decisions,
    "election.desk.notice.v1": notices,
    "election.desk.complaint.v1": complaints,
}
"""Event type → strategy of its records."""


def logs(min_size: int = 0, max_size: int = 30) -> st.SearchStrategy[list[Record]]:
    """Records in an order of arrival."""
    return st.lists(records(), min_size=min_size, max_size=max_size)


EDGES = (27_900, 27_901, 36_001, 40_000, 41_400, 41_401, 46_801, 72_000, 75_600, 79_201, 86_400 * 3)
nows = st.sampled_from([*SECONDS, *EDGES]).map(
    lambda seconds: round((DAY + timedelta(seconds=seconds)).timestamp()) * 1_000_000
)
"""A ``now`` in microseconds: bucket edges, before and after ends of phases, silences, deadlines."""
