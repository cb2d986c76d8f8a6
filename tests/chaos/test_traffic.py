"""The traffic is what it says: every type, every reason of rejection, and no other rejected."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import get_args

from schemas import Accepted, Origin, read
from schemas.envelope import EVENTS
from schemas.verdict import Reason
from tests.chaos.pack import PARTITIONS, REGIONS, chaos_pack, routed
from tests.chaos.traffic import MAX_BYTES, Traffic


def test_the_traffic_has_everything() -> None:
    """Types, reasons, large events, repeats and corrections, and each is judged as it was meant."""
    now = datetime.now(UTC)
    traffic = Traffic(1, rejected=0.1)
    events = [traffic.next(now) for _ in range(4_000)]
    events += traffic.clock("2024-06-02T08:00:00Z")
    types: Counter[str] = Counter()
    reasons: Counter[str | None] = Counter()
    for one in events:
        at = round(now.timestamp() * 1000)
        origin = Origin(f"e.{one.authority}", one.partition, PARTITIONS, one.key, at)
        result = read(one.value, origin, chaos_pack())
        told = None if isinstance(result, Accepted) else result.reason
        assert told == one.reason, (one, result)
        reasons[told] += 1
        types[result.event.type if isinstance(result, Accepted) else ""] += 1
    assert set(EVENTS) <= types.keys()
    assert set(get_args(Reason)) == reasons.keys() - {None}
    assert max(len(one.value) for one in events if one.reason is None) == MAX_BYTES
    assert max(len(one.value) for one in events) > 4 * MAX_BYTES
    accepted = [one.value for one in events if one.reason is None]
    assert len(set(accepted)) < len(accepted)
    assert any(b'"revision": 2' in raw for raw in accepted)
    assert any(b'"withdrawn": true' in raw for raw in accepted)


def test_a_finite_traffic_repeats_itself() -> None:
    """After so many versions nothing is new but what is rejected."""
    now = datetime.now(UTC)
    traffic = Traffic(2, versions=200)
    events = [traffic.next(now) for _ in range(1_000)]
    assert len({one.value for one in events if one.reason is None}) <= 200


def test_every_partition_has_regions() -> None:
    """So that no worker is without work."""
    assert {routed(region) for region in REGIONS} == set(range(PARTITIONS))
