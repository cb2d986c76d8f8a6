"""Events as a busy election day sends them, for measuring only: valid, seeded, without meaning."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import get_args

from schemas.fields import Answer, rfc3339
from schemas.observer import Rating, RestrictionKind
from schemas.pack import Pack

PHASES = ("opening", "voting", "voting", "voting", "counting")
SEVERITIES = ("unspecified", "low", "medium", "high", "critical")
KINDS = get_args(RestrictionKind)
RATINGS = get_args(Rating)
ANSWERS = get_args(Answer)
MIX = (
    ("incident", 52),
    ("restriction", 20),
    ("observed", 8),
    ("visit", 5),
    ("protocol", 2),
    ("official", 4),
    ("published", 1),
    ("opening", 1),
    ("triage", 3),
    ("notice", 1),
    ("complaint", 1),
    ("again", 2),
)
"""Kind of event → percent. ``again``: the same bytes a second time."""


class _Writer:
    def __init__(self, pack: Pack, seed: int) -> None:
        self.random = random.Random(seed)
        self.pack = pack
        self.regions = pack.region_codes()
        self.stations: dict[str, list[str]] = {code: [] for code in self.regions}
        for station in (pack.stations or {}).values():
            self.stations[station.region].append(station.id)
        sources = pack.sources.values()
        self.observers = [source for source in sources if source.authority == "observer"]
        self.official = next(source.uri for source in sources if source.authority == "official")
        self.desk = next(source.uri for source in sources if source.authority == "desk")
        self.categories = list(pack.categories)
        self.publishers = list(pack.publishers)
        self.questions = list(pack.questions)[:12]
        self.start = pack.polls(self.regions[0])[0][0]
        self.reports: list[tuple[str, str, str]] = []

    def event(self, number: int, kind: str) -> bytes:
        time = self.start + self.random.randrange(12 * 3600) * 1_000_000
        region = self.random.choice(self.regions)
        if kind == "official":
            type_, source, data = "official.turnout", self.official, self._official(region, time)
        elif kind in ("published", "opening"):
            type_ = {"published": "official.protocol"}.get(kind, "official.opening")
            source, data = self.official, self._of_authority(kind, region, time)
        elif kind in ("notice", "complaint"):
            type_, source, data = (
                f"desk.{kind}",
                self.desk,
                self._of_desk(kind, number, region, time),
            )
        elif kind == "triage":
            type_, source, data = "desk.triage", self.desk, self._triage()
        else:
            observer = self.random.choice(self.observers)
            type_ = {"observed": "observer.turnout"}.get(kind, f"observer.{kind}")
            source = observer.uri
            data = self._report(number, kind, region, time)
            data["observer_group"] = observer.group
            self.reports.append((source, region, str(data["report_id"])))
        event: dict[str, object] = {
            "specversion": "1.0",
            "id": f"0190b5a4-7c1e-7d3a-9f00-{number:012x}",
            "source": source,
            "type": f"election.{type_}.v1",
            "time": rfc3339(time),
            "datacontenttype": "application/json",
            "election": self.pack.id,
            "data": data,
        }
        if "report_id" in data:
            event["subject"] = data["report_id"]
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()

    def _station(self, region: str) -> str:
        known = self.stations[region]
        return self.random.choice(known) if known else f"{region}/{self.random.randrange(500):04d}"

    def _report(self, number: int, kind: str, region: str, time: int) -> dict[str, object]:
        data: dict[str, object] = {
            "report_id": f"r-{number:010d}",
            "revision": 0,
            "region": region,
            "station": self._station(region),
            "observer": f"obs-{self.random.randrange(5000):05d}",
            "phase": self.random.choice(PHASES),
        }
        if kind == "observed":
            data |= {"method": "counted", "cumulative": self.random.randrange(2000)}
            return data
        if kind == "visit":
            answers = {code: self.random.choice(ANSWERS) for code in self.questions}
            data |= {"arrived": rfc3339(time), "rating": self.random.choice(RATINGS)}
            return data | {"answers": answers}
        if kind == "protocol":
            data |= {"contest": self.pack.main_contest, "protocol_time": rfc3339(time)}
            return data | self._figures()
        data["severity"] = self.random.choice(SEVERITIES)
        data["description"] = "Seen by two of us at the door, nobody could say why; see the notes."
        if kind == "incident":
            data["category"] = self.random.choice(self.categories)
        else:
            data["kind"] = self.random.choice(KINDS)
            if self.random.random() < 0.5:
                data["lifted"] = rfc3339(time + self.random.randrange(7200) * 1_000_000)
        return data

    def _official(self, region: str, time: int) -> dict[str, object]:
        return {
            "region": region,
            "station": self._station(region),
            "publisher": self.random.choice(self.publishers),
            "as_of": rfc3339(time),
            "published": rfc3339(time),
            "registered": 2000,
            "voted": self.random.randrange(2000),
            "percent": f"{self.random.randrange(10000) / 100:.2f}",
        }

    def _figures(self) -> dict[str, object]:
        votes = {f"list-{n}": self.random.randrange(200) for n in range(7)}
        valid = sum(votes.values())
        return {
            "registered": 2000,
            "received": 1900,
            "issued": valid + 9,
            "unused": 1891 - valid,
            "voted": valid + 9,
            "voted_at_home": 20,
            "in_box": valid + 9,
            "valid": valid,
            "invalid": 9,
            "votes": votes,
        }

    def _of_authority(self, kind: str, region: str, time: int) -> dict[str, object]:
        data: dict[str, object] = {"region": region, "publisher": self.publishers[0]}
        if kind == "opening":
            return data | {"as_of": rfc3339(time), "open": self.random.randrange(500)}
        where = {"station": self._station(region), "contest": self.pack.main_contest}
        return data | where | {"published": rfc3339(time)} | self._figures()

    def _of_desk(self, kind: str, number: int, region: str, time: int) -> dict[str, object]:
        data: dict[str, object] = {f"{kind}_id": f"d-{number}", "revision": 0, "region": region}
        if kind == "notice":
            return data | {"text": "The line to the commission is up again."}
        return data | {"filed": rfc3339(time), "subject": "access"}

    def _triage(self) -> dict[str, object]:
        source, region, report_id = self.random.choice(self.reports)
        return {
            "about": {"source": source, "region": region, "report_id": report_id},
            "revision": 0,
            "status": self.random.choice(("confirmed", "rejected", "under_review")),
        }


def events(pack: Pack, count: int, seed: int = 1, only: str | None = None) -> Iterator[bytes]:
    """``count`` events of :data:`MIX`, or all of one kind."""
    writer = _Writer(pack, seed)
    kinds, weights = zip(*MIX, strict=True)
    last = b""
    for number in range(count):
        kind = only or writer.random.choices(kinds, weights)[0]
        if kind == "triage" and not writer.reports:
            kind = "incident"
        if kind != "again" or not last:
            last = writer.event(number, "incident" if kind == "again" else kind)
        yield last
