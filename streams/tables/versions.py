"""Versions of one identity: a set that only grows, and which of them is current."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, get_type_hints

from schemas.canonical import canonical, data_fields, event_line
from schemas.envelope import EVENTS
from schemas.fields import rfc3339

Outcome = Literal["accepted", "duplicate", "superseded", "rejected"]
"""What folding one record came to. ``superseded``: kept, but an older version than the current."""

TYPE_OF: Final[dict[type, str]] = {
    get_type_hints(model)["data"]: name for name, (model, _) in EVENTS.items()
}
"""The event type that carries a data class."""


class Version:
    """One version of a report, a decision or an official figure.

    ``time`` is the event's time as printed, ``at`` the one it counts at (µs since the epoch; they
    differ only where the clock was skewed). ``data`` is the event's data object itself.
    ``others``: on the current version, the rest of its identity in ascending order.
    """

    __slots__ = ("at", "data", "id", "others", "source", "time")

    def __init__(self, id_: str, source: str, time: int, at: int, data: Any) -> None:
        self.id = id_
        self.source = source
        self.time = time
        self.at = at
        self.data = data
        self.others: list[Version] | None = None

    def __iter__(self) -> Iterator[Version]:
        """All versions of the identity, this current one last."""
        if self.others is not None:
            yield from self.others
        yield self

    @property
    def type(self) -> str:
        """The event type."""
        return TYPE_OF[self.data.__class__]

    def content(self) -> dict[str, object]:
        """What the version says: type, time and data as JSON. Two are in conflict by this."""
        return {"type": self.type, "time": rfc3339(self.time), "data": data_fields(self.data)}

    def line(self) -> bytes:
        """The canonical line: everything the state keeps but ``at``, which the log decides."""
        return event_line(self.id, self.source, self.type, self.time, self.data)


def same_event(a: Version, b: Version) -> bool:
    """Whether the canonical lines are equal, without making them."""
    return (
        a.id == b.id
        and a.time == b.time
        and a.source == b.source
        and a.data.__class__ is b.data.__class__
        and a.data == b.data
    )


def same_content(a: Version, b: Version) -> bool:
    """Whether two versions say the same, under whatever id."""
    return a.time == b.time and a.data.__class__ is b.data.__class__ and bool(a.data == b.data)


def newer(a: Version, b: Version) -> bool:
    """Whether ``a`` comes after ``b``: by revision, id, SHA-256 of the data, canonical line."""
    if a.data.revision != b.data.revision:
        return bool(a.data.revision > b.data.revision)
    if a.id != b.id:
        return a.id > b.id
    return _last_resort(a) > _last_resort(b)


def _last_resort(version: Version) -> tuple[bytes, bytes]:
    digest = hashlib.sha256(canonical(data_fields(version.data))).digest()
    return digest, version.line()


def find(head: Version, new: Version) -> Version | None:
    """The version of ``head``'s identity that is the same event as ``new``."""
    if same_event(head, new):
        return head
    others = head.others
    if others is not None:
        key = _key(new)
        for place in range(bisect_left(others, key, key=_key), len(others)):
            if _key(others[place]) != key:
                break
            if same_event(others[place], new):
                return others[place]
    return None


def enlarge(head: Version, new: Version) -> Version:
    """Add ``new``, which must not be there yet, to the identity of ``head``: its new head."""
    others = head.others if head.others is not None else []
    head.others = None
    current = new
    if newer(new, head):
        others.append(head)
    else:
        current = head
        place = bisect_right(others, _key(new), key=_key)
        while place and newer(others[place - 1], new):
            place -= 1
        others.insert(place, new)
    current.others = others
    return current


def _key(version: Version) -> tuple[int, str]:
    return version.data.revision, version.id


def revisions(versions: Iterable[Version]) -> list[Version]:
    """The last version of each revision; ``versions`` and they ascending."""
    last: dict[int, Version] = {}
    for version in versions:
        last[version.data.revision] = version
    return list(last.values())
