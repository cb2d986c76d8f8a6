"""How many polling stations there are in each region, and the registers that the pack has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from schemas.pack import Pack


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


def register_of_region(pack: Pack, region: str, contest: str) -> int | None:
    """The pack's register of a region: of those who vote in the main contest, no other."""
    return pack.regions[region].registered if contest == pack.main_contest else None


def register_of_station(pack: Pack, station: str, contest: str) -> int | None:
    """The pack's register of a station, likewise; None where it lists none."""
    known = (pack.stations or {}).get(station)
    return None if known is None or contest != pack.main_contest else known.registered
