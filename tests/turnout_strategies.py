"""Generated counts and official figures that meet: around checkpoints, few values, many versions.

Every event is accepted with each of :func:`tests.turnout_packs.turnout_packs`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st

from schemas import Accepted, read
from schemas.pack import Pack
from tests.strategies import DAY, Event, Record, record, revision_numbers
from tests.turnout_packs import PACKS, turnout_packs

STATIONS = {"XX-A": ("A-1", "A-2", "A-3"), "XX-B": ("B-1", "B-2", "B-3"), "XX-C": ("C-1",)}
SOURCES = ("urn:test:citizen", "urn:test:citizen", "urn:test:party")
REPORT_IDS = ("r1", "r2", "r3")
REGISTERS: dict[str, tuple[int, ...]] = {
    "XX-A": (1500, 1500, 1000, 1000, 1000, 1000),
    "XX-B": (2000, 1000, 0, 0, 800, 900),
    "XX-C": (2000, 900),
}
METHODS = ("counted", "counted", "list_signatures", "told_by_commission")
# Either side of what a checkpoint reaches, equally near to it, and near another one.
MORNING = ("09:49", "09:50", "09:55", "10:00", "10:00", "10:05", "10:10", "10:11", "13:52", "14:00")
EVENING = ("19:59", "20:00", "20:01", "20:40", "21:00", "21:00", "21:01")
"""About the close and after it."""
SPANS = (
    ("08:00", "09:00"),  # within an interval
    ("09:30", "10:30"),  # over a checkpoint
    ("10:00", "14:00"),  # one interval
    ("13:59:59", "18:00:01"),
    ("06:00", "08:00"),  # over the opening
    ("05:00", "06:59"),  # before it
    ("18:00", "19:00"),  # after the last checkpoint
    ("09:00", "15:20"),
    ("06:00", "20:00"),  # 14 hours, and more
    ("06:00", "20:00:01"),
)
VOTERS = (0, 1, 150, 400, 402, 412, 413, 600, 1001, 1600)
OFFICIAL = ("10:00", "10:00", "10:10", "14:00", "12:00", "18:00", "20:50")
OFFICIAL_LATE = ("20:00", "20:50", "20:50")
LATER = timedelta(hours=23)
"""When all of it came in: nothing here is from the future."""


def at(clock: str, offset: int = 0) -> str:
    """``clock`` of the day in UTC, printed with an offset of so many hours."""
    moment = datetime.fromisoformat(f"{DAY.date()}T{clock}") + timedelta(hours=offset)
    return moment.isoformat() + (f"+{offset:02d}:00" if offset else "Z")


@st.composite
def _moments(draw: st.DrawFn, clocks: tuple[str, ...]) -> str:
    return at(draw(st.sampled_from(clocks)), draw(st.sampled_from((0, 0, 0, 3))))


def _event(draw: st.DrawFn, name: str, source: str, time: str, data: Event) -> Record:
    body = {
        "specversion": "1.0",
        "id": draw(st.sampled_from(("e1", "e2"))),
        "source": source,
        "type": f"election.{name}.v1",
        "time": time,
        "election": "test-2030",
        "data": data,
    }
    return record(body, DAY + LATER)


def _rarely(draw: st.DrawFn, **optional: st.SearchStrategy[object]) -> Event:
    """Each of the optional fields in one of three events."""
    return {name: draw(given) for name, given in optional.items() if not draw(st.integers(0, 2))}


def _place(draw: st.DrawFn, narrow: bool) -> Event:
    if narrow:
        return {"region": "XX-A", "station": "A-1"}
    region = draw(st.sampled_from(("XX-A", "XX-A", "XX-B", "XX-B", "XX-C")))
    return {"region": region, "station": draw(st.sampled_from(STATIONS[region]))}


@st.composite
def counts(draw: st.DrawFn, narrow: bool = False, late: bool = False) -> Record:
    """Voters that observers counted, or were told, at a station; ``narrow``: at A-1."""
    data = _place(draw, narrow) | {
        "report_id": draw(st.sampled_from(REPORT_IDS)),
        "revision": draw(revision_numbers),
        "observer_group": "citizen",
        "phase": draw(st.sampled_from(("opening", "voting"))),
        "method": draw(st.sampled_from(METHODS)),
    }
    if draw(st.integers(0, 2)):
        data["cumulative"] = draw(st.sampled_from(VOTERS))
    else:
        since, until = draw(st.sampled_from(SPANS))
        voters = draw(st.sampled_from(VOTERS))
        data["interval"] = {"from": at(since), "to": at(until, 6), "voters": voters}
    data |= _rarely(
        draw,
        registered=st.sampled_from((0, 1000, 1500, 1502)),
        contest=st.sampled_from(("list", "list", "district")),
        observer=st.sampled_from(("o1", "o2")),
    )
    if not draw(st.integers(0, 7)):
        data["withdrawn"] = True
    time = draw(_moments(EVENING if late else MORNING))
    return _event(draw, "observer.turnout", draw(st.sampled_from(SOURCES)), time, data)


@st.composite
def figures(draw: st.DrawFn, narrow: bool = False, late: bool = False) -> Record:
    """Official turnout of a station, a region or the country; ``narrow``: of A-1."""
    data = _place(draw, narrow)
    if not narrow and draw(st.booleans()):
        data = {"region": draw(st.sampled_from(("XX-A", "XX-B", "XX")))}
    data["publisher"] = draw(st.sampled_from(("commission", "commission", "gazette")))
    data["as_of"] = draw(_moments(OFFICIAL_LATE if late else OFFICIAL))
    given = draw(st.sampled_from(("voted", "percent", "both")))
    if given != "percent":
        data["voted"] = draw(st.sampled_from((0, 400, 412, 413, 700, 1600)))
    if given != "voted":
        data["percent"] = draw(st.sampled_from(("0", "26.8", "33.33", "40", "120.5")))
    data |= _rarely(
        draw,
        registered=st.sampled_from((0, 1000, 1500, 4000)),
        contest=st.sampled_from(("list", "list", "district")),
        revision=revision_numbers,
    )
    return _event(draw, "official.turnout", "urn:test:official", at("17:00"), data)


@st.composite
def decisions(draw: st.DrawFn) -> Record:
    """The desk's decision about a count, which may come before it."""
    about = {
        "source": draw(st.sampled_from(SOURCES)),
        "region": draw(st.sampled_from(tuple(STATIONS))),
        "report_id": draw(st.sampled_from(REPORT_IDS)),
    }
    status = draw(st.sampled_from(("confirmed", "confirmed", "resolved", "rejected", "duplicate")))
    data: Event = {"about": about, "revision": draw(revision_numbers), "status": status}
    if status == "duplicate":
        data["duplicate_of"] = about | {"report_id": "r9"}
    return _event(draw, "desk.triage", "urn:test:desk", at("17:00"), data)


