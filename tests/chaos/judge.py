"""The verdict on a run: every way in which what should agree does not.

Each judge gives lines that say what differs and where; none at all is a green run.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from schemas.canonical import canonical
from streams.log import dead_letter
from streams.tables.digest import content_digest, positions_of, region_digests
from streams.tables.partition import Partition
from streams.tables.views import TABLES, rows
from tests.chaos.evidence import Evidence, Logged, Read, folded, merged, read_all, regions_of
from tests.chaos.ownership import end_problems, ownership_problems
from tests.chaos.prefixes import sample_problems
from tests.chaos.traffic import Planned
from tests.strategies import Record
from tests.tables.turnout_model import Turnout as Model

Json = dict[str, Any]
SHOWN: Final = 3
"""Differences shown of each kind; the others are counted."""

ALONE: Final = {
    "official_findings": ("finding", "sum_mismatch"),
    "conflicts": ("kind", "two_regions"),
}
"""Rows that only a worker with all partitions has: table → column, value."""
OF_COUNTRY: Final = ("assessment", "turnout", "results_published")
"""Tables whose country row is each worker's, over the regions it has."""
Expected = dict[tuple[str, int, int], tuple[Planned, int]]
"""(topic, partition, offset) → what the producer sent there, and the broker's time in ms."""
UNMODELLED: Final = ("rejected",)


