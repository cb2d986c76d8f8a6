"""Replaying an archive: the state, the digests, and any moment of the day."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import read
from schemas.pack import Pack
from schemas.verdict import Accepted, Origin
from streams.archive.folding import AsOf, no_garbage
from streams.archive.manifest import Place
from streams.archive.parallel import Work, fold_all
from streams.archive.replay import LogReplay, moment_of
from streams.archive.segments import Record
from streams.archive.sources import ArchivedLog
from streams.archive.states import dump, load
from streams.errors import UserError
from streams.packs import load_pack, pack_texts
from streams.tables.digest import content_digest, region_digests, rejected_counts, statement_digest
from streams.tables.partition import Partition
from streams.tables.views import document
from tests.archive.made import BEGAN, STEP, TOPICS, Log, build, made_log
from tests.worker.sample import PACK, clock, encoded, sample

EVENTS = 900


@cache
def _log() -> Log:
    return made_log(sample(EVENTS, seed=9, bad=0.04))


@cache
def _pack() -> Pack:
    return load_pack(PACK)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An archive of the log in three sealings."""
    where = str(tmp_path_factory.mktemp("archive") / "a")
    build(where, _log(), rounds=3)
    return where


ALL = AsOf()


def replay(where: str, as_of: AsOf = ALL, jobs: int = 1) -> LogReplay:
    """What the archive comes to."""
    log = ArchivedLog([where])
    work = Work(log, pack_texts(PACK), as_of, False)
    return LogReplay(_pack(), as_of, log.topics, fold_all(work, _pack(), jobs, lambda _: None))


def naive(log: Log, keep: Iterable[tuple[Place, Record]] | None = None) -> list[Partition]:
    """The same records folded one after the other, here."""
    parts = [Partition(_pack(), number) for number in range(TOPICS.partitions)]
    chosen = keep if keep is not None else [(p, r) for p, rs in log.items() for r in rs]
    for (topic, number), record in chosen:
        origin = Origin(topic, number, TOPICS.partitions, record.key, record.timestamp)
        parts[number].fold(read(record.value or b"", origin, _pack()), topic, record.offset)
    return parts


def statement(parts: list[Partition]) -> str:
    """The statement digest, by its definition."""
    content = content_digest(_pack().acceptance_digest, region_digests(parts))
    positions = {
        topic: {str(part.number): part.next.get(topic, 0) for part in parts}
        for topic in TOPICS.inputs
    }
    return statement_digest(content, positions, rejected_counts(parts))


def reasons_of(parts: list[Partition]) -> dict[str, int]:
    """Reason → rejected records."""
    counts: Counter[str] = Counter()
    for part in parts:
        for (_, _, reason), number in part.rejected.items():
            counts[reason] += number
    return dict(counts)


def test_it_comes_to_what_the_log_comes_to(archive: str) -> None:
    """Tables, outcomes, rejections and both digests."""
    found, expected = replay(archive), naive(_log())
    assert found.statement_digest == statement(expected)
    assert found.read == EVENTS
    assert found.reasons == reasons_of(expected)
    mine = document(found.parts, _pack(), found.now, positions=False)
    assert mine == document(expected, _pack(), found.now, positions=False)
    assert found.now == max(part.newest or 0 for part in expected)
    assert found.now_is == "newest event"


def test_events_are_judged_by_where_they_stood(tmp_path: Path) -> None:
    """A record with another key, on another topic, from the future: as a worker judges them."""
    log = {place: list(records) for place, records in _log().items()}
    victims = [n for n, r in enumerate(log["made.observer", 0]) if _accepted(r)][:2]
    first, second = (log["made.observer", 0][n] for n in victims)
    log["made.observer", 0][victims[0]] = first._replace(key=b"KZ-XX")
    log["made.observer", 0][victims[1]] = second._replace(timestamp=1_679_100_000_000)
    log["made.official", 0].append(first._replace(offset=len(log["made.official", 0])))
    build(str(tmp_path / "a"), log)
    reasons, before = replay(str(tmp_path / "a")).reasons, reasons_of(naive(_log()))
    assert {"misrouted", "future_time"}.isdisjoint(before)
    added = {"misrouted": 1, "future_time": 1, "wrong_authority": before["wrong_authority"] + 1}
    assert reasons == before | added


def _accepted(record: Record) -> bool:
    origin = Origin("made.observer", 0, TOPICS.partitions, record.key, record.timestamp)
    result = read(record.value or b"", origin, _pack())
    return isinstance(result, Accepted) and "incident" in result.event.type


def test_processes_come_to_the_same(archive: str) -> None:
    """Two at work, or one: the states put together are equal in every table."""
    alone, together = replay(archive), replay(archive, jobs=2)
    assert together.statement_digest == alone.statement_digest
    assert [part.number for part in together.parts] == [0, 1, 2]
    assert document(together.parts, _pack(), 0) == document(alone.parts, _pack(), 0)
    assert gc.isenabled()


def test_an_error_of_another_process_is_told_here(archive: str, tmp_path: Path) -> None:
    """A damaged segment is the same message whoever finds it."""
    import shutil

    where = shutil.copytree(archive, tmp_path / "a")
    for file in (where / "segments").rglob("*.avro"):
        file.write_bytes(b"Obj")
    with pytest.raises(UserError, match=r"segments/made\..*is truncated: 3 of"):
        replay(str(where), jobs=2)


