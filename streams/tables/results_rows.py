"""Rows about results and openings: protocols, what was published, stations opened."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.canonical import data_fields
from schemas.fields import microseconds, rfc3339
from schemas.official import OfficialProtocol, Opening
from streams.tables.arithmetic import FIGURES, check
from streams.tables.incidents import CONFIRMED
from streams.tables.protocols import Copy, Difference, differences, home_share
from streams.tables.stations import station_counts
from streams.tables.versions import Version
from streams.tables.view import Row, View


def protocols(view: View) -> Iterator[Row]:
    """One row for each place and contest of which there is a copy or a published protocol.

    ``official``: the published figures, or None. ``observed``: every copy that stands.
    ``differences``: the figures, down to each contestant's, that these do not agree about.
    ``findings``: faults in the arithmetic of each of them, with both figures; ``not_checkable``:
    the checks that each lacks the figures for.
    """
    home = home_share(view.pack)
    keep = CONFIRMED if view.confirmed_only else None
    for tables in view.regions:
        mine = tables.protocols
        for place in mine.copies.keys() | mine.published.keys():
            headline = mine.headline(place, view.pack)
            copies = mine.standing(place, keep)
            if headline is None and not copies:
                continue
            faults, missing = [], []
            documents = [(_named(copy.version), copy.version.data) for copy in copies]
            if headline is not None:
                documents.append((_named(headline), headline.data))
            for name, data in documents:
                found, absent = check(data, home)
                faults += [{**name, **fault._asdict()} for fault in found]
                missing += [{**name, "checks": absent}] if absent else []
            station, commission, contest = place
            yield {
                "region": tables.code,
                "station": station or None,
                "commission": commission or None,
                "contest": contest,
                "official": None if headline is None else _published(headline),
                "observed": [_copy(copy) for copy in copies],
                "differences": [_difference(one) for one in differences(headline, copies)],
                "findings": faults,
                "not_checkable": missing,
            }


def _named(version: Version) -> Row:
    """Which protocol of the row is meant: the published one or an observer's copy."""
    data = version.data
    if isinstance(data, OfficialProtocol):
        return {"publisher": data.publisher, "source": None, "report_id": None}
    return {"publisher": None, "source": version.source, "report_id": data.report_id}


def _figures(version: Version) -> Row:
    fields = data_fields(version.data)
    return {name: fields[name] for name in (*FIGURES, "votes") if name in fields}


def _published(headline: Version) -> Row:
    data: OfficialProtocol = headline.data
    return {
        "publisher": data.publisher,
        "revision": data.revision,
        "published": rfc3339(microseconds(data.published)),
        "source_url": data.source_url,
        "figures": _figures(headline),
    }


def _copy(copy: Copy) -> Row:
    version = copy.version
    return {
        "source": version.source,
        "report_id": version.data.report_id,
        "observer_group": version.data.observer_group,
        "status": copy.status,
        "protocol_time": rfc3339(microseconds(version.data.protocol_time)),
        "figures": _figures(version),
    }


def _difference(one: Difference) -> Row:
    return {
        "figure": one.figure,
        "official": one.official,
        "observed": [
            {"source": source, "report_id": report_id, "value": value}
            for source, report_id, value in one.observed
        ],
    }


def results_published(view: View) -> Iterator[Row]:
    """Of how many stations results were published, in every region of the pack.

    Results are votes by contestant; a protocol without any does not count.
    ``since``: when the first of them was. ``seconds_since_close``: how long the polls have been
    closed there; None while they are open or where the pack does not know the hours.
    """
    for code, tables in view.expected():
        polls = view.pack.polls(code)
        waited = (view.now - polls[-1][1]) // 1_000_000 if polls else -1
        for contest in view.pack.contests:
            number, since = tables.protocols.stations(contest)
            yield {
                "region": code,
                "contest": contest,
                "published": number,
                "stations": station_counts(view.pack).get(code),
                "since": None if since is None else rfc3339(since),
                "seconds_since_close": waited if waited >= 0 else None,
            }


def openings(view: View) -> Iterator[Row]:
    """Stations open, by checkpoint; ``expected`` as published, else the pack's count."""
    for tables in view.regions:
        for moment, headline in tables.openings.headlines(view.pack):
            data: Opening = headline.data
            known = station_counts(view.pack).get(tables.code)
            yield {
                "region": tables.code,
                "as_of": rfc3339(microseconds(data.as_of)),
                "checkpoint": rfc3339(moment),
                "open": data.open,
                "expected": known if data.expected is None else data.expected,
                "publisher": data.publisher,
                "revision": data.revision,
                "published": data.published and rfc3339(microseconds(data.published)),
                "source_url": data.source_url,
            }