class Case:
    """The evidence, and what several judges make of it."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    @cached_property
    def found(self) -> Read:
        """The log, read."""
        return read_all(self.evidence)

    @cached_property
    def parts(self) -> dict[int, Partition]:
        """The log, folded."""
        return folded(self.found, self.evidence.pack)

    @cached_property
    def offline(self) -> dict[str, list[Json]]:
        """Every table of the log folded here."""
        pack, now = self.evidence.pack, self.evidence.now
        return {name: rows(name, self.parts.values(), pack, now) for name in TABLES}

    @cached_property
    def expected(self) -> Expected:
        """What the producer sent, of its own record."""
        return expectations(self.evidence)


CHECKS: Final[Mapping[str, Callable[[Case], Iterable[str]]]] = {
    "log": lambda case: log_problems(case.evidence),
    "model": lambda case: model_problems(case.evidence, case.expected, case.parts, case.offline),
    "workers": lambda case: worker_problems(case.evidence, case.parts, case.offline),
    "replay": lambda case: replay_problems(case.evidence, case.parts, case.offline),
    "letters": lambda case: letter_problems(case.evidence, case.expected),
    "samples": lambda case: sample_problems(case.evidence, case.found),
    "backwards": lambda case: backward_problems(case.evidence),
    "ownership": lambda case: owner_problems(case.evidence),
}


def judge(evidence: Evidence, checks: Iterable[str] = CHECKS) -> list[str]:
    """All that is wrong, by these checks."""
    case = Case(evidence)
    return [problem for check in checks for problem in CHECKS[check](case)]


# The log against what the producer wrote down


def log_problems(evidence: Evidence) -> Iterator[str]:
    """What was acknowledged is there, as it was sent; what else is there was sent too."""
    by_place = _by_place(evidence)
    unsure = Counter((one.partition, one.key, one.value) for one in evidence.journal.unsure)
    for (topic, number), records in evidence.log.items():
        known = by_place.pop((topic, number), {})
        for one in records:
            sent = known.pop(one.offset, None)
            mine = (number, one.key, one.raw)
            if sent is None:
                if not unsure[mine]:
                    yield f"log: {topic}/{number}/{one.offset} was never sent"
                unsure[mine] -= 1
            elif sent != (one.timestamp, one.key, one.raw):
                yield f"log: {topic}/{number}/{one.offset} is not what was acknowledged there"
        if known:
            yield f"log: {topic}/{number} lost {len(known)} acknowledged, first {min(known)}"
    for place in by_place:
        yield f"log: nothing of {place}"


def _by_place(
    evidence: Evidence,
) -> dict[tuple[str, int], dict[int, tuple[int, bytes | None, bytes]]]:
    found: dict[tuple[str, int], dict[int, tuple[int, bytes | None, bytes]]] = defaultdict(dict)
    for sent in evidence.journal.sent:
        planned = sent.planned
        told = (sent.timestamp, planned.key, planned.value)
        found[sent.topic, planned.partition][sent.offset] = told
    return found


def expectations(evidence: Evidence) -> Expected:
    """Place → what the producer sent there, and the broker's time; of its own record.

    What failed and is in the log all the same was sent too: its place is the log's to say.
    """
    found = {sent.place: (sent.planned, sent.timestamp) for sent in evidence.journal.sent}
    left: dict[tuple[int, bytes | None, bytes], list[Planned]] = defaultdict(list)
    for one in evidence.journal.unsure:
        left[one.partition, one.key, one.value].append(one)
    for (topic, number), records in evidence.log.items() if left else ():
        for record in records:
            mine = left.get((number, record.key, record.raw))
            if mine and (topic, number, record.offset) not in found:
                found[topic, number, record.offset] = mine.pop(), record.timestamp
    return found


# The tables


def model_problems(
    evidence: Evidence,
    expected: Expected,
    parts: dict[int, Partition],
    offline: dict[str, list[Json]],
) -> Iterator[str]:
    """The log's tables are those of the naive model of the producer's own record."""
    first: dict[tuple[bytes, bytes | None], tuple[str, Planned, int]] = {}
    for (topic, _, _), (planned, at) in expected.items():
        if planned.reason is None and planned.key is not None:
            known = first.get((planned.value, planned.key))
            if known is None or at < known[2]:
                first[planned.value, planned.key] = topic, planned, at
    records = (
        Record(
            planned.value, evidence.place(topic, planned.partition, Logged(0, at, planned.key, b""))
        )
        for topic, planned, at in first.values()
    )
    model = Model(records, evidence.pack)
    ours = content_digest(evidence.pack.acceptance_digest, region_digests(parts.values()))
    if model.content_digest() != ours:
        yield f"content digest: the log's is {ours}, the producer's {model.content_digest()}"
    for name, found in offline.items():
        if name not in UNMODELLED:
            told = getattr(model, name)(evidence.now, False)
            yield from differing(
                f"table {name}: log and model", _plain(name, found), _plain(name, told)
            )
    counted = Counter(reason.reason for reason, _ in expected.values() if reason.reason)
    said: Counter[str] = Counter()
    for row in offline["rejected"]:
        said[row["reason"]] += row["count"]
    if counted != said:
        yield f"rejected: the producer meant {dict(counted)}, the log says {dict(said)}"


def _plain(name: str, found: list[Json]) -> list[Json]:
    """Without what the model does not compute, or not to the last digit."""
    left_out = {"assessment": ("low", "high"), "incidents_surge": ("probability",)}.get(name, ())
    return [{key: value for key, value in row.items() if key not in left_out} for row in found]


def worker_problems(
    evidence: Evidence, parts: dict[int, Partition], offline: dict[str, list[Json]]
) -> Iterator[str]:
    """The workers' tables together are the log's, and so are one worker's that has it all."""
    pack = evidence.pack
    ours = region_digests(parts.values())
    found, twice = regions_of(evidence.workers)
    if twice:
        yield f"workers: {twice} are shown by two"
    yield from differing_digests("workers", found, ours)
    yield from differing_digests("the worker alone", evidence.alone["digest"]["regions"], ours)
    positions = positions_of(parts.values(), evidence.topics)
    theirs = evidence.alone["digest"]["positions"]
    if theirs != positions:
        yield f"the worker alone: positions {theirs}, log {positions}"
    for name, expected in offline.items():
        yield from differing(
            f"table {name}: workers together and log",
            _together(name, merged(evidence.workers, name), pack.country),
            _together(name, expected, pack.country),
        )
        mine = evidence.alone["tables"][name]
        yield from differing(f"table {name}: the worker alone and log", mine, expected)


def _together(name: str, found: list[Json], country: str) -> list[Json]:
    """Rows as far as workers that have parts of the country can have them."""
    if name in ALONE:
        column, value = ALONE[name]
        return [row for row in found if row[column] != value]
    if name in OF_COUNTRY:
        return [row for row in found if row["region"] != country]
    if name != "rejected":
        return found
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in found:
        counts[row["topic"], row["type"], row["reason"]] += row["count"]
    return [{"of": key, "count": number} for key, number in counts.items()]


def replay_problems(
    evidence: Evidence, parts: dict[int, Partition], offline: dict[str, list[Json]]
) -> Iterator[str]:
    """`scrutineer replay kafka` says the same, and the statement is that of the worker alone."""
    told = evidence.replay
    ours = content_digest(evidence.pack.acceptance_digest, region_digests(parts.values()))
    if told["content_digest"] != ours:
        yield f"replay: content digest {told['content_digest']}, log {ours}"
    alone = evidence.alone["digest"]
    for digest in ("content_digest", "statement_digest"):
        if told[digest] != alone[digest]:
            yield f"{digest}: replay {told[digest]}, the worker alone {alone[digest]}"
    for name, expected in offline.items():
        yield from differing(f"table {name}: replay and log", told["tables"][name], expected)


