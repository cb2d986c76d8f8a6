"""What the pack knows and rules need, as series that never change."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.fields import rfc3339
from schemas.pack import Pack
from streams.rules.alert import REGION_INFO
from streams.rules.model import Group, Recording
from streams.rules.quantiles import table
from streams.tables.sample import designs, uncovered

POLLS_OPEN = "pack:election_polls_open:timestamp_seconds"
POLLS_CLOSE = "pack:election_polls_close:timestamp_seconds"
CHECKPOINT = "pack:election_checkpoint:index"
SAMPLE_REGION = "pack:election_sample_region:info"
"""Regions without whose strata the country's sample is not complete, drawn from or not."""


def group(pack: Pack) -> Group:
    """Regions with their names, hours, checkpoints, regions with a turnout sample, quantiles."""
    return Group("pack", [*_regions(pack), *_hours(pack), *_turnout(pack), *table(pack)])


def _constant(record: str, value: float, **labels: str) -> Recording:
    return Recording(record, f"vector({value!r})", labels)


def _regions(pack: Pack) -> Iterator[Recording]:
    for code, region in sorted(pack.regions.items()):
        yield _constant(REGION_INFO, 1, region=code, name=region.name)


def _hours(pack: Pack) -> Iterator[Recording]:
    """Of each day and region; never of the country, whose hours are those of its regions."""
    for code in pack.region_codes():
        # By number: two openings, of which one is earlier in the day, can have one date in UTC.
        for day, (opens, closes) in enumerate(pack.polls(code), 1):
            yield _constant(POLLS_OPEN, opens / 1e6, region=code, day=str(day))
            yield _constant(POLLS_CLOSE, closes / 1e6, region=code, day=str(day))


def _turnout(pack: Pack) -> Iterator[Recording]:
    for index, moment in enumerate(pack.checkpoints):
        yield _constant(CHECKPOINT, index, checkpoint=rfc3339(moment))
    for code in sorted({*designs(pack), *uncovered(pack)}):
        yield _constant(SAMPLE_REGION, 1, region=code)
