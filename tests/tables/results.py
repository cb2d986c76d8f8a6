"""The naive model's protocols and results: every version of every protocol held against others."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.tables.model import DISMISSED, Model, spot
from tests.tables.spelling import Json, dumps, shown, us


class Results(Model):
    """Tables about results."""

    def reported(self, kind: str, confirmed_only: bool) -> list[Json]:
        """Reports of a kind that count: not dismissed, or confirmed if that is asked."""
        return [
            report
            for report in self.kept(kind, confirmed_only)
            if report["status"] not in DISMISSED
        ]

    def heads(self, kind: str) -> dict[tuple[Any, ...], Json]:
        """The current version of each identity of a kind."""
        return {key: versions[-1] for key, versions in self.groups.items() if key[0] == kind}

    def rank(self, publisher: str) -> int:
        """0 has the last word."""
        return list(self.pack.publishers).index(publisher)

    def results_published(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``results_published``: each region's, and all of them as the country's."""
        rows = []
        for region in self.pack.regions:
            for contest in self.pack.contests:
                found = [
                    (key[1], us(version["data"]["published"]))
                    for key, versions in self.groups.items()
                    if key[0] == "published" and region in (key[1][0], self.pack.country)
                    for version in versions
                    if key[1][1]
                    and key[2] == contest
                    and versions[-1]["data"].get("votes")
                    and version["data"].get("votes")
                ]
                polls = self.pack.polls(region)
                closed = polls and now >= polls[-1][1]
                rows.append(
                    {
                        "region": region,
                        "contest": contest,
                        "published": len({place for place, _ in found}),
                        "stations": self.pack.regions[region].stations,
                        "since": shown(min(at for _, at in found)) if found else None,
                        "seconds_since_close": (now - polls[-1][1]) // 10**6 if closed else None,
                    }
                )
        return rows

    def protocols(self, now: int, confirmed_only: bool) -> list[Json]:
        """Rows of ``protocols``."""
        official: dict[tuple[Any, ...], list[list[Json]]] = defaultdict(list)
        copies: dict[tuple[Any, ...], list[Json]] = defaultdict(list)
        for key in sorted(self.heads("published"), key=lambda key: self.rank(key[3])):
            official[*key[1], key[2]].append(self.groups[key])
        for report in self.reported("observer.protocol", confirmed_only):
            data = report["data"]
            copies[data["region"], *spot(data), data["contest"]].append(report)
        return [
            self.protocol(place, official.get(place, []), copies.get(place, []))
            for place in official.keys() | copies.keys()
        ]

    def protocol(
        self, place: tuple[Any, ...], official: list[list[Json]], copies: list[Json]
    ) -> Json:
        """One row of ``protocols``; ``official``: each publisher's versions, highest first."""
        copies.sort(key=lambda one: (one["source"], one["data"]["report_id"]))
        current = [versions[-1] for versions in official]
        percent = self.pack.judgement.alarms.home_voting_percent
        row = dict(zip(("region", "station", "commission", "contest"), place, strict=True))
        first = headline(current)
        row["official"] = as_published(first) if first else None
        row["others"] = [as_published(one) for one in current if one is not first]
        row["observed"] = [
            {
                "source": one["source"],
                "report_id": one["data"]["report_id"],
                "revision": one["data"]["revision"],
                "observer_group": one["data"]["observer_group"],
                "status": one["status"],
                "protocol_time": one["data"]["protocol_time"],
                "figures": figures(one["data"]),
            }
            for one in copies
        ]
        row["differences"] = differences(current, copies)
        row["findings"] = between(official)
        row["not_checkable"] = []
        for number, versions in enumerate(official):
            row["findings"] += faults(distinct(versions), current[:number], percent)
            row["findings"] += history("corrected", distinct(versions), current[:number])
        for one in copies:
            key = ("report", one["source"], place[0], one["data"]["report_id"])
            here = distinct([old for old in self.groups[key] if is_of(old, place)])
            row["findings"] += faults(here, [], percent) + history("copy_corrected", here, [])
        for one in [*copies, *current]:
            missing = arithmetic(one["data"], percent)[1]
            row["not_checkable"] += [name_of(one) | {"checks": missing}] if missing else []
        return row


ALL = "registered received issued unused spoiled voted voted_at_home in_box valid invalid votes"


def figures(data: Json) -> Json:
    return {name: data[name] for name in ALL.split() if name in data}


def flat(data: Json) -> Json:
    found = {name: value for name, value in figures(data).items() if name != "votes"}
    return found | {f"votes.{who}": n for who, n in data.get("votes", {}).items()}


def says(one: Json, name: str) -> bool:
    return bool(one["data"].get("votes")) if name.startswith("votes.") else name in one["data"]


def value(one: Json, name: str) -> int | None:
    found: int | None = flat(one["data"]).get(name)
    return found


def names(versions: list[Json]) -> list[str]:
    return sorted({name for one in versions for name in flat(one["data"])})


def headline(current: list[Json]) -> Json | None:
    """With votes before with any figure before empty; the highest publisher's of those."""
    votes = [one for one in current if one["data"].get("votes")]
    return next(iter([*votes, *(one for one in current if flat(one["data"])), *current]), None)


def is_of(version: Json, place: tuple[Any, ...]) -> bool:
    """Whether a version of a report is a protocol of the place and was not withdrawn."""
    data = version["data"]
    if "protocol" not in version["type"] or data["withdrawn"]:
        return False
    return (data["region"], *spot(data), data["contest"]) == place


def distinct(versions: list[Json]) -> list[Json]:
    """Without those that a later one repeats in the same revision."""
    told = [dumps([one["data"]["revision"], flat(one["data"])]) for one in versions]
    return [one for n, one in enumerate(versions) if told[n] not in told[n + 1 :]]


