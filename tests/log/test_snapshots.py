"""What a snapshot holds: the state bit for bit, or a reason why it is not used."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import read
from schemas.fields import microseconds
from schemas.verdict import Rejected
from streams.log import snapshots
from streams.log.snapshots import (
    MAX_RECORD,
    Anchor,
    Body,
    Header,
    Of,
    RefusedError,
    Restoring,
    check,
    chunks,
    counts_of,
    decoded,
    encoded,
    header_of,
)
from streams.tables.digest import (
    accepted_gaps,
    content_digest,
    region_digests,
    rejected_counts,
    statement_digest,
)
from streams.tables.partition import Partition
from streams.tables.views import document
from tests import strategies
from tests.packs import small_pack
from tests.strategies import Record

TOPICS = ("t.observer", "t.official", "t.desk")
OF = Of(small_pack(), TOPICS, 12)


def folded(records: Iterable[Record | Rejected], part: Partition | None = None) -> Partition:
    """A partition that folded these, as a worker does that will write snapshots of it."""
    part = part or Partition(small_pack(), 3, journal=True)
    for item in records:
        result = item if isinstance(item, Rejected) else strategies.accepted(item)
        topic = TOPICS[len(result.type or "") % 3] if isinstance(result, Rejected) else TOPICS[0]
        part.fold(result, topic, part.next.get(topic, 0))
    return part


def written(part: Partition, **changes: Any) -> tuple[bytes, list[bytes]]:
    """A snapshot as the values of its records: header and chunks."""
    assert part.journal is not None
    made = list(chunks(part.journal))
    named = [(each.digest, each.entries) for each in made]
    full = [(each.digest, each.entries) for each in made if each.full]
    anchors = {TOPICS[0]: Anchor(7, 99)}
    header = header_of(OF, 3, 1, Body(named, full, anchors, counts_of(part)))
    return encoded(msgspec.structs.replace(header, **changes)), [each.value for each in made]


def restored(value: bytes, values: list[bytes]) -> Partition:
    """The partition in a snapshot."""
    header = decoded(value)
    check(header, OF, 3)
    restoring = Restoring(header, OF)
    for digest, each in zip(header.chunks, values, strict=True):
        restoring.put(each, digest)
    return restoring.done()


def forged(content: bytes) -> None:
    """Put in a chunk that has the digest it is asked for by."""
    restoring = Restoring(decoded(written(many(1))[0]), OF)
    restoring.put(content, hashlib.sha256(content).digest())
    restoring.done()


def said(part: Partition, now: int) -> dict[str, Any]:
    """All that anybody can ask of a partition."""
    regions = region_digests([part])
    content = content_digest("a", regions)
    rejected = rejected_counts([part])
    positions = {topic: {"3": offset} for topic, offset in part.next.items()}
    return {
        "statement": statement_digest(content, positions, rejected, accepted_gaps([part])),
        "all": document([part], small_pack(), now),
        "confirmed": document([part], small_pack(), now, confirmed_only=True),
        "outcomes": part.outcomes,
        "urgent": part.urgent,
        "gaps": accepted_gaps([part]),
        "clock": (part.clock, part.newest),
        "regions": {
            code: (each.position, each.last_official) for code, each in part.regions.items()
        },
    }


rejections = st.builds(
    Rejected,
    st.sampled_from(("not_json", "unknown_region")),
    st.just(""),
    st.sampled_from((None, "election.observer.incident.v1", "made.up")),
    st.booleans(),
)
logs = st.tuples(strategies.logs(max_size=25), st.lists(rejections, max_size=3)).map(
    lambda both: [*both[0], *both[1]]
)


@given(logs, logs, st.lists(strategies.nows, min_size=2, max_size=2))
@settings(max_examples=25, deadline=None)
def test_restored_is_what_was_written(before: list[Any], after: list[Any], nows: list[int]) -> None:
    """Every table, count and digest at any moment; and so it stays when more is folded."""
    part = folded(before)
    if before:
        part.gaps = {TOPICS[1]: [(0, len(before))]}
    again = restored(*written(part))
    for now in nows:
        assert said(again, now) == said(part, now)
    # One that was restored can be written again, and restored, as good as the first.
    folded(after, part)
    folded(after, again)
    third = restored(*written(again))
    for now in nows:
        assert said(again, now) == said(part, now) == said(third, now)


@given(strategies.logs(min_size=3, max_size=25), st.data())
@settings(max_examples=15, deadline=None)
def test_repeats_after_the_position_are_repeats(records: list[Record], data: st.DataObject) -> None:
    """Restored in the midst and fed on, even what it had folded before, it is as if never stopped.

    The journal may say of an earlier version what a later record told: that it counts earlier.
    """
    cut = data.draw(st.integers(0, len(records)))
    tail = [*records[cut:], *records]
    whole, part = folded([*records[:cut], *tail]), folded(records[:cut])
    assert said(folded(tail, restored(*written(part))), 0) == said(whole, 0)


def test_a_time_that_a_later_record_lowers_is_in_the_next_chunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a wrong phone clock the earliest record's time counts; full chunks are never mended."""
    monkeypatch.setattr(snapshots, "_ENTRIES", 1)
    event = {
        "specversion": "1.0",
        "id": "x1",
        "source": strategies.OBSERVERS[0],
        "type": "election.observer.restriction.v1",
        "time": (strategies.DAY + timedelta(hours=9)).isoformat(),
        "election": "test-2030",
        "data": {
            "report_id": "r1",
            "revision": 0,
            "region": "XX-A",
            "observer_group": "citizen",
            "phase": "voting",
            "kind": "expelled",
        },
    }
    late, early = (strategies.DAY + timedelta(hours=hours) for hours in (5, 4))
    part = folded([strategies.record(event, known=late)])
    assert part.journal is not None
    before = list(chunks(part.journal))
    folded([strategies.record(event, known=early)], part)
    made = [*before, *chunks(part.journal[len(before) :])]
    named = [(each.digest, each.entries) for each in made]
    value = encoded(header_of(OF, 3, 1, Body(named, named, {}, counts_of(part))))
    again = restored(value, [each.value for each in made])
    now = microseconds(strategies.DAY + timedelta(hours=10))
    assert said(again, now) == said(part, now)
    (shown,) = said(again, now)["all"]["tables"]["open_restrictions"]
    assert datetime.fromisoformat(shown["since"]) == early


