"""What is said of a partition beside its regions' tables, as it was at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.tables.partition import Partition
from streams.tables.versions import Outcome

Counted = Mapping[tuple[str, str, str], int]
"""(topic, type, reason) → records."""


class Caught(NamedTuple):
    """``next``: offset by topic; ``outcomes``: records by (topic, outcome).

    ``gaps``: accepted ones by topic, [from, to) each. ``positions``: events by region.
    """

    number: int | None
    next: Mapping[str, int]
    outcomes: Mapping[tuple[str, Outcome], int]
    rejected: Counted
    urgent: Counted
    gaps: Mapping[str, Sequence[tuple[int, int]]]
    positions: Mapping[str, int]


def caught(part: Partition) -> Caught:
    """A copy that later events leave as it is."""
    return Caught(
        part.number,
        dict(part.next),
        dict(part.outcomes),
        dict(part.rejected),
        dict(part.urgent),
        {topic: tuple(stretches) for topic, stretches in part.gaps.items()},
        {code: tables.position for code, tables in part.regions.items()},
    )
