"""What the screen says, from the tables of the worker alone. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from schemas.fields import microseconds
from schemas.pack import Pack
from streams.tables.basis import Hearing

TABLES = (
    "incidents_recent",
    "restrictions_recent",
    "open_restrictions",
    "official_turnout",
    "official_findings",
    "turnout",
    "rejected",
)
"""The tables that the screen is made from."""

Rows = Sequence[Mapping[str, Any]]


class Official(NamedTuple):
    """The newest official figure of a place. Times are µs since the epoch."""

    percent: str
    as_of: int
    published: int | None


class Gap(NamedTuple):
    """The newest comparison of an official figure with a sample or with stations watched.

    ``points``: official − observed, None where it may not be shown; ``n``: stations.
    """

    points: float | None
    verdict: str
    n: int

    @property
    def alarming(self) -> bool:
        """Whether the sample says that the official figure is another one."""
        return self.verdict in ("official_above", "official_below")


class RegionLine(NamedTuple):
    """One region, as the screen shows it."""

    code: str
    name: str
    open: int
    """Restrictions on observers that nobody has lifted."""
    quarter: int
    """Incidents of the last 15 minutes."""
    hour: int
    official: Official | None
    findings: tuple[str, ...]
    """An official figure that a sample contradicts; what the official series has wrong with
    itself; ``(past)`` where it was mended."""
    cluster: bool = False
    """So many restrictions within the last hour that the pack calls it a cluster."""
    heard: Hearing | None = None
    """Whether anybody reports from there; None: the worker has not said."""
    gap: Gap | None = None

    @property
    def urgency(self) -> tuple[int, int, int, int, bool, str]:
        """Sorts the most urgent first; of two without incidents the one that is not heard."""
        calm = self.heard == "reporting"
        return (-self.open, -self.quarter, -len(self.findings), -self.hour, calm, self.code)

    @property
    def nothing(self) -> str:
        """What stands in the place of 0, which says something only where somebody reports."""
        match self.heard:
            case "reporting":
                return "-"
            case "silent":
                return "silent"
            case None:
                return "unknown"
            case _:
                return "no reports"


class OpenRestriction(NamedTuple):
    """One restriction that is open."""

    since: int
    report_id: str
    region: str
    place: str
    kind: str
    group: str
    phase: str
    status: str


AGAINST: Mapping[str, str] = MappingProxyType(
    {"register_changed": "pack", "impossible": "everybody", "sum_mismatch": "sum of regions"}
)
"""What a figure is held against where that is nothing that anybody published."""


class Finding(NamedTuple):
    """One thing that does not fit in the official figures; "none" is what was not published."""

    checkpoint: int
    region: str
    finding: str
    holds: bool
    value: str
    publisher: str
    previous: str
    previous_publisher: str


class Board(NamedTuple):
    """Everything on the screen that is about the election."""

    now: int | None
    country: Official | None
    regions: list[RegionLine]
    restrictions: list[OpenRestriction]
    """The newest first."""
    rejected: list[tuple[str, int]]
    """Reasons, the most frequent first."""
    findings: list[Finding]
    """The newest checkpoint first."""
    gap: Gap | None = None
    """The country's."""

    @property
    def hour(self) -> int:
        """Incidents of the last hour, everywhere."""
        return sum(region.hour for region in self.regions)

    @property
    def reporting(self) -> int:
        """Regions that reports come from, and have not ceased to."""
        return sum(region.heard == "reporting" for region in self.regions)