def differing_digests(who: str, found: dict[str, str], ours: dict[str, str]) -> Iterator[str]:
    """Regions whose digests are not the log's."""
    for region in sorted(found.keys() | ours.keys()):
        if found.get(region) != ours.get(region):
            yield f"{who}: region {region} is {found.get(region)}, the log's {ours.get(region)}"


def differing(what: str, found: Iterable[Json], expected: Iterable[Json]) -> Iterator[str]:
    """Rows that one side has and the other has not, whatever their order."""
    ours, theirs = (Counter(canonical(_sorted(row)) for row in some) for some in (found, expected))
    for sign, more in (("only there", ours - theirs), ("missing", theirs - ours)):
        if more:
            shown = " | ".join(row.decode()[:300] for row in sorted(more)[:SHOWN])
            yield f"{what}: {more.total()} rows {sign}: {shown}"


def _sorted(row: Json) -> Json:
    """Findings inside a row have no order."""
    if not isinstance(row.get("findings"), list):
        return row
    return {**row, "findings": sorted(row["findings"], key=canonical)}


# Dead letters


def letter_problems(evidence: Evidence, expected: Expected) -> Iterator[str]:
    """One letter for each rejected event once keys are compacted, of its bytes, and none else."""
    wanted = {
        f"{topic}/{number}/{offset}".encode(): planned
        for (topic, number, offset), (planned, _) in expected.items()
        if planned.reason is not None
    }
    compacted = {letter.key: letter for letter in evidence.letters}
    for key in sorted(compacted.keys() - wanted.keys(), key=repr):
        yield f"letters: {key!r} is of no rejected event"
    missing = sorted(wanted.keys() - compacted.keys())
    if missing:
        yield f"letters: {len(missing)} missing, first {missing[0].decode()}"
    for key in wanted.keys() & compacted.keys():
        planned = wanted[key]
        try:
            letter = dead_letter.Letter.parse(compacted[key])
        except dead_letter.LetterError as error:
            yield f"letters: {key.decode()}: {error}"
            continue
        if letter.reason != planned.reason:
            yield f"letters: {key.decode()}: {letter.reason}, expected {planned.reason}"
        whole = hashlib.sha256(planned.value).hexdigest()
        if letter.sha256 != whole or not planned.value.startswith(letter.value):
            yield f"letters: {key.decode()} has other bytes than the event"


# Who shows what


def owner_problems(evidence: Evidence) -> Iterator[str]:
    """Nobody went on showing what it had lost, and in the end each partition has one that does."""
    yield from ownership_problems(evidence.history, evidence.samples, evidence.troubles)
    yield from end_problems(evidence.workers)
    yield from end_problems(evidence.shared)


# Nothing went backwards


def backward_problems(evidence: Evidence) -> Iterator[str]:
    """No position falls in a process, nor for whoever looks at the furthest of all workers.

    A process that begins to show a partition, be it again, must be as far as any was seen before.
    """
    if not any(seen.positions for seen in evidence.history):
        yield "backwards: no partition was ever seen live: nothing was looked at"
    last: dict[tuple[str, str, int], int] = {}
    shown: dict[str, set[tuple[str, int]]] = defaultdict(set)
    furthest: dict[tuple[str, int], tuple[int, str]] = {}
    by_end = deque(sorted(evidence.history, key=lambda seen: seen.until))
    for seen in sorted(evidence.history, key=lambda seen: seen.at):
        while by_end and by_end[0].until <= seen.at:
            done = by_end.popleft()
            for place, position in done.positions.items():
                furthest[place] = max(furthest.get(place, (0, "")), (position, done.life))
        for (topic, number), position in seen.positions.items():
            before = last.get((seen.life, topic, number))
            most, who = furthest.get((topic, number), (0, ""))
            if before is not None and position < before:
                yield f"backwards: {topic}/{number} in {seen.life}: {position} after {before}"
            elif (topic, number) not in shown[seen.life] and position < most:
                yield (
                    f"backwards: {topic}/{number} is shown at {position} by {seen.life}, "
                    f"after {most} by {who}"
                )
            last[seen.life, topic, number] = position
        shown[seen.life] = set(seen.positions)
