"""The tables computed anew from the whole list of events, naively and from the JSON alone.

Shares nothing with the incremental tables but the pack: plain dicts, sorted lists, no counters
that go down. It reads events.md in another handwriting, so that the two can disagree.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

from schemas.pack import Pack
from tests.strategies import Record
from tests.tables.spelling import Json, dumps, normal, order, shown, us

DISMISSED = ("rejected", "duplicate")
CONFIRMED = ("confirmed", "resolved", "escalated")
WINDOWS = {"15m": 15, "1h": 60, "6h": 360}


def whole(number: float) -> float | int:
    """90.0 as 90: `median` divides where the number of values is even."""
    return int(number) if number == int(number) else number


class Model:
    """All versions by identity, each list in order, the current one last."""

    def __init__(self, records: Iterable[Record], pack: Pack) -> None:
        self.pack = pack
        lines: dict[bytes, Json] = {}
        for one in records:
            version = normal(one.event)
            line = dumps(version)
            known = one.origin.timestamp * 1000
            at = us(version["time"])
            if "restriction" in version["type"] and at > known + pack.future_tolerance:
                at = known
            if line in lines:
                at = min(at, lines[line]["at"])
            lines[line] = version | {"at": at}
        self.lines = lines
        groups: dict[tuple[Any, ...], list[Json]] = defaultdict(list)
        for version in lines.values():
            groups[self.identity(version)].append(version)
        self.groups = {key: sorted(found, key=order) for key, found in groups.items()}

    def identity(self, version: Json) -> tuple[Any, ...]:
        """What makes two events versions of the same thing."""
        data = version["data"]
        if "official.protocol" in version["type"]:
            return ("published", (data["region"], *spot(data)), data["contest"], data["publisher"])
        if "opening" in version["type"]:
            moment = self.pack.checkpoint(us(data["as_of"]))
            return ("opening", data["region"], moment, data["publisher"])
        if "notice" in version["type"]:
            region = data.get("region", self.pack.country)
            return ("notice", version["source"], region, data["notice_id"])
        if "complaint" in version["type"]:
            return ("complaint", version["source"], data["region"], data["complaint_id"])
        if "official" in version["type"]:
            contest = data.get("contest", self.pack.main_contest)
            checkpoint = self.pack.checkpoint(us(data["as_of"]))
            place = (data["region"], data.get("station"), contest)
            return ("official", place, checkpoint, data["publisher"])
        if "desk" in version["type"]:
            about = data["about"]
            return ("decision", about["source"], about["region"], about["report_id"])
        return ("report", version["source"], data["region"], data["report_id"])

    # Reports

    def standing(self) -> list[Json]:
        """Current reports that are not withdrawn, with ``status`` and the severity in force."""
        found = []
        for key, versions in self.groups.items():
            current = versions[-1]
            if key[0] != "report" or current["data"]["withdrawn"]:
                continue
            decided = self.groups.get(("decision", *key[1:]))
            decision = decided[-1]["data"] if decided else {}
            severity = decision.get("severity") or current["data"].get("severity")
            found.append(
                current | {"status": decision.get("status", "reported"), "severity": severity}
            )
        return found

    def incidents(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``incidents``."""
        rows: dict[bytes, Json] = {}
        for report in self.kept("incident", confirmed_only):
            data = report["data"]
            row = {
                "region": data["region"],
                "category": data["category"],
                "severity": report["severity"],
                "phase": data["phase"],
                "status": report["status"],
            }
            row = rows.setdefault(dumps(row), row | {"reports": 0})
            row["reports"] += 1
        return list(rows.values())

    def kept(self, kind: str, confirmed_only: bool) -> list[Json]:
        """Standing reports of a kind, as far as the view keeps them."""
        return [
            report
            for report in self.standing()
            if kind in report["type"] and (not confirmed_only or report["status"] in CONFIRMED)
        ]

    def recent(self, kind: str, column: str, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of a rolling table."""
        rows = []
        cells: dict[tuple[str, str, str], int] = defaultdict(int)
        for report in self.kept(kind, confirmed_only):
            if report["status"] in DISMISSED:
                continue
            minutes = 60_000_000
            start = report["at"] - report["at"] % (5 * minutes)
            for window, length in WINDOWS.items():
                if now - length * minutes < start <= now:
                    cells[report["data"]["region"], report["data"][column], window] += 1
        for (region, value, window), reports in cells.items():
            rows.append({"region": region, column: value, "window": window, "reports": reports})
        return rows

    def incidents_recent(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``incidents_recent``."""
        return self.recent("incident", "category", now, confirmed_only)

    def restrictions_recent(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``restrictions_recent``."""
        return self.recent("restriction", "kind", now, confirmed_only)

    def ended(self, data: Json, now: int) -> bool:
        """Whether the phase was over for longer than the grace."""
        end = self.pack.phase_end(data["region"], data["phase"])
        grace = self.pack.judgement.restriction_grace[data["phase"]]
        return end is not None and end + grace < now

    def is_unlifted(self, report: Json) -> bool:
        """Whether nobody lifted it and the desk did not close it."""
        closed = ("rejected", "duplicate", "resolved")
        return "lifted" not in report["data"] and report["status"] not in closed

    def restrictions(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``restrictions``."""
        cells: dict[tuple[str, ...], list[Json]] = defaultdict(list)
        for report in self.kept("restriction", confirmed_only):
            data = report["data"]
            names = ("region", "kind", "observer_group", "phase")
            cells[*(data[name] for name in names), report["status"]].append(report)
        rows = []
        for (region, kind, group, phase, status), reports in cells.items():
            seconds = [
                (us(report["data"]["lifted"]) - us(report["time"])) // 1_000_000
                for report in reports
                if "lifted" in report["data"]
            ]
            unlifted = [report for report in reports if self.is_unlifted(report)]
            ended = [report for report in unlifted if self.ended(report["data"], now)]
            rows.append(
                {
                    "region": region,
                    "kind": kind,
                    "observer_group": group,
                    "phase": phase,
                    "status": status,
                    "open": len(unlifted) - len(ended),
                    "ended_unlifted": len(ended),
                    "lifted": len(seconds),
                    "total": len(reports),
                    "median_seconds": whole(median(seconds)) if seconds else None,
                }
            )
        return rows

    def open_restrictions(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``open_restrictions``."""
        rows = []
        for report in self.kept("restriction", confirmed_only):
            data = report["data"]
            if self.is_unlifted(report) and not self.ended(data, now):
                names = ("region", "kind", "observer_group", "phase", "report_id")
                rows.append(
                    {name: data[name] for name in names}
                    | {
                        "source": report["source"],
                        "station": data.get("station"),
                        "commission": data.get("commission"),
                        "severity": report["severity"],
                        "status": report["status"],
                        "since": shown(report["at"]),
                        "clock_skew": report["at"] != us(report["time"]),
                    }
                )
        return rows

    # Official figures

    def points(self) -> dict[tuple[Any, ...], dict[int, list[list[Json]]]]:
        """Place → checkpoint → the versions of each publisher, highest first."""
        found: dict[tuple[Any, ...], dict[int, list[list[Json]]]] = defaultdict(dict)
        for publisher in sorted(self.pack.publishers.values(), key=lambda entry: entry.rank):
            for key, versions in self.groups.items():
                if key[0] == "official" and key[3] == publisher.code:
                    found[key[1]].setdefault(key[2], []).append(versions)
        return found

    def official_turnout(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``official_turnout``."""
        rows = []
        for (region, station, contest), points in self.points().items():
            for checkpoint, publishers in points.items():
                data = publishers[0][-1]["data"]
                names = ("registered", "voted", "percent", "published", "source_url")
                rows.append(
                    {name: data.get(name) for name in names}
                    | {name: data[name] for name in ("publisher", "revision", "as_of")}
                    | {"region": region, "station": station, "contest": contest}
                    | {"checkpoint": shown(checkpoint)}
                )
        return rows

    def official_findings(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``official_findings``."""
        rows: list[Json] = []
        for (region, station, contest), points in self.points().items():
            place = {"region": region, "station": station, "contest": contest}
            main = contest == self.pack.main_contest
            rows += [place | row for row in self.registers(region, station, points, main)]
            for checkpoint, publishers in points.items():
                here = place | {"checkpoint": shown(checkpoint)}
                headline = publishers[0][-1]
                for versions in publishers:
                    for version in versions:
                        before = self.above(version, checkpoint, points)
                        if before is not None:
                            past, was_headline = before
                            is_open = version is headline and was_headline
                            rows.append(here | finding("fall", is_open, version, past))
                    rows += [here | row for row in corrected(versions, headline)]
                for versions in publishers[1:]:
                    for version in versions:
                        if sign(version, headline):
                            is_open = version is versions[-1]
                            rows.append(here | finding("conflicting", is_open, version, headline))
        return rows

    def registers(
        self, region: str, station: str | None, points: dict[int, list[list[Json]]], main: bool
    ) -> list[Json]:
        """The findings ``register_changed``: over a tenth of a percent from the basis.

        The pack's register is that of the main contest; another one's is its own first figure.
        """
        stations = self.pack.stations or {}
        home = stations.get(station) if station else self.pack.regions[region]
        basis, known = home.registered if main and home else None, None
        rows = []
        for checkpoint in sorted(points):
            versions = points[checkpoint][0]
            if basis is None:
                basis = versions[-1]["data"].get("registered")
                known = versions[-1]
                continue
            for version in versions:
                given = version["data"].get("registered")
                if given is not None and abs(given - basis) * 1000 > basis:
                    row: Json = {"finding": "register_changed", "open": version is versions[-1]}
                    row |= {"checkpoint": shown(checkpoint), "value": given}
                    row["previous_value"] = basis
                    for column in ("publisher", "revision", "source_url"):
                        row[column] = version["data"].get(column)
                        row["previous_" + column] = known["data"].get(column) if known else None
                    rows.append(row)
        return rows

    def above(
        self, version: Json, checkpoint: int, points: dict[int, list[list[Json]]]
    ) -> tuple[Json, bool] | None:
        """The earlier figure that ``version`` falls below, and whether it is a headline now."""
        earlier = sorted((moment for moment in points if moment < checkpoint), reverse=True)
        headlines = [points[moment][0][-1] for moment in earlier]
        past = [old for moment in earlier for old in reversed(points[moment][0][:-1])]
        for candidates, now in ((headlines, True), (past, False)):
            for candidate in candidates:
                if sign(version, candidate) == -1:
                    return candidate, now
        return None

    # History

    def corrections(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``corrections``."""
        rows = []
        for key, versions in self.groups.items():
            for old, new in steps(versions):
                rows.append(
                    columns(key, new)
                    | {
                        "previous_revision": old["data"]["revision"],
                        "fields": differing(old, new),
                        "withdrawn": new["data"].get("withdrawn", False),
                    }
                )
        return rows

    def conflicts(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``conflicts``."""
        rows = []
        for key, versions in self.groups.items():
            for revision in {version["data"]["revision"] for version in versions}:
                same = [one for one in versions if one["data"]["revision"] == revision]
                fields = {name for a in same for b in same[-1:] for name in differing(a, b)}
                if fields:
                    region = same[-1]["data"].get("region", home(key))
                    rows.append(
                        columns(key, same[-1])
                        | {"kind": "same_revision", "regions": [region]}
                        | {"versions": len(same), "fields": sorted(fields)}
                    )
        homes: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for key, versions in self.groups.items():
            movable = key[0] in ("report", "notice", "complaint")
            if movable and not versions[-1]["data"]["withdrawn"]:
                homes[key[0], key[1], key[3]].append(key[2])
        for (kind, source, report_id), regions in homes.items():
            if len(regions) > 1:
                key = (kind, source, min(regions), report_id)
                rows.append(
                    columns(key, self.groups[key][-1])
                    | {"kind": "two_regions", "regions": sorted(regions)}
                    | {"versions": len(regions), "fields": ["region"]}
                )
        return rows

    def orphans(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``orphans``."""
        rows = []
        for key, versions in self.groups.items():
            if key[0] != "decision":
                continue
            data = versions[-1]["data"]
            absent = self.fate(key[1:]) == "absent"
            original = None
            if not absent and "duplicate_of" in data and self.fate(key[1:]) != "withdrawn":
                first = data["duplicate_of"]
                if first["region"] == key[2]:
                    original = self.fate((first["source"], first["region"], first["report_id"]))
            if absent or original:
                rows.append(
                    {
                        "source": key[1],
                        "region": key[2],
                        "report_id": key[3],
                        "missing": "report" if absent else "original",
                        "status": data["status"],
                        "severity": data.get("severity"),
                        "duplicate_of": data.get("duplicate_of"),
                        "original": original,
                        "revision": data["revision"],
                        "since": shown(versions[-1]["at"]),
                    }
                )
        return rows

    def fate(self, named: tuple[str, str, str]) -> str | None:
        """Why a report counts nowhere; None: it counts."""
        if ("report", *named) not in self.groups:
            return "absent"
        if self.groups["report", *named][-1]["data"]["withdrawn"]:
            return "withdrawn"
        decided = self.groups.get(("decision", *named))
        status = decided[-1]["data"]["status"] if decided else None
        return status if status in DISMISSED else None

    def content_digest(self) -> str:
        """The digest, from lines made here."""
        regions: dict[str, list[bytes]] = defaultdict(list)
        for key, versions in self.groups.items():
            region = home(key)
            for version in versions:
                body = {name: value for name, value in version.items() if name != "at"}
                regions[region].append(dumps(body) + b"\n")
        total = hashlib.sha256(self.pack.acceptance_digest.encode() + b"\n")
        for region in sorted(regions):
            digest = hashlib.sha256(b"".join(sorted(regions[region]))).hexdigest()
            total.update(f"{region} {digest}\n".encode())
        return total.hexdigest()


def spot(data: Json) -> tuple[str | None, str | None]:
    """(station, commission), the commission only where there is no station."""
    station = data.get("station")
    return station, None if station else data.get("commission")


def home(key: tuple[Any, ...]) -> str:
    """The region of an identity."""
    if key[0] in ("official", "published"):
        found: str = key[1][0]
    else:
        found = key[1] if key[0] == "opening" else key[2]
    return found


def columns(key: tuple[Any, ...], version: Json) -> Json:
    """The columns that name an identity, and the version's type and revision."""
    names = ("source", "report_id", "publisher", "station", "commission", "contest", "checkpoint")
    empty: Json = dict.fromkeys(names)
    named: Json
    if key[0] == "published":
        region, station, commission = key[1]
        named = {"region": region, "station": station, "commission": commission}
        named |= {"contest": key[2], "publisher": key[3]}
    elif key[0] == "opening":
        named = {"region": key[1], "checkpoint": shown(key[2]), "publisher": key[3]}
    elif key[0] == "official":
        region, station, contest = key[1]
        named = {"region": region, "station": station, "contest": contest}
        named |= {"publisher": key[3], "checkpoint": shown(key[2])}
    else:
        named = {"source": key[1], "region": key[2], "report_id": key[3]}
    return empty | named | {"type": version["type"], "revision": version["data"]["revision"]}


def differing(a: Json, b: Json) -> list[str]:
    fields = {name for name in (a["data"] | b["data"]) if name != "revision"}
    found = [name for name in fields if a["data"].get(name) != b["data"].get(name)]
    return sorted(found + [name for name in ("type", "time") if a[name] != b[name]])


def steps(versions: list[Json]) -> list[tuple[Json, Json]]:
    last = [
        one
        for one, after in zip(versions, [*versions[1:], None], strict=True)
        if after is None or after["data"]["revision"] > one["data"]["revision"]
    ]
    return list(pairwise(last))


def compared(a: Json, b: Json) -> str | None:
    """What two figures are compared by."""
    return next(
        (name for name in ("voted", "percent") if name in a["data"] and name in b["data"]), None
    )


def sign(a: Json, b: Json) -> int:
    """−1, 0 or 1; percentages at the coarser one's digits: half a unit either way is the same."""
    name = compared(a, b)
    if name is None:
        return 0
    x, y = Decimal(a["data"][name]), Decimal(b["data"][name])
    unit = Decimal(0)
    if name == "percent":
        unit = Decimal(1).scaleb(max(int(one.as_tuple().exponent) for one in (x, y)))
    if abs(x - y) <= unit / 2:
        return 0
    return 1 if x > y else -1


def finding(kind: str, is_open: bool, version: Json, previous: Json) -> Json:
    name = compared(version, previous)
    assert name is not None
    row: Json = {"finding": kind, "open": is_open}
    for prefix, one in (("", version), ("previous_", previous)):
        row[prefix + "value"] = one["data"][name]
        for column in ("publisher", "revision", "source_url"):
            row[prefix + column] = one["data"].get(column)
    return row


def corrected(versions: list[Json], headline: Json) -> list[Json]:
    rows = []
    for old, new in steps(versions):
        if sign(new, old):
            kind = "corrected_up" if sign(new, old) > 0 else "corrected_down"
            rows.append(finding(kind, new is headline, new, old))
    return rows
