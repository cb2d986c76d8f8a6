"""The content digest, in two levels, so that the digests of several workers combine."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from operator import itemgetter

from schemas.canonical import canonical
from streams.tables.caught import Caught
from streams.tables.partition import Partition

Positions = Mapping[str, Mapping[str, int]]
"""Topic → partition → next offset."""


def region_digests(parts: Iterable[Partition]) -> dict[str, str]:
    """Region → SHA-256 (hex) over its sorted canonical lines, each with a newline."""
    tables = {code: table for part in parts for code, table in part.regions.items()}
    return {code: tables[code].digest() for code in sorted(tables)}


def content_digest(acceptance: str, regions: Mapping[str, str]) -> str:
    """SHA-256 (hex) over the acceptance digest and the sorted lines "code digest".

    The same for any order, duplication, batching and partition count of the same events.
    """
    lines = [acceptance, *(f"{code} {regions[code]}" for code in sorted(regions))]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def rejected_counts(parts: Iterable[Partition | Caught]) -> list[dict[str, object]]:
    """Rejected records by topic, type and reason, sorted: the rows of the table ``rejected``."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for part in parts:
        counts.update(part.rejected)
    return [
        {"topic": topic, "type": type_, "reason": reason, "count": counts[topic, type_, reason]}
        for topic, type_, reason in sorted(counts)
    ]


def positions_of(
    parts: Iterable[Partition | Caught], topics: Iterable[str]
) -> dict[str, dict[str, int]]:
    """Topic → partition → next offset, of numbered partitions; 0 where nothing was folded."""
    numbered = sorted(((part.number or 0, part) for part in parts), key=itemgetter(0))
    return {
        topic: {str(number): part.next.get(topic, 0) for number, part in numbered}
        for topic in topics
    }


def accepted_gaps(parts: Iterable[Partition | Caught]) -> list[dict[str, object]]:
    """What is missing from the tables and was accepted as missing, sorted; ``to`` is excluded."""
    found = (
        (topic, part.number or 0, first, beyond)
        for part in parts
        for topic, stretches in part.gaps.items()
        for first, beyond in stretches
    )
    return [
        {"topic": topic, "partition": number, "from": first, "to": beyond}
        for topic, number, first, beyond in sorted(found)
    ]


def statement_digest(
    content: str,
    positions: Positions,
    rejected: Iterable[Mapping[str, object]],
    gaps: Iterable[Mapping[str, object]] = (),
) -> str:
    """SHA-256 (hex) over the canonical JSON of all that can be said of a log up to its positions.

    ``{"content_digest", "positions", "rejected"}``: the same live, rebuilt and replayed from an
    archive, at the same positions. ``rejected`` are rows as ``rejected_counts`` gives them. Where
    there are ``gaps``, as ``accepted_gaps`` gives them, they are said too, as "accepted_gaps".
    """
    said = {"content_digest": content, "positions": positions, "rejected": list(rejected)}
    if missing := list(gaps):
        said["accepted_gaps"] = missing
    return hashlib.sha256(canonical(said)).hexdigest()
