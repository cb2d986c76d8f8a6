"""What readers refuse beyond the released schemas, and events that an election's pack can take.

JSON Schema has no words for the order of two times and the like, so a schema alone does not say
what a release accepted. These rules are the release's, written apart from the models; a rule that
is added to the models is not added here, for it is what the tests are to notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from hypothesis import strategies as st

Event = dict[str, Any]
NOT_LATER: Final[Mapping[str, tuple[str, ...]]] = {
    "election.observer.visit.v1": ("data.arrived", "data.left"),
    "election.observer.restriction.v1": ("time", "data.lifted"),
    "election.desk.complaint.v1": ("data.filed", "data.decided", "data.published"),
}
"""Type → times of which none is later than the next."""
EARLIER: Final[Mapping[str, tuple[str, ...]]] = {
    "election.observer.turnout.v1": ("data.interval.from", "data.interval.to"),
}
"""Type → times of which each is earlier than the next."""
_TIMES: Final = frozenset(
    {
        "time",
        "arrived",
        "left",
        "lifted",
        "from",
        "to",
        "protocol_time",
        "as_of",
        "published",
        "filed",
        "decided",
        "now",
    }
)


def leaves_of(event: Event) -> dict[str, Any]:
    """Dotted path → value, of everything that is no object."""
    found: dict[str, Any] = {}
    for name, value in event.items():
        if isinstance(value, dict):
            found |= {f"{name}.{path}": each for path, each in leaves_of(value).items()}
        else:
            found[name] = value
    return found


def moment(text: str) -> datetime:
    """What an RFC 3339 text says, to the microsecond. ValueError: there is no such day."""
    return datetime.fromisoformat(text.upper())


def times_of(event: Event) -> dict[str, datetime]:
    """Path → moment, of all times. ValueError: one is of no day."""
    return {
        path: moment(value)
        for path, value in leaves_of(event).items()
        if path.rpartition(".")[2] in _TIMES and isinstance(value, str)
    }


def refused(event: Event) -> bool:
    """Whether the release refused an event that its schema allows and the pack can take."""
    try:
        times = times_of(event)
    except ValueError:
        return True
    data = event["data"]
    for rules, strict in ((NOT_LATER, False), (EARLIER, True)):
        given = [times[path] for path in rules.get(event["type"], ()) if path in times]
        if any(b < a or (strict and a == b) for a, b in pairwise(given)):
            return True
    if "report_id" in data and event.get("subject") not in (None, data["report_id"]):
        return True
    return "about" in data and data.get("duplicate_of") == data["about"]


_SOURCES: Final = {
    "observer": ("urn:test:citizen", "urn:test:party"),
    "official": ("urn:test:official",),
    "desk": ("urn:test:desk",),
    "clock": ("urn:test:desk",),
}
_SMALLER: Final = {"XX-A": ("A-1", "A"), "XX-B": ("B-1", "B")}
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "contest": ("list", "district"),
    "publisher": ("commission", "gazette"),
    "category": ("campaigning", "tampering"),
}
_QUESTIONS: Final = ("box_sealed", "step_free", "reconciliation", "present")


@st.composite
def fitted(draw: st.DrawFn, events: st.SearchStrategy[Event]) -> Event:
    """Events whose names are those of the small election, as far as its pack decides."""
    event = draw(events)
    event["election"] = "test-2030"
    event["source"] = draw(st.sampled_from(_SOURCES[event["type"].split(".")[1]]))
    data = event["data"]
    if data.get("region") is not None:
        _placed(draw, data)
    for name, known in _NAMES.items():
        if data.get(name) is not None:
            data[name] = draw(st.sampled_from(known))
    if "answers" in data:
        asked = draw(st.permutations(_QUESTIONS))
        data["answers"] = dict(zip(asked, data["answers"].values(), strict=False))
    for name in ("about", "duplicate_of"):
        if data.get(name) is not None:
            data[name]["source"] = draw(st.sampled_from(_SOURCES["observer"]))
            data[name]["region"] = draw(st.sampled_from(tuple(_SMALLER)))
    if event.get("subject") is not None and "report_id" in data:
        event["subject"] = data["report_id"]
    return event


def _placed(draw: st.DrawFn, data: Event) -> None:
    smaller = data.get("station") is not None or data.get("commission") is not None
    regions = tuple(_SMALLER) if smaller else ("XX", *_SMALLER)
    data["region"] = draw(st.sampled_from(regions))
    for place, name in enumerate(("station", "commission")):
        if data.get(name) is not None:
            data[name] = _SMALLER[data["region"]][place]
