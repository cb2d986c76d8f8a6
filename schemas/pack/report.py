"""What a pack's own figures say: equality of the districts, and whether the registers add up.

Exact arithmetic; what is not known stays unknown and is never guessed from what is.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from schemas.pack.models import District, Region
from schemas.pack.pack import Pack

# Venice Commission, Code of Good Practice in Electoral Matters (CDL-AD(2002)023rev2-cor), I.2.2.iv:
# "The permissible departure from the norm should not be more than 10%, and should certainly not
# exceed 15% except in special circumstances".
PERMISSIBLE: Final = Fraction(10, 100)
LIMIT: Final = Fraction(15, 100)

Basis = Literal["districts", "register"]
Finding = Literal["within", "above_permissible", "above_limit", "unknown"]


class Deviation(NamedTuple):
    """A district against the mean. ``share`` None: its electorate or the mean is not known."""

    district: District
    share: Fraction | None
    finding: Finding


class Districts(NamedTuple):
    """The districts of one contest.

    ``number``: how many there are, which may be more than are listed. ``mean`` is over all of
    them (``basis`` districts) or, where an electorate is unknown, the country's register divided
    by their number (``basis`` register); None: neither can be computed.
    """

    contest: str
    number: int
    known: int
    mean: Fraction | None
    basis: Basis | None
    deviations: tuple[Deviation, ...]

    def count(self, finding: Finding) -> int:
        """How many of the listed districts have this finding."""
        return sum(each.finding == finding for each in self.deviations)


class Register(NamedTuple):
    """A region's registered voters and stations, and what its parts add up to.

    ``below``: the sum over the regions directly below; ``listed``: over the stations listed in
    it; ``in_districts``: over the districts in it. None: not known, because it is not given or a
    part of the sum is not.
    """

    region: Region
    below: int | None
    listed: int | None
    in_districts: int | None
    stations_below: int | None
    stations_listed: int | None


def districts(pack: Pack) -> list[Districts]:
    """The contests that have districts, by code."""
    by_contest: dict[str, list[District]] = {}
    for district in pack.districts.values():
        by_contest.setdefault(district.contest, []).append(district)
    return [_contest(pack, code, found) for code, found in sorted(by_contest.items())]


def _contest(pack: Pack, code: str, listed: list[District]) -> Districts:
    # One seat a district; a list of districts may be incomplete.
    number = max(len(listed), pack.contests[code].seats or 0)
    known = [each.electorate for each in listed if each.electorate is not None]
    registered = pack.regions[pack.country].registered
    mean: Fraction | None = None
    basis: Basis | None = None
    if len(known) == number:
        mean, basis = Fraction(sum(known), number), "districts"
    elif registered is not None:
        mean, basis = Fraction(registered, number), "register"
    deviations = tuple(_deviation(each, mean) for each in listed)
    return Districts(code, number, len(known), mean, basis, deviations)


def _deviation(district: District, mean: Fraction | None) -> Deviation:
    if district.electorate is None or not mean:
        return Deviation(district, None, "unknown")
    share = district.electorate / mean - 1
    if abs(share) > LIMIT:
        return Deviation(district, share, "above_limit")
    return Deviation(district, share, "above_permissible" if abs(share) > PERMISSIBLE else "within")


def registers(pack: Pack) -> list[Register]:
    """Every region, the country first, then by code."""
    below: dict[str, list[Region]] = {}
    for region in pack.regions.values():
        if region.code != pack.country:
            below.setdefault(region.parent or pack.country, []).append(region)
    stations: dict[str, list[int | None]] = {}
    for station in (pack.stations or {}).values():
        stations.setdefault(station.region, []).append(station.registered)
    areas = _areas(pack)
    found = []
    for region in sorted(pack.regions.values(), key=lambda r: (r.code != pack.country, r.code)):
        inner = below.get(region.code, [])
        own = stations.get(region.code, [])
        found.append(
            Register(
                region,
                _sum(each.registered for each in inner),
                _sum(own),
                _sum(areas.get(region.code, [])),
                _sum(each.stations for each in inner),
                len(own) if own else None,
            )
        )
    return found


def _areas(pack: Pack) -> dict[str, list[int | None]]:
    """Electorates of a region's districts; none where another district could lie in it too."""
    contests = districts(pack)
    listed = pack.districts.values()
    if len(contests) != 1 or contests[0].number != len(listed):
        return {}
    areas: dict[str, list[int | None]] = {}
    for district in listed:
        if district.region is None:
            return {}
        areas.setdefault(district.region, []).append(district.electorate)
    return areas


def _sum(values: Iterable[int | None]) -> int | None:
    """None for a sum of nothing, and where a part is unknown."""
    total = None
    for value in values:
        if value is None:
            return None
        total = value + (total or 0)
    return total