def test_a_partition_survives_its_way_between_processes() -> None:
    """As a state that goes on: what is folded into the copy gives what it gives the original."""
    first, second = sample(400, seed=3), list(sample(400, seed=4))
    log = made_log(first)
    (original, *_) = naive(log)
    copied = load(dump(original), _pack())
    assert copied.pack is _pack()
    more = [((p, n), r) for (p, n), rs in made_log(second).items() if n == 0 for r in rs]
    for part in (original, copied):
        for (topic, number), record in more:
            origin = Origin(topic, number, TOPICS.partitions, record.key, record.timestamp)
            part.fold(read(record.value or b"", origin, _pack()), topic, record.offset)
    assert document([copied], _pack(), 0) == document([original], _pack(), 0)
    assert copied.outcomes == original.outcomes


def test_what_is_one_stays_one_on_its_way_between_processes() -> None:
    """A version that several tables hold; and the pack, of which a process has its own already."""
    (original, *_) = naive(made_log(sample(400, seed=3)))
    raw = dump(original)
    assert _pack().name.encode() not in raw
    standing = 0
    for tables in load(raw, _pack()).regions.values():
        assert tables.official._pack is tables.turnout._stage.pack is _pack()
        for (source, report_id), version in tables.restrictions.standing.items():
            assert version is tables.report(source, report_id)
            assert version.data.report_id is next(
                key for key in tables.reports[source] if key == report_id
            )
            standing += 1
    assert standing


def test_loading_a_partition_leaves_nothing_to_collect() -> None:
    """Garbage is not collected meanwhile: what is in a cycle stays for good."""
    (original, *_) = naive(made_log(sample(50, seed=3)))
    raw = dump(original)
    load(raw, _pack())
    with no_garbage():
        gc.collect()
        load(raw, _pack())
        assert gc.collect() == 0


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(second=st.integers(-1, EVENTS + 1))
def test_known_at_is_what_a_worker_had_then(archive: str, second: int) -> None:
    """The prefix of the log up to the moment, with the positions and the statement of then."""
    at = BEGAN + second * STEP
    found = replay(archive, AsOf(known_at=at * 1000))
    then = [(p, r) for p, rs in _log().items() for r in rs if r.timestamp <= at]
    assert found.read == len(then)
    assert found.statement_digest == statement(naive({}, then))
    assert (found.now, found.now_is) == (at * 1000, "known at")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hour=st.integers(0, 14), second=st.none() | st.integers(0, EVENTS))
def test_happened_by_goes_by_the_events_own_time(
    archive: str, hour: int, second: int | None
) -> None:
    """Alone, or of what was known at a moment; what was rejected counts all the same."""
    until = 1_679_187_600_000_000 + hour * 3_600_000_000
    known = None if second is None else (BEGAN + second * STEP) * 1000
    found = replay(archive, AsOf(known, until))
    chosen = []
    for place, records in _log().items():
        for record in records:
            if known is not None and record.timestamp * 1000 > known:
                continue
            origin = Origin(*place, TOPICS.partitions, record.key, record.timestamp)
            result = read(record.value or b"", origin, _pack())
            if not isinstance(result, Accepted) or result.at <= until:
                chosen.append((place, record))
    expected = naive({}, chosen)
    wanted = content_digest(_pack().acceptance_digest, region_digests(expected))
    assert found.content_digest == wanted
    assert found.read - found.later == len(chosen)
    assert sum(found.reasons.values()) == sum(sum(part.rejected.values()) for part in expected)
    assert found.now == until
    assert found.statement_digest is None


def test_a_later_stamp_before_an_earlier_one_ends_what_was_known(tmp_path: Path) -> None:
    """Nobody can have read past it: what was known is a prefix of the log."""
    log = {place: list(records) for place, records in _log().items()}
    records = log["made.observer", 0]
    records[3] = records[3]._replace(timestamp=records[9].timestamp)
    build(str(tmp_path / "a"), log)
    moment = records[8].timestamp * 1000
    found = replay(str(tmp_path / "a"), AsOf(known_at=moment))
    assert found.parts[0].next["made.observer"] == 3


def test_a_played_day_has_its_own_clock(tmp_path: Path) -> None:
    """The log's clock is the moment of the views, also of what was known at some time."""
    ticks = [encoded(clock(f"2023-03-19T1{n}:00:00Z"), "desk") for n in range(3)]
    log = made_log([*sample(5, seed=1, bad=0), *ticks])
    build(str(tmp_path / "a"), log, rounds=1)
    whole = replay(str(tmp_path / "a"))
    assert (whole.now, whole.now_is) == (1_679_227_200_000_000, "the log's clock")
    early = replay(str(tmp_path / "a"), AsOf(known_at=(BEGAN + 6 * STEP) * 1000))
    assert early.now == 1_679_223_600_000_000


@pytest.mark.parametrize(
    ("as_of", "clock_", "newest", "expected"),
    [
        (AsOf(), None, None, (0, "no event")),
        (AsOf(), None, 5, (5, "newest event")),
        (AsOf(), 7, 5, (7, "the log's clock")),
        (AsOf(known_at=9), None, 5, (9, "known at")),
        (AsOf(known_at=9), 7, 5, (7, "the log's clock")),
        (AsOf(happened_by=9), 7, 5, (9, "happened by")),
        (AsOf(known_at=9, happened_by=4), None, 3, (4, "happened by")),
        (AsOf(known_at=9, happened_by=12), None, 3, (9, "known at")),
    ],
)
def test_the_moment_of_the_views(
    as_of: AsOf, clock_: int | None, newest: int | None, expected: tuple[int, str]
) -> None:
    """As docs/archive.md says."""
    assert moment_of(as_of, clock_, newest) == expected
