"""Evidence of a run that never was: one worker that folds the traffic here, without any broker.

For the tests of the judges: what they must find is then put into it.
"""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import Any, Final

from schemas import Rejected, read
from schemas.fields import microseconds, rfc3339
from streams.log.dead_letter import letter
from streams.metrics.freshness import Freshness
from streams.metrics.page import MetricsPage
from streams.metrics.view import View
from streams.tables.digest import (
    content_digest,
    positions_of,
    region_digests,
    rejected_counts,
    statement_digest,
)
from streams.tables.partition import Partition
from streams.tables.views import TABLES, rows
from tests.chaos.evidence import Evidence, Letter, Log, Logged
from tests.chaos.pack import DAY, PARTITIONS, REGIONS, chaos_pack, routed
from tests.chaos.sampler import Sample, Seen
from tests.chaos.sender import Journal, Sent
from tests.chaos.traffic import Traffic

Json = dict[str, Any]
LAST: Final = f"{DAY}T20:30:00Z"
TOPICS: Final = ("chaos.observer", "chaos.official", "chaos.desk")


class Made:
    """A worker, a log and a producer in one: ``evidence()`` after some ``send(count)``."""

    def __init__(self, seed: int = 1) -> None:
        self.pack = chaos_pack()
        self.parts = {number: Partition(self.pack, number) for number in range(PARTITIONS)}
        self.log: Log = {(topic, n): [] for topic in TOPICS for n in range(PARTITIONS)}
        self.journal = Journal()
        self.letters: list[Letter] = []
        self.samples: list[Sample] = []
        self.history: list[Seen] = []
        self._traffic = Traffic(seed, rejected=0.05)
        self._page = MetricsPage(self.pack, TOPICS, PARTITIONS)
        self._at = 0.0

    def send(self, count: int) -> None:
        """Send so many events, fold them, and look at the worker."""
        now = datetime.now(UTC)
        for _ in range(count):
            self._put(self._traffic.next(now), round(now.timestamp() * 1000))
        self._look()

    def evidence(self) -> Evidence:
        """All of it, after the last clock."""
        for planned in self._traffic.clock(LAST):
            self._put(planned, round(datetime.now(UTC).timestamp() * 1000))
        self._look()
        now = microseconds(datetime.fromisoformat(LAST))
        body = self._body(now)
        replay = {**body["digest"], "tables": body["tables"]}
        return Evidence(
            pack=self.pack,
            topics=TOPICS,
            now=now,
            journal=self.journal,
            log=self.log,
            letters=self.letters,
            workers=[json.loads(json.dumps(body))],
            alone=json.loads(json.dumps(body)),
            shared=[json.loads(json.dumps(body))],
            replay=json.loads(json.dumps(replay)),
            samples=self.samples,
            history=self.history,
        )

    def _put(self, planned: Any, at: int) -> None:
        topic = f"chaos.{planned.authority}"
        records = self.log[topic, planned.partition]
        one = Logged(len(records), at, planned.key, planned.value)
        records.append(one)
        self.journal.note(Sent(planned, topic, one.offset, at))
        origin = Evidence.place(self, topic, planned.partition, one)  # type: ignore[arg-type]
        result = read(planned.value, origin, self.pack)
        self.parts[planned.partition].fold(result, topic, one.offset)
        if isinstance(result, Rejected):
            key, value, headers = letter(
                planned.value, planned.key, result, topic, planned.partition, one.offset
            )
            self.letters.append(Letter(key, value, tuple(headers)))

    def _look(self) -> None:
        self._at += 1
        positions = {
            (topic, number): part.next.get(topic, 0)
            for number, part in self.parts.items()
            for topic in TOPICS
        }
        statuses = dict.fromkeys(self.parts, "live")
        self.history.append(Seen("w1.1", self._at, self._at, positions, statuses, {}))
        view = View(self.parts, dict.fromkeys(self.parts, "live"), 0, Freshness(TOPICS))
        self._keep("metrics", self._page.render(view))
        self._keep("digest", json.dumps(self._digest()).encode())
        region = REGIONS[int(self._at) % len(REGIONS)]
        number = routed(region)
        found = rows("incidents", [self.parts[number]], self.pack, 0, region, whole=False)
        stood = tuple(sorted((topic, positions[topic, number]) for topic in TOPICS))
        said = json.dumps({"now": rfc3339(0), "rows": found}).encode()
        self._keep("table", said, ("incidents", region, stood))

    def _keep(self, kind: str, body: bytes, about: Any = None) -> None:
        self.samples.append(Sample("w1.1", self._at, kind, zlib.compress(body), about))

    def _digest(self) -> Json:
        parts = list(self.parts.values())
        regions, positions = region_digests(parts), positions_of(parts, TOPICS)
        content = content_digest(self.pack.acceptance_digest, regions)
        return {
            "partitions": sorted(self.parts),
            "positions": positions,
            "regions": regions,
            "content_digest": content,
            "statement_digest": statement_digest(content, positions, rejected_counts(parts)),
        }

    def _body(self, now: int) -> Json:
        tables = {name: rows(name, self.parts.values(), self.pack, now) for name in TABLES}
        partitions = [sorted(self.parts)] * len(TABLES)
        return {"digest": self._digest(), "tables": tables, "partitions": partitions}
