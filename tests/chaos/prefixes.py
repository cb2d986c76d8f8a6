"""Whether each sampled answer was what the log before its positions makes: nothing else will do.

A sample says how far each of its partitions was. The log is folded here to each of these places
once, and what the sample said of the partition is held against it.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.fields import microseconds
from schemas.pack import Pack
from streams.metrics.freshness import Freshness
from streams.metrics.moment import MICROSECONDS
from streams.metrics.page import MetricsPage
from streams.metrics.values import FACTS, TIMED
from streams.metrics.view import View
from streams.tables.digest import content_digest
from streams.tables.partition import Partition
from streams.tables.views import rows
from tests.chaos.evidence import Evidence, Read
from tests.chaos.pack import PARTITIONS, routed
from tests.chaos.sampler import Sample

POSITION: Final = "scrutineer_partition_position"
OF_PARTITION: Final = (
    POSITION,
    "scrutineer_events_total",
    "scrutineer_rejected_events_total",
    "scrutineer_urgent_rejected_events_total",
)
OF_REGION: Final = ("scrutineer_region_live", "scrutineer_region_position", *FACTS, *TIMED)
"""Families whose values the tables and the page's own time decide."""
NOW: Final = "scrutineer_now_timestamp_seconds "

_LINE: Final = re.compile(r"(\w+)\{(.*)\} (\S+)")
_PARTITION: Final = re.compile(r'partition="(\d+)"')
_REGION: Final = re.compile(r'region="([^"]+)"')
_TOPIC: Final = re.compile(r'topic="([^"]+)"')

Positions = tuple[tuple[str, int], ...]
"""(topic, next offset) of one partition, sorted."""


class Claim(NamedTuple):
    """What a sample said of a partition. ``holds`` gives what is wrong, given the tables there."""

    sample: Sample
    holds: Callable[[Partition], str]


