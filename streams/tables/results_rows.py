"""Rows about stations: of how many results were published, how many are open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from schemas.fields import microseconds, rfc3339
from schemas.official import Opening
from schemas.pack import Pack
from streams.tables.region import RegionTables
from streams.tables.view import Row, View


@lru_cache(maxsize=8)
def station_counts(pack: Pack) -> Mapping[str, int | None]:
    """Region → how many stations it has, as the pack says or else lists; None: not known."""
    listed = _listed(pack)
    return {
        code: region.stations if region.stations is not None else listed.get(code)
        for code, region in pack.regions.items()
    }


def _listed(pack: Pack) -> dict[str, int]:
    listed: dict[str, int] = {}
    for station in (pack.stations or {}).values():
        listed[station.region] = listed.get(station.region, 0) + 1
    return listed


@lru_cache(maxsize=8)
def stations_of_country(pack: Pack) -> int | None:
    """As the country's own row in the pack says, else all its regions' together.

    None: the country's row does not say, and not all of the regions' counts are known.
    """
    listed, below = _listed(pack), dict[str, list[str]]()
    for code, region in pack.regions.items():
        if code != pack.country:
            below.setdefault(region.parent or pack.country, []).append(code)

    def total(code: str) -> int | None:
        stated, inner = pack.regions[code].stations, below.get(code)
        if stated is not None or not inner:
            return listed.get(code) if stated is None else stated
        counts = [total(other) for other in inner]
        known = [count for count in counts if count is not None]
        return sum(known) + listed.get(code, 0) if len(known) == len(counts) else None

    return total(pack.country)


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
