"""How models are filled with what was decoded of them: `make docs` writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Mends = dict[str, Callable[[Any], Any]]
Fill = Callable[[Any], Any]


def report_ref(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``ReportRef``."""
    new = object.__new__
    as_source = mend["source"]
    as_region = mend["region"]
    as_report_id = mend["report_id"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.source = as_source(found.source)
        made.region = as_region(found.region)
        made.report_id = as_report_id(found.report_id)
        made.__class__ = model
        return made

    return fill


def triage(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``Triage``."""
    new = object.__new__
    as_about = mend["about"]
    as_duplicate_of = mend["duplicate_of"]
    as_note = mend["note"]
    as_decided_by = mend["decided_by"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.about = as_about(found.about)
        made.revision = found.revision
        made.status = found.status
        duplicate_of = found.duplicate_of
        made.duplicate_of = None if duplicate_of is None else as_duplicate_of(duplicate_of)
        made.severity = found.severity
        note = found.note
        made.note = None if note is None else as_note(note)
        decided_by = found.decided_by
        made.decided_by = None if decided_by is None else as_decided_by(decided_by)
        made.__class__ = model
        made.__post_init__()
        return made

    return fill


def notice(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``Notice``."""
    new = object.__new__
    as_notice_id = mend["notice_id"]
    as_region = mend["region"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.notice_id = as_notice_id(found.notice_id)
        made.revision = found.revision
        region = found.region
        made.region = None if region is None else as_region(region)
        made.text = found.text
        made.withdrawn = found.withdrawn
        made.__class__ = model
        return made

    return fill


def complaint(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``Complaint``."""
    new = object.__new__
    as_complaint_id = mend["complaint_id"]
    as_region = mend["region"]
    as_station = mend["station"]
    as_commission = mend["commission"]
    as_filed = mend["filed"]
    as_subject = mend["subject"]
    as_decided = mend["decided"]
    as_published = mend["published"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.complaint_id = as_complaint_id(found.complaint_id)
        made.revision = found.revision
        made.region = as_region(found.region)
        station = found.station
        made.station = None if station is None else as_station(station)
        commission = found.commission
        made.commission = None if commission is None else as_commission(commission)
        made.filed = as_filed(found.filed)
        made.subject = as_subject(found.subject)
        decided = found.decided
        made.decided = None if decided is None else as_decided(decided)
        published = found.published
        made.published = None if published is None else as_published(published)
        made.outcome = found.outcome
        made.withdrawn = found.withdrawn
        made.__class__ = model
        made.__post_init__()
        return made

    return fill


def clock(open_: Any, model: Any, mend: Mends) -> Fill:
    """Fills ``Clock``."""
    new = object.__new__
    as_now = mend["now"]

    def fill(found: Any) -> Any:
        made = new(open_)
        made.now = as_now(found.now)
        made.__class__ = model
        return made

    return fill


FILLS: Final[dict[str, Callable[[Any, Any, Mends], Fill]]] = {
    "ReportRef": report_ref,
    "Triage": triage,
    "Notice": notice,
    "Complaint": complaint,
    "Clock": clock,
}
"""Name of a model, and what fills it."""
