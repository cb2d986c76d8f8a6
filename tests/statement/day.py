"""An archive of events that make the facts a mission stated the day after 19 March 2023.

The counts are the stated ones where they were published (58 of 128 counts); the rest is made up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from streams.archive.segments import Record
from streams.archive.signing import private_key
from streams.cli import load
from tests.archive.made import build, made_log
from tests.worker.sample import Event, encoded, envelope

INTERNATIONAL = "urn:scrutineer:simulated:international"
CITIZEN = "urn:scrutineer:simulated:citizen"
DESK = "urn:scrutineer:desk"
OFFICIAL = "urn:scrutineer:importer:kazakhstan"
REGIONS = ("KZ-10", "KZ-11", "KZ-75", "KZ-71")
CUT_OFF = "2023-03-20T15:00:00+06:00"
SECRET = "a voter named Zhanar told us"


def at(clock: str) -> str:
    """A moment of the election day in the country's capital."""
    return f"2023-03-19T{clock}:00+06:00"


def observed(what: str, number: int, clock: str, source: str = CITIZEN, /, **data: Any) -> Event:
    """A report; of citizens unless ``source`` says otherwise."""
    group = {INTERNATIONAL: "international"}.get(source, "citizen")
    body = {
        "report_id": f"{what}-{number}",
        "revision": 0,
        "region": REGIONS[number % len(REGIONS)],
        "observer": f"observer-{number % 7}",
        "observer_group": group,
        **data,
    }
    type_ = f"election.observer.{what}.v1"
    return encoded(envelope(type_, source, f"{what}-{number}-0", at(clock), body), "observer")


def decided(kind: str, number: int, status: str = "confirmed") -> Event:
    """What the desk made of a report of the citizens'."""
    about = {"source": CITIZEN, "region": REGIONS[number % len(REGIONS)]}
    about["report_id"] = f"{kind}-{number}"
    body = {"about": about, "revision": 0, "status": status, "note": SECRET}
    type_, id_ = "election.desk.triage.v1", f"decided-{kind}-{number}"
    return encoded(envelope(type_, DESK, id_, at("23:00"), body), "desk")


def visits() -> Iterator[Event]:
    """128 counts, 58 of them bad; voting and opening well."""
    for number in range(128):
        bad = number < 58
        body = {
            "phase": "counting",
            "station": f"P-{number}",
            "arrived": at("20:00"),
            "rating": ("very_bad" if number % 3 else "bad") if bad else "good",
            "answers": {"reconciliation": "no" if bad else "yes"},
        }
        yield observed("visit", number, "21:00", INTERNATIONAL, **body)
    for number in range(200, 260):
        body = {"station": f"P-{number}", "arrived": at("12:00"), "rating": "good"}
        body["answers"] = {"step_free": "no" if number < 230 else "yes", "voters_added": "yes"}
        yield observed("visit", number, "12:30", INTERNATIONAL, phase="voting", **body)
    for number in range(300, 320):
        body = {"station": f"P-{number}", "arrived": at("06:45"), "rating": "very_good"}
        yield observed("visit", number, "07:20", CITIZEN, phase="opening", answers={}, **body)


def restrictions() -> Iterator[Event]:
    """20 while counting, 12 while tabulating, of citizens and internationals; 6 while voting."""
    kinds = ("view_obstructed", "protocol_copy_refused")
    for number in range(38):
        phase = "counting" if number < 20 else "tabulation" if number < 32 else "voting"
        source = INTERNATIONAL if number % 4 == 0 else CITIZEN
        clock = "19:00" if phase == "voting" else "22:00"
        body = {"phase": phase, "kind": kinds[number % 2], "description": SECRET}
        if number % 3 == 0:
            body["lifted"] = at("22:30")
        yield observed("restriction", number, clock, source, station=f"P-{number}", **body)


def incidents() -> Iterator[Event]:
    """Twelve confirmed of two categories, one of a third; three not confirmed; one rejected."""
    for number in range(17):
        category = "secrecy" if number < 7 else "group_voting" if number < 12 else "vote_buying"
        body = {"phase": "voting", "category": category, "description": SECRET}
        yield observed("incident", number, "13:00", station=f"P-{number}", **body)
        if number < 13:
            yield decided("incident", number)
    yield decided("incident", 16, "rejected")


def turnout() -> Iterator[Event]:
    """Eight stations: fewer voters counted than published. And what was announced."""
    for number in range(8):
        place = {"region": REGIONS[number % 4], "station": f"P-{number}"}
        count = {"phase": "voting", "method": "counted", "cumulative": 250 + number, **place}
        yield observed("turnout", number, "18:10", **count)
        yield figure("18:10", voted=320 + number, **place)
    yield figure("22:10", region="KZ", percent="54.19", registered=12_100_000)


def figure(clock: str, **data: Any) -> Event:
    """A published turnout."""
    body = {"publisher": "cec", "as_of": at(clock), **data}
    place = f"{data['region']}-{data.get('station', '')}"
    type_, id_ = "election.official.turnout.v1", f"figure-{place}-{clock}"
    return encoded(envelope(type_, OFFICIAL, id_, at(clock), body), "official")


def complaints() -> Iterator[Event]:
    """Fourteen: six decided late and not made public, eight that wait for too long."""
    for number in range(14):
        body = {
            "complaint_id": f"k-{number}",
            "revision": 0,
            "region": "KZ-75",
            "filed": "2023-03-10T09:00:00+06:00",
            "subject": "registration",
        }
        if number < 6:
            body["decided"] = "2023-03-18T09:00:00+06:00"
        type_ = "election.desk.complaint.v1"
        yield encoded(envelope(type_, DESK, f"k-{number}", at("09:00"), body), "desk")


def events() -> list[Event]:
    """All of the day, and a notice with free text."""
    body = {"notice_id": "n-1", "revision": 0, "text": SECRET}
    notice = encoded(envelope("election.desk.notice.v1", DESK, "n-1", at("08:00"), body), "desk")
    notice = notice._replace(key=b"KZ")
    parts = (visits(), restrictions(), incidents(), turnout(), complaints())
    return [notice, *(event for part in parts for event in part)]


def late() -> list[Event]:
    """What came after everything else."""
    return [observed("restriction", 90, "22:00", phase="counting", kind="expelled")]


def archived(where: Path, key: Path | None = None, more: tuple[Event, ...] = ()) -> str:
    """The day in an archive, one record a second from midnight UTC on."""
    log: dict[tuple[str, int], list[Record]] = made_log([*events(), *more])
    build(str(where), log, key=None if key is None else private_key(key))
    return str(where)


def run(*arguments: object) -> Result:
    """``scrutineer statement`` in this process; a mistake of the user's is raised."""
    texts = [str(each) for each in arguments]
    result = CliRunner().invoke(load("statement"), texts, standalone_mode=False)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def stated(where: str, *arguments: object) -> Any:
    """The JSON document at the cut-off."""
    more = () if "--known-at" in arguments else ("--known-at", CUT_OFF)
    return json.loads(run(where, "--format", "json", *more, *arguments).stdout)


def said(document: Any) -> dict[str, Any]:
    """Sentence id → sentence."""
    return {one["id"]: one for section in document["sections"] for one in section["sentences"]}


def tables(document: Any) -> dict[str, Any]:
    """Table id → table."""
    return {one["id"]: one for section in document["sections"] for one in section["tables"]}