def test_a_full_chunk_does_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written stays good for the next snapshot, which adds to it and no more."""
    monkeypatch.setattr(snapshots, "_ENTRIES", 4)
    part = many(10)
    journal = part.journal
    assert journal is not None
    first = [each for each in chunks(journal) if each.full]
    assert [each.entries for each in first] == [4, 4]
    many(3, part, 10)
    again = list(chunks(journal))
    assert again[:2] == first
    assert [each.entries for each in again] == [4, 4, 4, 1]
    assert len(list(chunks(journal[8:]))) == 2
    assert region_digests([restored(*written(part))]) == region_digests([part])


def test_no_record_is_too_long() -> None:
    """However long the events: a chunk that comes out too long is halved."""
    pack = dataclasses.replace(small_pack())
    part = Partition(pack, 3, journal=True)
    votes = {f"c{n}{hashlib.sha256(str(n).encode()).hexdigest()[:50]}": n for n in range(1000)}
    for number in range(10):
        event = strategies.record(
            {
                "specversion": "1.0",
                "id": f"p{number}",
                "source": strategies.OBSERVERS[0],
                "type": "election.observer.protocol.v1",
                "time": strategies.MORNING,
                "election": "test-2030",
                "data": {
                    "report_id": f"{number}",
                    "revision": 0,
                    "region": "XX-A",
                    "station": "A-1",
                    "observer_group": "citizen",
                    "phase": "counting",
                    "contest": "list",
                    "protocol_time": strategies.MORNING,
                    "votes": {f"{name}"[: 40 + number % 20]: n for name, n in votes.items()},
                },
            }
        )
        result = read(event.raw, event.origin, pack)
        part.fold(result, TOPICS[0], number)
    assert part.journal is not None
    assert len(part.journal) == 10
    made = list(chunks(part.journal * 30))
    assert max(len(each.value) for each in made) <= MAX_RECORD
    assert sum(each.entries for each in made) == 300


def many(count: int, part: Partition | None = None, start: int = 0) -> Partition:
    """Plain incidents."""
    part = part or Partition(small_pack(), 3, journal=True)
    for number in range(start, start + count):
        event = {
            "specversion": "1.0",
            "id": f"i{number}",
            "source": strategies.OBSERVERS[0],
            "type": "election.observer.incident.v1",
            "time": strategies.MORNING,
            "election": "test-2030",
            "data": {
                "report_id": f"r{number}",
                "revision": 0,
                "region": "XX-A",
                "observer_group": "citizen",
                "phase": "voting",
                "category": "campaigning",
                "description": f"text {number}",
            },
        }
        record = strategies.record(event)
        part.fold(strategies.accepted(record), TOPICS[0], number)
    return part


def test_no_free_text_is_in_it() -> None:
    """The log holds observers' words; a snapshot their hash, as the state does."""
    value, values = written(many(3))
    from backports import zstd

    body = zstd.decompress(values[0])
    assert b"r1" in body
    assert b"text 1" not in body
    assert b"text 1" not in value


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": "x"}, "schema"),
        ({"election": "other"}, "election"),
        ({"acceptance": "0" * 64}, "acceptance"),
        ({"number": 4}, "topics"),
        ({"partitions": 3}, "topics"),
        ({"entries": 4}, "checksum"),
    ],
)
def test_what_is_of_something_else_is_refused(changes: dict[str, Any], reason: str) -> None:
    """With the reason."""
    with pytest.raises(RefusedError) as refused:
        restored(*written(many(3), **changes))
    assert refused.value.reason == reason


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_damage_is_refused(data: st.DataObject) -> None:
    """A byte that was changed, cut or added, in the header or in a chunk."""
    value, values = written(many(6))
    which = data.draw(st.sampled_from([value, values[0]]))
    place = data.draw(st.integers(0, len(which) - 1))
    kind = data.draw(st.sampled_from(("flip", "cut", "add")))
    if kind == "flip":
        bad = which[:place] + bytes([which[place] ^ data.draw(st.integers(1, 255))])
        bad += which[place + 1 :]
    else:
        bad = which[:place] if kind == "cut" else which + b"\0"
    broken = (bad, values) if which is value else (value, [bad])
    with pytest.raises(RefusedError):
        restored(*broken)


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_whoever_can_write_the_topic_runs_no_code(body: bytes) -> None:
    """Bytes with the right checksums but other content are refused, whatever they are."""
    from backports import zstd

    for content in (body, zstd.compress(body), zstd.compress(b"\0" * 5_000_000)):
        header = snapshots._MAGIC + hashlib.sha256(content).digest() + content
        with pytest.raises(RefusedError):
            decoded(header)
        with pytest.raises(RefusedError):
            forged(content)


def test_the_header_says_who_wrote_what() -> None:
    """The parts that the operator's view shows."""
    header = decoded(written(many(5))[0])
    assert isinstance(header, Header)
    assert header.entries == 5
    assert header.next == {TOPICS[0]: 5}
    assert header.anchors == {TOPICS[0]: (7, 99)}
