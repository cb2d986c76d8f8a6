"""Events of every type from a seed: reports, corrections, withdrawals, decisions, repeats, rejects.

Pure: a :class:`Traffic` of one seed makes the same events, but for what is said to be later than
``now``. Who makes an event knows whether it is to be rejected and why; no reader is asked.
"""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from tests.chaos.pack import COMMISSIONS, COUNTRY, DAY, PARTITIONS, REGIONS, STATIONS, routed

Json = dict[str, Any]
CITIZENS: Final = "urn:test:citizen"
PARTIES: Final = "urn:test:party"
ABROAD: Final = "urn:test:international"
GROUPS: Final = {CITIZENS: "citizen", PARTIES: "party_agent", ABROAD: "international"}
OFFICIAL: Final = "urn:test:official"
DESK: Final = "urn:test:desk"
START: Final = datetime.fromisoformat(f"{DAY}T07:00:00+00:00")
MAX_BYTES: Final = 65_536
"""Longest event that is accepted."""

MIX: Final = {
    "incident": 36,
    "restriction": 20,
    "decision": 14,
    "again": 8,
    "visit": 6,
    "turnout": 5,
    "protocol": 3,
    "figure": 4,
    "result": 1,
    "opening": 1,
    "notice": 1,
    "complaint": 1,
}
"""Kind of event → weight. ``again``: the same bytes a second time."""

REJECTED: Final = 0.01
LARGE: Final = 0.0005
"""Share of events that are padded to just what is accepted."""


class Planned(NamedTuple):
    """An event to be sent. ``reason``: why it must be rejected, None where it must not be.

    ``authority``: the last part of the topic's name; ``partition``: None where the key decides.
    """

    authority: str
    partition: int
    key: bytes | None
    value: bytes
    reason: str | None = None


