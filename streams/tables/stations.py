"""How many polling stations there are in each region."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from schemas.pack import Pack


@lru_cache(maxsize=8)
def station_counts(pack: Pack) -> Mapping[str, int | None]:
    """Region → how many stations it has, as the pack says or else lists; None: not known."""
    listed: dict[str, int] = {}
    for station in (pack.stations or {}).values():
        listed[station.region] = listed.get(station.region, 0) + 1
    return {
        code: region.stations if region.stations is not None else listed.get(code)
        for code, region in pack.regions.items()
    }