def name_of(one: Json) -> Json:
    data = one["data"]
    observed = "report_id" in data
    return {
        "publisher": data.get("publisher"),
        "source": one["source"] if observed else None,
        "report_id": data.get("report_id"),
    }


def as_published(one: Json) -> Json:
    data = one["data"]
    found = {name: data[name] for name in ("publisher", "revision", "published")}
    return found | {"source_url": data.get("source_url"), "figures": figures(data)}


def finding(kind: str, is_open: bool, one: Json, **more: Any) -> Json:
    """A finding about one protocol; a figure, values, ``previous`` by ``more``."""
    row = {"kind": kind, "open": is_open, **name_of(one)}
    row |= {"revision": one["data"]["revision"], "source_url": one["data"].get("source_url")}
    row |= dict.fromkeys(("figure", "value", "limit", "previous_value"))
    previous = more.pop("previous", None)
    for column in ("publisher", "revision", "source_url"):
        row["previous_" + column] = previous["data"].get(column) if previous else None
    return row | more


def against(kind: str, is_open: bool, one: Json, previous: Json, name: str) -> Json:
    both = {"value": value(one, name), "previous_value": value(previous, name)}
    return finding(kind, is_open, one, previous=previous, figure=name, **both)


def between(official: list[list[Json]]) -> list[Json]:
    """Each publisher's versions against the figure that counts, of another publisher."""
    rows = []
    for name in names([one for versions in official for one in versions]):
        counting = next((versions for versions in official if says(versions[-1], name)), None)
        for versions in official:
            if counting is None or versions is counting:
                continue
            for one in distinct(versions):
                if says(one, name) and value(one, name) != value(counting[-1], name):
                    is_open = one is versions[-1]
                    rows.append(against("publishers_differ", is_open, one, counting[-1], name))
    return rows


def faults(versions: list[Json], higher: list[Json], percent: float) -> list[Json]:
    """The arithmetic of each version; closed where a higher publisher's can be checked."""
    rows = []
    for one in versions:
        for fault in arithmetic(one["data"], percent)[0]:
            silent = all(fault["kind"] in arithmetic(h["data"], percent)[1] for h in higher)
            kind = fault.pop("kind")
            rows.append(finding(kind, one is versions[-1] and silent, one, **fault))
    return rows


def history(kind: str, versions: list[Json], higher: list[Json]) -> list[Json]:
    """What one protocol's versions say of each other."""
    rows: list[Json] = []
    revised = [one for one in versions if one is last_of(one, versions)]
    for name in names(versions):
        counts = not any(says(one, name) for one in higher)
        mine = []
        for number, one in enumerate(revised):
            given = [n for n, old in enumerate(revised[:number]) if says(old, name)]
            if not given or not (says(one, name) or given[-1] == number - 1):
                continue
            if value(one, name) != value(revised[given[-1]], name):
                mine.append(against(kind, False, one, revised[given[-1]], name))
        if mine and mine[-1]["value"] == value(versions[-1], name):
            mine[-1]["open"] = counts
        rows += mine
        for one in versions:
            last = last_of(one, versions)
            if says(one, name) and says(last, name) and value(one, name) != value(last, name):
                is_open = counts and last is versions[-1]
                rows.append(against("same_revision", is_open, last, one, name))
    return rows


def last_of(one: Json, versions: list[Json]) -> Json:
    """The version that is kept of the revision of ``one``."""
    revision = one["data"]["revision"]
    return [other for other in versions if other["data"]["revision"] == revision][-1]


def differences(current: list[Json], copies: list[Json]) -> list[Json]:
    """Copies against the figures that count, and against each other."""
    rows = []
    for name in names([*current, *copies]):
        counting = next((one for one in current if says(one, name)), None)
        told = [one for one in copies if says(one, name)]
        values = {value(one, name) for one in [*told, *([counting] if counting else [])]}
        if len(values) > 1:
            rows.append(
                {
                    "figure": name,
                    "official": value(counting, name) if counting else None,
                    "publisher": counting["data"]["publisher"] if counting else None,
                    "observed": [
                        {
                            "source": one["source"],
                            "report_id": one["data"]["report_id"],
                            "value": value(one, name),
                        }
                        for one in told
                    ],
                }
            )
    return rows


def arithmetic(data: Json, home_percent: float) -> tuple[list[Json], list[str]]:
    """The faults and what could not be checked."""
    total = sum(data.get("votes", {}).values())
    rules: list[tuple[str, tuple[str, ...], Any]] = [
        (
            "ballots_unaccounted",
            ("issued", "unused", "received"),
            lambda i, u, r: None if i + u == r else (i + u, r),
        ),
        ("box_above_issued", ("in_box", "issued"), lambda b, i: (b, i) if b > i else None),
        (
            "box_not_counted_out",
            ("valid", "invalid", "in_box"),
            lambda v, i, b: None if v + i == b else (v + i, b),
        ),
        ("votes_not_valid", ("votes", "valid"), lambda _, v: (total, v) if total != v else None),
        (
            "voted_above_registered",
            ("voted", "registered"),
            lambda v, r: (v, r) if v > r else None,
        ),
        (
            "home_voting_high",
            ("voted_at_home", "voted"),
            lambda h, v: (h, v) if 100 * h > home_percent * v else None,
        ),
    ]
    faults, missing = [], []
    for kind, names, rule in rules:
        if not all(name in data and data[name] != {} for name in names):
            missing.append(kind)
            continue
        pair = rule(*(data[name] for name in names))
        if pair is not None:
            faults.append({"kind": kind, "value": pair[0], "limit": pair[1]})
    return faults, missing