class Traffic:
    """``next(now)`` makes the event that comes next.

    ``versions``: so many different events are made; after them come repeats alone, so that the
    tables grow no more. None: always new ones.
    """

    def __init__(self, seed: int, versions: int | None = None, rejected: float = REJECTED) -> None:
        self._dice = random.Random(seed)
        self._versions = versions
        self._rejected = rejected
        self._number = 0
        self._sent: deque[Planned] = deque(maxlen=20_000 if versions is None else versions)
        self._reports: list[Json] = []
        self._kinds, self._weights = list(MIX), list(MIX.values())

    def next(self, now: datetime) -> Planned:
        """The next event; ``now``: the time it is, for those of a phone whose clock is ahead."""
        self._number += 1
        dice = self._dice
        if dice.random() < self._rejected:
            return self._reject(now)
        full = self._versions is not None and len(self._sent) >= self._versions
        kind = "again" if full else dice.choices(self._kinds, self._weights)[0]
        if kind == "again" and self._sent:
            return self._sent[dice.randrange(len(self._sent))]
        event = self._event(kind, now)
        planned = _placed(event, large=dice.random() < LARGE)
        self._sent.append(planned)
        return planned

    def clock(self, now: str) -> list[Planned]:
        """The log's clock says ``now`` (RFC 3339), to every partition of the desk's topic."""
        event = _envelope("election.clock.v1", DESK, f"clock-{now}", now, {"now": now})
        raw = json.dumps(event).encode()
        return [Planned("desk", number, None, raw) for number in range(PARTITIONS)]

    # Kinds

    def _event(self, kind: str, now: datetime) -> Json:
        makers: dict[str, Callable[[], Json]] = {
            "incident": self._incident,
            "restriction": lambda: self._restriction(now),
            "decision": self._decision,
            "again": self._incident,
            "visit": self._visit,
            "turnout": self._turnout,
            "protocol": self._protocol,
            "figure": self._figure,
            "result": self._result,
            "opening": self._opening,
            "notice": self._notice,
            "complaint": self._complaint,
        }
        return makers[kind]()

    def _moment(self) -> str:
        return _text(START + timedelta(seconds=self._dice.randrange(16 * 3600)))

    def _report(self, source: str | None, identities: int | None) -> Json:
        """A report's envelope and data: a new one, or another revision of one that was sent.

        ``identities``: how many different reports of the kind there may be; None: no limit.
        """
        dice = self._dice
        source = source or dice.choice((CITIZENS, CITIZENS, PARTIES, ABROAD))
        if identities is None:
            old = dice.random() < 0.2
            number = dice.randrange(max(1, self._number - 5_000), self._number + 1)
            number = number if old else self._number
        else:
            number = dice.randrange(identities)
        region = REGIONS[(number * 7 + len(source)) % len(REGIONS)]
        data: Json = {
            "report_id": f"r{number}",
            "revision": dice.choice((0, 0, 0, 1, 1, 2, 3)),
            "region": region,
            "observer_group": GROUPS[source],
            "phase": dice.choice(("opening", "voting", "voting", "counting", "unknown")),
        }
        if dice.random() < 0.7:
            data["station"] = dice.choice(STATIONS[region])
        if dice.random() < 0.4:
            data["observer"] = f"o{dice.randrange(40)}"
        if dice.random() < 0.03:
            data["withdrawn"] = True
        return {"source": source, "data": data}

    def _observed(self, name: str, made: Json, prefix: str, **fields: Any) -> Json:
        data = made["data"] | {"report_id": prefix + made["data"]["report_id"]} | fields
        kept = {"source": made["source"], "region": data["region"], "report_id": data["report_id"]}
        if self._dice.random() < 0.3:
            self._reports.append(kept)
        id_ = f"{data['report_id']}-{data['revision']}-{self._dice.randrange(3)}"
        return _envelope(f"election.observer.{name}.v1", made["source"], id_, self._moment(), data)

    def _incident(self) -> Json:
        dice = self._dice
        fields: Json = {
            "category": dice.choice(("campaigning", "ballot_stuffing", "procedures", "tampering")),
            "severity": dice.choice(("unspecified", "low", "medium", "high", "critical")),
        }
        if dice.random() < 0.5:
            fields["description"] = dice.choice(("Seen from the door.", "Видно из коридора."))
        return self._observed("incident", self._report(None, None), "i", **fields)

    def _restriction(self, now: datetime) -> Json:
        dice = self._dice
        kinds = ("expelled", "entry_denied", "view_obstructed", "recording_forbidden")
        event = self._observed(
            "restriction", self._report(None, None), "x", kind=dice.choice(kinds)
        )
        if dice.random() < 0.05:
            # A phone whose clock is ahead: it counts when the broker had it.
            event["time"] = _text(now + timedelta(minutes=dice.choice((30, 50))))
        elif dice.random() < 0.4:
            began = datetime.fromisoformat(event["time"])
            event["data"]["lifted"] = _text(began + timedelta(seconds=dice.randrange(7200)))
        return event

    def _visit(self) -> Json:
        dice = self._dice
        made = self._report(None, 2_000)
        data = made["data"]
        data.setdefault("station", STATIONS[data["region"]][0])
        asked = ("box_sealed", "step_free", "reconciliation", "present")
        answers = {code: dice.choice(("yes", "no", "not_observed")) for code in asked}
        fields: Json = {"arrived": f"{DAY}T08:00:00Z", "answers": answers}
        if dice.random() < 0.7:
            fields["left"] = f"{DAY}T08:40:00Z"
            fields["rating"] = dice.choice(("very_good", "good", "bad", "very_bad"))
        return self._observed("visit", made, "v", **fields)

    def _turnout(self) -> Json:
        dice = self._dice
        made = self._report(None, 200)
        made["data"].setdefault("station", STATIONS[made["data"]["region"]][0])
        fields: Json = {"method": dice.choice(("counted", "told_by_commission"))}
        if dice.random() < 0.7:
            fields["cumulative"] = dice.randrange(1600)
        else:
            span = {"from": f"{DAY}T08:00:00Z", "to": f"{DAY}T09:00:00Z"}
            fields["interval"] = span | {"voters": dice.randrange(200)}
        return self._observed("turnout", made, "t", **fields)

    def _protocol(self) -> Json:
        made = self._report(None, 150)
        made["data"].setdefault("station", STATIONS[made["data"]["region"]][0])
        fields = {"contest": self._dice.choice(("list", "list", "district"))}
        fields |= {"protocol_time": f"{DAY}T21:00:00Z"} | self._figures()
        return self._observed("protocol", made, "p", **fields)

    def _figures(self) -> Json:
        dice = self._dice
        votes = {name: dice.randrange(300) for name in ("amanat", "auyl", "none")}
        valid = sum(votes.values()) + (dice.random() < 0.1)
        names = {"received": 1500, "issued": valid + 5, "voted": valid + 5, "in_box": valid + 5}
        return names | {"valid": valid, "invalid": 5, "votes": votes, "registered": 1500}

    def _of_authority(self, name: str, data: Json) -> Json:
        data["publisher"] = self._dice.choice(("commission", "commission", "gazette", "agency"))
        data["revision"] = self._dice.choice((0, 0, 1, 2))
        id_ = f"o{self._number % 50}-{data['revision']}"
        return _envelope(f"election.official.{name}.v1", OFFICIAL, id_, self._moment(), data)

    def _figure(self) -> Json:
        dice = self._dice
        region = dice.choice((*REGIONS, COUNTRY))
        hour = dice.choice((10, 14, 18))
        data: Json = {"region": region, "as_of": f"{DAY}T{hour}:00:00Z", "registered": 1500}
        if dice.random() < 0.6:
            data["voted"] = hour * 50 + dice.randrange(-40, 41)
        if dice.random() < 0.5 or "voted" not in data:
            data["percent"] = f"{hour * 3 + dice.randrange(-3, 4)}.{dice.randrange(10)}"
        if region != COUNTRY and dice.random() < 0.5:
            data["station"] = dice.choice(STATIONS[region])
        if dice.random() < 0.2:
            data["contest"] = "district"
        return self._of_authority("turnout", data)

    def _result(self) -> Json:
        dice = self._dice
        region = dice.choice((*REGIONS, COUNTRY))
        data: Json = {"region": region, "contest": "list", "published": f"{DAY}T23:00:00Z"}
        if region != COUNTRY and dice.random() < 0.8:
            data["station"] = dice.choice(STATIONS[region])
        return self._of_authority("protocol", data | self._figures())

    def _opening(self) -> Json:
        dice = self._dice
        data: Json = {"region": dice.choice(REGIONS), "as_of": f"{DAY}T10:00:00Z"}
        return self._of_authority("opening", data | {"open": dice.randrange(3), "expected": 2})

    def _of_desk(self, name: str, data: Json) -> Json:
        data["revision"] = self._dice.choice((0, 0, 1, 2))
        id_ = f"d{self._number % 500}-{data['revision']}"
        return _envelope(f"election.desk.{name}.v1", DESK, id_, self._moment(), data)

    def _decision(self) -> Json:
        dice = self._dice
        if self._reports and dice.random() < 0.7:
            about = self._reports[dice.randrange(len(self._reports))]
        else:
            # Perhaps before its report, perhaps of one that never comes.
            number = self._number + dice.randrange(200)
            region = REGIONS[(number * 7 + len(CITIZENS)) % len(REGIONS)]
            about = {"source": CITIZENS, "region": region, "report_id": f"i{number}"}
        status = dice.choice(
            ("under_review", "confirmed", "rejected", "resolved", "escalated", "duplicate")
        )
        data: Json = {"about": about, "status": status}
        if status == "duplicate":
            first = dice.choice(self._reports) if self._reports else about
            same = first == about
            data["duplicate_of"] = about | {"report_id": "i1"} if same else first
        if dice.random() < 0.2:
            data["severity"] = dice.choice(("low", "critical"))
        if data.get("duplicate_of") == about:
            data["duplicate_of"] = about | {"report_id": "i2"}
        return self._of_desk("triage", data)

    def _notice(self) -> Json:
        data: Json = {"notice_id": f"n{self._dice.randrange(60)}", "text": "The line is up again."}
        if self._dice.random() < 0.7:
            data["region"] = REGIONS[int(data["notice_id"][1:]) % len(REGIONS)]
        return self._of_desk("notice", data)

    def _complaint(self) -> Json:
        dice = self._dice
        number = dice.randrange(100)
        region = REGIONS[number % len(REGIONS)]
        data: Json = {
            "complaint_id": f"c{number}",
            "region": region,
            "filed": f"{DAY}T09:00:00Z",
            "subject": "access",
        }
        if region in COMMISSIONS and dice.random() < 0.5:
            data["commission"] = COMMISSIONS[region]
        if dice.random() < 0.4:
            data |= {"decided": f"{DAY}T12:00:00Z", "outcome": "upheld"}
        return self._of_desk("complaint", data)

    # What must be rejected

    def _reject(self, now: datetime) -> Planned:
        """One of the ways to be wrong, every reason of the list among them."""
        dice = self._dice
        made = self._report(CITIZENS, None)
        event = self._observed("incident", made, "w", category="campaigning")
        region = event["data"]["region"]
        good = _placed(event)
        way = dice.choice(WRONG)
        if way == "not_json":
            return good._replace(value=good.value[:-2], reason=way)
        if way == "no_value":
            return good._replace(value=b"", reason="not_json")
        if way == "too_large":
            size = dice.choice((MAX_BYTES + 1, 150_000, 300_000))
            return good._replace(value=_padded(event, size), reason=way)
        if way == "bad_envelope":
            return _placed(event | {"specversion": "0.3"})._replace(reason=way)
        if way == "unknown_type":
            rumour = event | {"type": "election.observer.rumour.v1"}
            return good._replace(value=json.dumps(rumour).encode(), reason=way)
        if way == "wrong_authority":
            return good._replace(authority="official", reason=way)
        if way == "misrouted":
            return good._replace(partition=(good.partition + 1) % PARTITIONS, reason=way)
        if way == "misrouted_key":
            return good._replace(key=b"XX", reason="misrouted")
        if way == "future_time":
            later = event | {"time": _text(now + timedelta(days=30))}
            return _placed(later)._replace(reason=way)
        wrong = {
            "wrong_election": event | {"election": "other-2024"},
            "unknown_source": event | {"source": "urn:test:stranger"},
            "invalid_data": event | {"data": event["data"] | {"severity": "awful"}},
            "unknown_station": event | {"data": event["data"] | {"station": "Z-99"}},
            "unknown_region": event | {"data": event["data"] | {"region": "XX-Z"}},
        }[way]
        return Planned("observer", routed(region), region.encode(), _dumped(wrong), way)


WRONG: Final = (
    "not_json",
    "no_value",
    "too_large",
    "bad_envelope",
    "unknown_type",
    "wrong_authority",
    "misrouted",
    "misrouted_key",
    "future_time",
    "wrong_election",
    "unknown_source",
    "invalid_data",
    "unknown_station",
    "unknown_region",
)


def _placed(event: Json, *, large: bool = False) -> Planned:
    """The event where it belongs: what has no region is the country's."""
    data = event["data"]
    region = data["about"]["region"] if "about" in data else data.get("region", COUNTRY)
    authority = event["type"].split(".")[1]
    raw = _padded(event, MAX_BYTES) if large else _dumped(event)
    return Planned(authority, routed(region), region.encode(), raw)


def _dumped(event: Json) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def _padded(event: Json, size: int) -> bytes:
    """The event in exactly ``size`` bytes: JSON does not mind spaces."""
    return _dumped(event).ljust(size)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _envelope(type_: str, source: str, id_: str, time: str, data: Json) -> Json:
    return {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": type_,
        "time": time,
        "election": f"test-{DAY[:4]}",
        "data": data,
    }
