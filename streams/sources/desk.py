"""The operations room's own events: decisions about reports, notes on the timeline."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from schemas.desk import Notice, Triage
from schemas.fields import rfc3339
from schemas.observer import Report
from schemas.reading import read
from schemas.routing import partition_of
from schemas.verdict import Accepted, Origin
from streams.errors import UserError
from streams.log.reading import read_to_end
from streams.settings import Settings

if TYPE_CHECKING:
    from schemas.pack import Pack


class ReportId(NamedTuple):
    """Which report: the three parts of its identity."""

    source: str
    region: str
    report_id: str

    def __str__(self) -> str:
        return "|".join(self)

    @property
    def ref(self) -> dict[str, str]:
        """As an event says it."""
        return self._asdict()


def own_source(pack: Pack, wanted: str | None) -> str:
    """The source that the desk writes as: ``wanted``, else the first of the pack's desk sources."""
    desks = [uri for uri, source in pack.sources.items() if source.authority == "desk"]
    if wanted is not None and wanted not in desks:
        raise UserError(f"{wanted!r} is no desk source of the pack: {', '.join(desks) or 'none'}")
    if not desks:
        raise UserError(f"the pack {pack.id} has no source with authority desk")
    return wanted or desks[0]


def whole_id(text: str, pack: Pack) -> ReportId | None:
    """``source|region|report_id`` taken apart; None when ``text`` is not of that form."""
    parts = text.split("|")
    for at in range(1, len(parts) - 1):
        # A source or a report's id may hold a bar themselves; a region never does.
        found = ReportId("|".join(parts[:at]), parts[at], "|".join(parts[at + 1 :]))
        if found.source in pack.sources and found.region in pack.regions:
            return found
    return None


async def identify(
    settings: Settings, pack: Pack, text: str, source: str | None, region: str | None
) -> ReportId:
    """The report that an operator means.

    A whole identity and one that ``source`` and ``region`` complete are taken as they are, for a
    decision may come before its report. Else it is looked up among the reports in the log.
    UserError: there is none, or more than one.
    """
    if (whole := whole_id(text, pack)) is not None:
        return whole
    if source is not None and region is not None:
        return ReportId(source, region, text)
    found = {
        ReportId(event.event.source, event.region, text)
        async for event in _about(settings, pack, settings.topics.observer, text, region)
        if isinstance(data := event.event.data, Report)
        and data.report_id == text
        and source in {None, event.event.source}
    }
    if len(found) == 1:
        return found.pop()
    if not found:
        raise UserError(
            f"there is no report {text!r} in {settings.topics.observer}: to decide before it "
            "comes, give --source and --region"
        )
    listed = "".join(f"\n  {each}" for each in sorted(found))
    raise UserError(f"{text!r} is the id of {len(found)} reports; say which:{listed}")


async def next_revision(settings: Settings, pack: Pack, about: ReportId) -> int:
    """One more than the newest decision about ``about`` in the log; 0 without any."""
    ref = about.ref
    revisions = [
        data.revision
        async for event in _about(
            settings, pack, settings.topics.desk, about.report_id, about.region
        )
        if isinstance(data := event.event.data, Triage)
        and {name: getattr(data.about, name) for name in ref} == ref
    ]
    return max(revisions, default=-1) + 1


async def notes(
    settings: Settings, pack: Pack, source: str, notice_id: str
) -> AsyncIterator[Accepted]:
    """Every version in the log of the note with this id of ``source``, in whatever region."""
    async for event in _about(settings, pack, settings.topics.desk, notice_id, None):
        data = event.event.data
        if (
            isinstance(data, Notice)
            and data.notice_id == notice_id
            and event.event.source == source
        ):
            yield event


async def _about(
    settings: Settings, pack: Pack, topic: str, needle: str, region: str | None
) -> AsyncIterator[Accepted]:
    """Accepted events of ``topic`` in whose bytes ``needle`` stands; ``region`` None: of all."""
    count = settings.topics.partitions
    partition = None if region is None else partition_of(region, count)
    # Ids are printable ASCII; only a quote, a backslash or a slash may be written in more ways.
    plain = needle.encode() if not set(needle) & set('"\\/') else b""
    async for record in read_to_end(settings.broker, topic, partition):
        value = record.value or b""
        if plain not in value and b"\\u" not in value:
            continue
        origin = Origin(topic, record.partition, count, record.key, record.timestamp)
        verdict = read(value, origin, pack)
        if isinstance(verdict, Accepted) and region in {None, verdict.region}:
            yield verdict


def event(type_: str, source: str, at: int, pack: Pack, data: Mapping[str, Any]) -> bytes:
    """A desk's event as it is sent; ``at``: µs since the epoch. What is None is left out."""
    whole = {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": source,
        "type": type_,
        "time": rfc3339(at),
        "datacontenttype": "application/json",
        "election": pack.id,
        "data": {name: value for name, value in data.items() if value is not None},
    }
    return json.dumps(whole, ensure_ascii=False).encode("utf-8", "backslashreplace")