def sample_problems(evidence: Evidence, found: Read) -> Iterator[str]:
    """Samples that are not of the prefix they claim."""
    # Tables and digests are asked for at the end as well, and waited for; this page is not.
    if not any(f"\n{POSITION}{{" in one.text for one in evidence.samples if one.kind == "metrics"):
        yield "sample: no page of metrics has a position: nothing was looked at"
    claims: dict[int, dict[Positions, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    page = MetricsPage(evidence.pack, evidence.topics, PARTITIONS)
    for sample in evidence.samples:
        for why in unproven(sample, evidence.pack):
            yield f"sample: {sample.kind} of {sample.life}: {why}"
        for number, positions, claim in claims_of(sample, evidence, page):
            claims[number][positions].append(claim)
    for number, places in sorted(claims.items()):
        yield from _check(number, places, evidence, found)


def _check(
    number: int, places: dict[Positions, list[Claim]], evidence: Evidence, found: Read
) -> Iterator[str]:
    """Fold the partition once along each chain of places."""
    for chain in chains(list(places)):
        part = Partition(evidence.pack, number)
        for positions in chain:
            for topic, upto in positions:
                records = found[topic, number]
                for offset, result in records[part.next.get(topic, 0) : upto]:
                    part.fold(result, topic, offset)
                if part.next.get(topic, 0) != upto:
                    yield f"sample: {topic}/{number} claims {upto}, the log ends before"
            for claim in places[positions]:
                if why := claim.holds(part):
                    sample = claim.sample
                    where = " ".join(f"{topic}:{at}" for topic, at in positions)
                    who = f"{sample.kind} of {sample.life}, partition {number}, {where}"
                    yield f"sample: {who}: {why}"


def chains(places: list[Positions]) -> list[list[Positions]]:
    """The places in as few rows as it takes for no position to fall within a row."""
    made: list[list[Positions]] = []
    for place in sorted(places, key=lambda place: (sum(at for _, at in place), place)):
        for chain in made:
            if all(a <= b for (_, a), (_, b) in zip(chain[-1], place, strict=True)):
                chain.append(place)
                break
        else:
            made.append([place])
    return made


def claims_of(
    sample: Sample, evidence: Evidence, page: MetricsPage
) -> Iterator[tuple[int, Positions, Claim]]:
    """What a sample says: (partition, its positions, the claim)."""
    if sample.kind == "metrics":
        now = now_of(sample.text)
        for number, (positions, lines) in lines_by_partition(sample.text).items():
            if positions:
                yield number, positions, Claim(sample, _metrics(lines, now, evidence, page))
    elif sample.kind == "digest":
        body = json.loads(sample.text)
        for number in body["partitions"]:
            told = body["positions"].items()
            positions = tuple(sorted((topic, by[str(number)]) for topic, by in told))
            mine = {code: d for code, d in body["regions"].items() if routed(code) == number}
            yield number, positions, Claim(sample, _digests(mine))
    elif sample.about is not None:
        name, region, positions = sample.about
        body = json.loads(sample.text)
        yield routed(region), positions, Claim(sample, _table(name, region, body, evidence.pack))


def unproven(sample: Sample, pack: Pack) -> Iterator[str]:
    """What a sample says that no log could bear out."""
    if sample.kind == "metrics":
        text = sample.text
        for number, (positions, lines) in sorted(lines_by_partition(text).items()):
            if not positions:
                yield f"partition {number} has figures and no position: {sorted(lines)[:2]}"
        said = Counter(line for line in text.splitlines() if not line.startswith("#"))
        if twice := [line for line, count in said.items() if count > 1]:
            yield f"{len(twice)} lines are there twice, first {twice[0]}"
    elif sample.kind == "digest":
        body = json.loads(sample.text)
        whole = content_digest(pack.acceptance_digest, body["regions"])
        if body["content_digest"] not in (None, whole):
            yield f"content digest {body['content_digest']}, of these regions it is {whole}"


def now_of(text: str) -> int:
    """The time that a metrics page says it is, in microseconds since the epoch."""
    (line,) = (line for line in text.splitlines() if line.startswith(NOW))
    return round(float(line.removeprefix(NOW)) * MICROSECONDS)


def lines_by_partition(text: str) -> dict[int, tuple[Positions, frozenset[str]]]:
    """The lines of a metrics page that a partition's tables decide, and its positions.

    Where a partition has figures and claims no position, its positions are empty.
    """
    lines: dict[int, set[str]] = defaultdict(set)
    positions: dict[int, dict[str, int]] = defaultdict(dict)
    for line in text.splitlines():
        if (parsed := _LINE.fullmatch(line)) is None:
            continue
        name, labels, value = parsed.groups()
        if name in OF_PARTITION:
            number = int(_one(_PARTITION, labels))
            if name == POSITION:
                positions[number][_one(_TOPIC, labels)] = int(float(value))
        elif name in OF_REGION:
            number = routed(_one(_REGION, labels))
        else:
            continue
        lines[number].add(line)
    return {
        number: (tuple(sorted(positions[number].items())), frozenset(found))
        for number, found in lines.items()
    }


def _one(pattern: re.Pattern[str], labels: str) -> str:
    found = pattern.search(labels)
    assert found is not None, labels
    return found[1]


def _metrics(
    lines: frozenset[str], now: int, evidence: Evidence, page: MetricsPage
) -> Callable[[Partition], str]:
    def holds(part: Partition) -> str:
        assert part.number is not None
        page.regions.clear()  # nothing kept: what the worker's page keeps is under test
        view = View({part.number: part}, {part.number: "live"}, now, Freshness(evidence.topics))
        ours = lines_by_partition(page.render(view).decode())[part.number][1]
        return (
            "" if ours == lines else f"{sorted(lines - ours)[:3]}, log {sorted(ours - lines)[:3]}"
        )

    return holds


def _digests(regions: dict[str, str]) -> Callable[[Partition], str]:
    def holds(part: Partition) -> str:
        ours = {code: tables.digest() for code, tables in part.regions.items()}
        return "" if ours == regions else f"digests {regions}, log {ours}"

    return holds


def _table(name: str, region: str, body: dict[str, Any], pack: Pack) -> Callable[[Partition], str]:
    def holds(part: Partition) -> str:
        now = microseconds(datetime.fromisoformat(body["now"]))
        ours = rows(name, [part], pack, now, region, whole=False)
        if json.loads(json.dumps(ours)) == body["rows"]:
            return ""
        different = [a for a in body["rows"] if a not in ours][:2]
        return f"table {name} of {region}: {different}"

    return holds
