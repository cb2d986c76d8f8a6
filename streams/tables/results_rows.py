"""Rows about stations: of how many results were published, how many are open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.fields import microseconds, rfc3339
from schemas.official import Opening
from streams.tables.region import RegionTables
from streams.tables.stations import station_counts, stations_of_country
from streams.tables.view import Row, View


def results_published(view: View) -> Iterator[Row]:
    """Of how many stations results were published: in every region of the pack, in the country.

    Results are votes by contestant; a protocol without any does not count.
    ``since``: when the first of them was. ``seconds_since_close``: how long the polls have been
    closed there, in the country for the last time anywhere; None while they are open or where the
    pack does not know the hours. The country's row sums up the regions of the partitions that are
    looked at, and holds them against all stations of the country.
    """
    for code, tables in view.expected():
        yield from _results(view, code, [tables], station_counts(view.pack).get(code))
    country = view.pack.country
    if view.parts and view.region in (None, country):
        all_ = stations_of_country(view.pack)
        yield from _results(view, country, list(view.everywhere()), all_)


def _results(
    view: View, code: str, several: Sequence[RegionTables], stations: int | None
) -> Iterator[Row]:
    polls = view.pack.polls(code)
    waited = (view.now - polls[-1][1]) // 1_000_000 if polls else -1
    for contest in view.pack.contests:
        found = [tables.protocols.stations(contest) for tables in several]
        since = min((first for _, first in found if first is not None), default=None)
        yield {
            "region": code,
            "contest": contest,
            "published": sum(number for number, _ in found),
            "stations": stations,
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
