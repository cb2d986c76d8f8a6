"""Which annotations there should be, and what makes those that are there into them. Pure.

An annotation is known by its tags: `scrutineer`, `election:<id>`, and `notice:<hash>`, or
`polls:open` or `polls:close` together with its time. Grafana splits a tag at its first colon and
drops what follows a second one, so no tag has more than one.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from schemas.fields import microseconds

if TYPE_CHECKING:
    from schemas.pack import Pack

OURS: Final = "scrutineer"
POLLS: Final = ("polls:open", "polls:close")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]{1,80}")
"""What stands in a tag, or an address, as it is."""


class Annotation(NamedTuple):
    """One that there should be. ``time``: milliseconds since the epoch. ``text``: HTML."""

    time: int
    tags: tuple[str, ...]
    text: str


class Stored(NamedTuple):
    """One that is in Grafana."""

    id: int
    time: int
    time_end: int
    tags: tuple[str, ...]
    text: str


class Wanted(NamedTuple):
    """What there should be, and how much is known about what there should not be.

    ``withdrawn``: keys of notices that were taken back. ``regions``: those whose notices are all
    among ``annotations``. ``polls``: whether all openings and closings are.
    """

    annotations: Sequence[Annotation]
    withdrawn: AbstractSet[str] = frozenset()
    regions: AbstractSet[str] = frozenset()
    polls: bool = False


class Change(NamedTuple):
    """A step. ``id``: of the annotation in Grafana, None for one that is to be made."""

    outcome: Literal["created", "updated", "deleted"]
    id: int | None
    annotation: Annotation


class Plan(NamedTuple):
    """What to do, and how many annotations are as they should be."""

    changes: list[Change]
    unchanged: int


def election_tags(election: str) -> tuple[str, str]:
    """The tags that all annotations of an election carry, and nobody else's."""
    return OURS, f"election:{election if _PLAIN.fullmatch(election) else _hash(election)}"


def notice_key(region: str, source: str, notice_id: str) -> str:
    """The tag by which the annotation of a notice is found again, whatever its text."""
    return f"notice:{_hash(region, source, notice_id)}"


def of_notices(rows: Iterable[Mapping[str, Any]], election: str) -> Iterator[Annotation]:
    """An annotation for each row of the table `notices`, its text shown as it is written.

    Several rows of one notice, as two workers give them during a handover, are one: that of the
    highest revision.
    """
    newest: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        key = notice_key(row["region"], row["source"], row["notice_id"])
        if key not in newest or row["revision"] > newest[key]["revision"]:
            newest[key] = row
    for key, row in newest.items():
        yield Annotation(
            microseconds(datetime.fromisoformat(row["time"])) // 1000,
            (*election_tags(election), key, f"region:{row['region']}"),
            html.escape(row["text"], quote=False),
        )


def of_polls(pack: Pack) -> Iterator[Annotation]:
    """An annotation for each moment at which polls open, and at which they close: where."""
    codes = pack.region_codes()
    for side, (tag, what) in enumerate(zip(POLLS, ("open", "close"), strict=True)):
        moments: dict[int, list[str]] = {}
        for code in codes:
            for day in pack.polls(code):
                moments.setdefault(day[side] // 1000, []).append(code)
        for time, where in moments.items():
            text = f"Polls {what} in {len(where)} of {len(codes)} regions: {', '.join(where)}"
            yield Annotation(time, (*election_tags(pack.id), tag), text)


def key_of(tags: Iterable[str], time: int) -> str | None:
    """By what an annotation of ours is known; None: it is none that we made."""
    for tag in tags:
        if tag.startswith("notice:"):
            return tag
        if tag in POLLS:
            return f"{tag} {time}"
    return None


def plan(wanted: Wanted, stored: Iterable[Stored]) -> Plan:
    """What makes ``stored``, the annotations with the election's tags, into the wanted ones.

    Of several with one key the oldest stays. What is not wanted goes only where it is known to be
    gone: a notice that was withdrawn, or that its region no longer has, a moment that is no longer
    an opening or closing. Annotations of somebody else with our tags are left alone.
    """
    missing = {key_of(each.tags, each.time): each for each in wanted.annotations}
    changes: list[Change] = []
    seen: set[str] = set()
    unchanged = 0
    for each in sorted(stored):
        key = key_of(each.tags, each.time)
        if key is None:
            continue
        should = missing.pop(key, None)
        if should is not None and _is(each, should):
            unchanged += 1
        elif should is not None:
            changes.append(Change("updated", each.id, should))
        elif key in seen or _is_gone(key, each, wanted):
            changes.append(Change("deleted", each.id, Annotation(each.time, each.tags, each.text)))
        seen.add(key)
    changes += (Change("created", None, each) for each in sorted(missing.values()))
    return Plan(changes, unchanged)


def region_of(tags: Iterable[str]) -> str | None:
    """The region that an annotation is tagged with."""
    return next((tag.partition(":")[2] for tag in tags if tag.startswith("region:")), None)


def _is(stored: Stored, should: Annotation) -> bool:
    return (
        stored.time == stored.time_end == should.time
        and stored.text == should.text
        and set(stored.tags) == set(should.tags)
    )


def _is_gone(key: str, stored: Stored, wanted: Wanted) -> bool:
    if key.startswith(POLLS):
        return wanted.polls
    return key in wanted.withdrawn or region_of(stored.tags) in wanted.regions


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
