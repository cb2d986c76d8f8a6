"""The places of a pack: regions.csv, stations.csv, commissions.csv, districts.csv."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast, get_args

from schemas.pack.csvfile import CODE, PLACE, REGION, Columns, CsvFile, Row
from schemas.pack.election import ELECTION_FILE, ElectionText
from schemas.pack.models import Commission, Contest, District, Region, RegionKind, Station
from schemas.pack.problems import Problems
from schemas.pack.toml_lines import line_of

REGIONS: Final = Columns(("code", "name", "parent"), ("kind", "registered", "stations"))
STATIONS: Final = Columns(("id", "region"), ("registered", "stratum", "urban", "lat", "lon"))
COMMISSIONS: Final = Columns(("id", "region", "name"), ("level",))
DISTRICTS: Final = Columns(("code", "contest", "region", "name", "electorate"), ("note",))

_KINDS: Final = get_args(RegionKind)
_YES: Final = {"yes": True, "no": False, "": None}


def read_regions(text: str, election: ElectionText | None, problems: Problems) -> dict[str, Region]:
    """Regions by code. The country is the row that election.toml names."""
    file = CsvFile("regions.csv", text, REGIONS, problems)
    regions: dict[str, Region] = {}
    rows: dict[str, Row] = {}
    country = election.values.country if election else None
    for row in file.rows():
        code = row.key("code", REGION, regions)
        kind = row.choice("kind", _KINDS, optional=True)
        if country is not None:
            kind = _kind(row, code, kind, country)
        region = Region(
            code,
            row.text("name"),
            row.raw("parent") or None,
            row.count("registered"),
            row.count("stations"),
            cast("RegionKind", kind or "region"),
        )
        if code not in regions:
            regions[code] = region
            rows[code] = row
    for code, row in rows.items():
        _check_parent(code, row, regions)
    if election and regions and country not in regions:
        line = line_of(election.lines, ("country",))
        problems.add(ELECTION_FILE, line, f"country: '{country}' is no code in regions.csv")
    return regions


def _kind(row: Row, code: str, kind: str | None, country: str) -> str | None:
    if code == country:
        if kind in (None, "country"):
            return "country"
        row.fault("kind", f"'{code}' is the country of election.toml, not '{kind}'")
    elif kind == "country":
        row.fault("kind", f"the country of election.toml is '{country}'")
    return kind


def _check_parent(code: str, row: Row, regions: Mapping[str, Region]) -> None:
    parent = regions[code].parent
    if parent is None:
        return
    if parent not in regions:
        row.fault("parent", f"{parent!r} is no region of this pack")
        return
    seen = {code}
    while parent is not None and parent in regions:
        if parent == code:
            row.fault("parent", f"'{code}' is above itself")
        if parent in seen:
            return
        seen.add(parent)
        parent = regions[parent].parent


def read_stations(
    text: str, regions: Mapping[str, Region] | None, problems: Problems
) -> dict[str, Station]:
    """Stations by id."""
    stations: dict[str, Station] = {}
    shared: dict[str, str] = {code: code for code in regions or ()}
    for row in CsvFile("stations.csv", text, STATIONS, problems).rows():
        ident = row.key("id", PLACE, stations)
        region = row.known("region", regions, "region")
        stratum = row.raw("stratum")
        if stratum and stratum not in shared:
            stratum = row.code("stratum", PLACE)
        urban = row.raw("urban")
        if urban not in _YES:
            row.fault("urban", f"{urban!r} is none of yes, no or empty")
        lat, lon = row.degrees("lat", 90), row.degrees("lon", 180)
        if row.ok and (lat is None) != (lon is None):
            row.fault("lat" if lat is None else "lon", "is empty while the other is given")
        registered = row.count("registered")
        # One object for each region and stratum, however many stations name it.
        stations[ident] = Station(
            ident,
            shared.setdefault(region, region),
            registered,
            shared.setdefault(stratum, stratum) if stratum else None,
            _YES.get(urban),
            lat,
            lon,
        )
    return stations


def read_commissions(
    text: str, regions: Mapping[str, Region] | None, problems: Problems
) -> dict[str, Commission]:
    """Commissions by id."""
    commissions: dict[str, Commission] = {}
    for row in CsvFile("commissions.csv", text, COMMISSIONS, problems).rows():
        ident = row.key("id", PLACE, commissions)
        level = row.code("level", CODE) if row.raw("level") else None
        region = row.known("region", regions, "region")
        commissions.setdefault(ident, Commission(ident, region, row.text("name"), level))
    return commissions


def read_districts(
    text: str,
    regions: Mapping[str, Region] | None,
    contests: Mapping[str, Contest] | None,
    problems: Problems,
) -> dict[str, District]:
    """Single-mandate districts by code; region and electorate may be unknown (empty)."""
    districts: dict[str, District] = {}
    for row in CsvFile("districts.csv", text, DISTRICTS, problems).rows():
        code = row.key("code", PLACE, districts)
        region = row.known("region", regions, "region") if row.raw("region") else None
        contest = row.known("contest", contests, "contest")
        name, note = row.text("name"), row.text("note", optional=True)
        electorate = row.count("electorate")
        districts.setdefault(code, District(code, contest, region, name, electorate, note))
    return districts