def build(pack: Pack, now: int | None, tables: Mapping[str, Rows], basis: Rows = ()) -> Board:
    """The board at ``now`` (µs), from the rows of ``TABLES``; a missing table counts as empty.

    ``basis``: what is heard of each region, as every answer of the worker says.
    """
    heard: dict[str, Hearing] = {row["region"]: row["state"] for row in basis}
    recent: dict[str, Counter[str]] = defaultdict(Counter)
    for row in tables.get("incidents_recent", ()):
        recent[row["window"]][row["region"]] += row["reports"]
    opened: Counter[str] = Counter()
    for row in tables.get("restrictions_recent", ()):
        if row["window"] == "1h":
            opened[row["region"]] += row["reports"]
    restrictions = _restrictions(pack, tables.get("open_restrictions", ()))
    standing = Counter(row["region"] for row in tables.get("open_restrictions", ()))
    official = _official(tables.get("official_turnout", ()), pack.main_contest)
    findings = _findings(tables.get("official_findings", ()))
    gaps = _gaps(tables.get("turnout", ()), pack.main_contest)
    regions = [
        RegionLine(
            code=code,
            name=pack.regions[code].name,
            open=standing[code],
            quarter=recent["15m"][code],
            hour=recent["1h"][code],
            official=official.get(code),
            findings=(*_alarming(gaps.get(code)), *findings.get(code, ())),
            gap=gaps.get(code),
            cluster=opened[code] >= pack.judgement.alarms.cluster_reports,
            heard=heard.get(code),
        )
        for code in pack.region_codes()
    ]
    rejected: Counter[str] = Counter()
    for row in tables.get("rejected", ()):
        rejected[row["reason"]] += row["count"]
    return Board(
        now=now,
        country=official.get(pack.country),
        regions=sorted(regions, key=lambda region: region.urgency),
        restrictions=restrictions,
        rejected=rejected.most_common(),
        findings=_details(pack, tables.get("official_findings", ())),
        gap=gaps.get(pack.country),
    )


def _restrictions(pack: Pack, rows: Rows) -> list[OpenRestriction]:
    found = [
        OpenRestriction(
            since=_moment(row["since"]),
            report_id=row["report_id"],
            region=row["region"],
            place=_place(pack, row),
            kind=row["kind"],
            group=row["observer_group"],
            phase=row["phase"],
            status=row["status"],
        )
        for row in rows
    ]
    return sorted(found, reverse=True)


def _place(pack: Pack, row: Mapping[str, Any]) -> str:
    """The code first: it survives a narrow column."""
    place: str = row["station"] or row["commission"] or f"{row['region']} above stations,"
    return f"{place.removeprefix('SIM-')} {pack.regions[row['region']].name}"


def _official(rows: Rows, contest: str) -> dict[str, Official]:
    """Per region the figure of the newest checkpoint."""
    newest: dict[str, tuple[int, Official]] = {}
    for row in rows:
        if row["station"] is not None or row["contest"] not in (None, contest):
            continue
        if row["percent"] is None:
            continue
        published = row["published"]
        figure = Official(
            row["percent"], _moment(row["as_of"]), _moment(published) if published else None
        )
        found = (_moment(row["checkpoint"]), figure)
        newest[row["region"]] = max(newest.get(row["region"], found), found)
    return {region: figure for region, (_, figure) in newest.items()}


def _alarming(gap: Gap | None) -> tuple[str, ...]:
    return (gap.verdict,) if gap is not None and gap.alarming else ()


def _gaps(rows: Rows, contest: str) -> dict[str, Gap]:
    """Per region the newest level that has both an official figure and an observation."""
    found = {}
    for row in rows:  # ascending by checkpoint
        if row["comparison"] != "level" or row["contest"] != contest:
            continue
        if row["verdict"] not in ("no_official", "no_observation"):
            points = None if row["gap"] is None else 100 * row["gap"]
            found[row["region"]] = Gap(points, row["verdict"], row["n"])
    return found


def _findings(rows: Rows) -> dict[str, tuple[str, ...]]:
    """Per region the kinds of findings, the ones that hold now first."""
    kinds: dict[str, dict[str, bool]] = defaultdict(dict)
    for row in rows:
        known = kinds[row["region"]]
        known[row["finding"]] = known.get(row["finding"], False) or row["open"]
    return {
        region: tuple(
            kind if holds else f"{kind} (past)"
            for kind, holds in sorted(known.items(), key=lambda item: (not item[1], item[0]))
        )
        for region, known in kinds.items()
    }


def _details(pack: Pack, rows: Rows) -> list[Finding]:
    found = [
        Finding(
            checkpoint=_moment(row["checkpoint"]),
            region=pack.regions[row["region"]].name,
            finding=row["finding"],
            holds=row["open"],
            value="none" if row["value"] is None else str(row["value"]),
            publisher=row["publisher"] or "",
            previous="" if row["previous_value"] is None else str(row["previous_value"]),
            previous_publisher=row["previous_publisher"] or AGAINST.get(row["finding"], ""),
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (-each.checkpoint, each.region, each.finding))


def _moment(text: str) -> int:
    return microseconds(datetime.fromisoformat(text))