def _confirmation(draw: st.DrawFn, record: Record) -> Record:
    """The desk's, of a report."""
    event = record.event
    about = {"source": event["source"]}
    about |= {name: event["data"][name] for name in ("region", "report_id")}
    data = {"about": about, "revision": 0, "status": "confirmed"}
    return _event(draw, "desk.triage", "urn:test:desk", at("17:00"), data)


@st.composite
def samples(draw: st.DrawFn) -> list[Record]:
    """A morning that went as planned: the drawn stations' counts at ten, and what was published."""
    turnout = draw(st.sampled_from((0, 10, 40, 100)))
    forms = draw(st.sampled_from((("cumulative",), ("interval",), ("cumulative", "interval"))))
    found = []
    for region, registers in REGISTERS.items():
        for number, listed in enumerate(registers, 1):
            name, registered = f"{region[3:]}-{number}", listed or 700
            voters = registered * turnout // 100 + draw(st.sampled_from((0, 0, 7, -9)))
            data: Event = {
                "region": region,
                "station": name,
                "report_id": name,
                "revision": 0,
                "observer_group": "citizen",
                "phase": "voting",
                "method": "counted",
                **({} if listed else {"registered": registered}),
            }
            count = max(0, voters)
            interval = {"from": at("07:00"), "to": at("10:00"), "voters": count}
            form = draw(st.sampled_from(forms))
            data[form] = count if form == "cumulative" else interval
            if draw(st.integers(0, 11)):
                found.append(_event(draw, "observer.turnout", SOURCES[0], at("10:00"), data))
    if draw(st.booleans()):
        found += [_confirmation(draw, record) for record in found]
    for region in ("XX-A", "XX-B", "XX-C", "XX"):
        percent = turnout + draw(st.sampled_from((0, 0, 3, 45, -45)))
        data = {"region": region, "publisher": "commission", "as_of": at("10:00")}
        data["percent"] = str(max(0, percent))
        found.append(_event(draw, "official.turnout", "urn:test:official", at("10:00"), data))
    return found


@st.composite
def turnout_logs(draw: st.DrawFn, max_size: int = 30) -> list[Record]:
    """Records in an order of arrival: a planned morning, a single station's, or anything."""
    kind = draw(st.sampled_from(("station", "evening", "morning", "morning", "anything")))
    where = (kind in ("station", "evening"), kind == "evening" or not draw(st.integers(0, 3)))
    some = st.one_of(counts(*where), counts(*where), counts(), figures(*where), decisions())
    size = draw(st.integers(0, max_size))  # lists left to themselves are mostly short
    records = draw(st.lists(some, min_size=size, max_size=size))
    if kind == "morning":
        records = draw(samples()) + records[: max_size // 3]
    return records


packs = st.sampled_from(PACKS).map(lambda name: turnout_packs()[name])
"""One of the packs."""


def accepted(one: Record, pack: Pack) -> Accepted:
    """Read a record that must be accepted with ``pack``."""
    result = read(one.raw, one.origin, pack)
    assert isinstance(result, Accepted), result
    return result
