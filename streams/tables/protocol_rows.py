"""Rows of the table ``protocols``: copies, what was published, what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.canonical import data_fields
from schemas.fields import microseconds, rfc3339
from schemas.official import OfficialProtocol
from streams.tables.arithmetic import FIGURES, check
from streams.tables.differences import Copy, Difference, differences
from streams.tables.incidents import CONFIRMED
from streams.tables.protocol_findings import Finding, findings
from streams.tables.protocols import home_share
from streams.tables.versions import Version
from streams.tables.view import Row, View


def protocols(view: View) -> Iterator[Row]:
    """One row for each place and contest of which there is a copy or a published protocol.

    ``official``: the published protocol whose results count (``Published.headline``), or None;
    ``others``: what other publishers published. ``observed``: every copy that stands.
    ``differences``: the figures, down to each contestant's, that the copies and the published
    figures that count do not agree about. ``findings``: see ``protocol_findings.findings``; of
    each both figures, and whose they are. ``not_checkable``: the checks that a current protocol
    lacks the figures for.
    """
    home = home_share(view.pack)
    keep = CONFIRMED if view.confirmed_only else None
    for tables in view.regions:
        mine = tables.protocols
        for place in mine.copies.keys() | mine.published.keys():
            published, copies = mine.at(place, view.pack), mine.standing(place, keep)
            headline = published.headline
            if headline is None and not copies:
                continue
            documents = [*(copy.version for copy in copies), *published.ranked]
            missing = [(_named(one), check(one.data, home)[1]) for one in documents]
            station, commission, contest = place
            yield {
                "region": tables.code,
                "station": station or None,
                "commission": commission or None,
                "contest": contest,
                "official": None if headline is None else _published(headline),
                "others": [_published(head) for head in published.ranked if head is not headline],
                "observed": [_copy(copy) for copy in copies],
                "differences": [_difference(one) for one in differences(published, copies)],
                "findings": [_finding(one) for one in findings(published, copies, home)],
                "not_checkable": [{**name, "checks": kinds} for name, kinds in missing if kinds],
            }


def _named(version: Version) -> Row:
    """Which protocol of the row is meant: a published one or an observer's copy."""
    data = version.data
    if isinstance(data, OfficialProtocol):
        return {"publisher": data.publisher, "source": None, "report_id": None}
    return {"publisher": None, "source": version.source, "report_id": data.report_id}


def _figures(version: Version) -> Row:
    fields = data_fields(version.data)
    return {name: fields[name] for name in (*FIGURES, "votes") if name in fields}


def _published(head: Version) -> Row:
    data: OfficialProtocol = head.data
    return {
        "publisher": data.publisher,
        "revision": data.revision,
        "published": rfc3339(microseconds(data.published)),
        "source_url": data.source_url,
        "figures": _figures(head),
    }


def _copy(copy: Copy) -> Row:
    version = copy.version
    return {
        "source": version.source,
        "report_id": version.data.report_id,
        "revision": version.data.revision,
        "observer_group": version.data.observer_group,
        "status": copy.status,
        "protocol_time": rfc3339(microseconds(version.data.protocol_time)),
        "figures": _figures(version),
    }


def _difference(one: Difference) -> Row:
    return {
        "figure": one.figure,
        "official": one.official,
        "publisher": one.publisher,
        "observed": [
            {"source": source, "report_id": report_id, "value": value}
            for source, report_id, value in one.observed
        ],
    }


def _finding(one: Finding) -> Row:
    previous = None if one.previous is None else one.previous.data
    return {
        "kind": one.kind,
        "open": one.open,
        **_named(one.version),
        "revision": one.version.data.revision,
        "source_url": getattr(one.version.data, "source_url", None),
        "figure": one.figure,
        "value": one.value,
        "limit": one.limit,
        "previous_publisher": getattr(previous, "publisher", None),
        "previous_revision": previous and previous.revision,
        "previous_source_url": getattr(previous, "source_url", None),
        "previous_value": one.previous_value,
    }
