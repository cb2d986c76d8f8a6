"""Rows of what the desk keeps: complaints and the timeline."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.fields import rfc3339
from streams.tables.view import Row, View


def complaints(view: View) -> Iterator[Row]:
    """Complaints by region: how many were filed, decided, made public, overdue, late."""
    for tables in view.regions:
        course = tables.complaints.course(view.pack, view.now)
        if course.filed:
            yield {"region": tables.code, **course._asdict()}


def notices(view: View) -> Iterator[Row]:
    """The timeline: every notice that was not withdrawn, as its text stands now."""
    for tables in view.regions:
        for (source, notice_id), head in tables.notices.heads.items():
            if not head.data.withdrawn:
                yield {
                    "region": tables.code,
                    "time": rfc3339(head.at),
                    "source": source,
                    "notice_id": notice_id,
                    "revision": head.data.revision,
                    "text": head.data.text,
                }
