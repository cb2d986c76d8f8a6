"""Playing an archive: the order of its records, and where they may go."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields import rfc3339
from streams.archive.playing import ahead_of_its_time, check_stage, has_clock, in_order
from streams.archive.segments import Record
from streams.archive.sources import ArchivedLog
from streams.cli import cli
from streams.embedded import EmbeddedBroker
from streams.errors import UserError
from streams.packs import load_pack
from streams.settings import BrokerSettings, Settings, TopicSettings, WorkerSettings
from tests.archive.made import BEGAN, STEP, TOPICS, Log, build, head, made_log
from tests.archive.process import PATIENCE, ROOT, environment, log_of
from tests.worker.sample import PACK, Event, clock, encoded, incident, sample

STAGE = "play.kz-2023-03-19"


class Made:
    """A log in memory."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.topics = TOPICS.inputs
        self.partitions = TOPICS.partitions

    def records(self, place: tuple[str, int]) -> Any:
        """Of a place."""
        return iter(self._log[place])

    def end(self, place: tuple[str, int]) -> int:
        """One after the last."""
        return len(self._log[place])

    def count(self, place: tuple[str, int]) -> int:
        """Of a place."""
        return len(self._log[place])

    def lost(self) -> int:
        """Nothing."""
        return 0


stamps = st.lists(st.integers(0, 30), max_size=12)


@given(st.tuples(*[stamps] * 9))
def test_all_records_in_one_order(columns: tuple[list[int], ...]) -> None:
    """By timestamp; each partition in its own order, also where a stamp falls."""
    places = [(topic, n) for topic in TOPICS.inputs for n in range(3)]
    log: Log = {
        place: [Record(n, stamp, 1, None, b"%d" % n, ()) for n, stamp in enumerate(column)]
        for place, column in zip(places, columns, strict=True)
    }
    found = list(in_order(Made(log)))
    assert [due.at for due in found] == sorted(due.at for due in found)
    for place, records in log.items():
        mine = [d for d in found if (f"made.{d.authority}", d.number) == place]
        assert [due.record for due in mine] == records
        highest = 0
        for due in mine:
            highest = max(highest, due.record.timestamp)
            assert due.at == highest * 1000
    if all(column == sorted(column) for column in columns):
        order = [(d.at, TOPICS.inputs.index(f"made.{d.authority}"), d.number) for d in found]
        assert order == sorted(order)
    done = {place: len(records) // 2 for place, records in log.items()}
    rest = list(in_order(Made(log), done))
    assert len(rest) == sum(len(records) - len(records) // 2 for records in log.values())
    assert all(d.record.offset >= done[f"made.{d.authority}", d.number] for d in rest)


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("election", r"begin with play\."),
        ("training.1", r"try --prefix play\.training\.1"),
        ("play.a room", "letters, digits"),
        ("play." + 200 * "x", "200 at most"),
        ("play.", r"begin with play\."),
        ("play.made", "that this archive was made from"),
        ("play.room", "as of a live election"),
    ],
)
def test_an_elections_own_topics_are_refused(prefix: str, told: str) -> None:
    """By their name, by the archive's manifest, by the settings."""
    of = head(topics={name: f"play.made.{name}" for name in ("observer", "official", "desk")})
    with pytest.raises(UserError, match=told):
        check_stage(prefix, of, Settings(topics=TopicSettings(prefix="play.room")))


def test_a_stage_is_let_through() -> None:
    """Also one that the settings name for workers with the log's clock."""
    check_stage("play.x", head(), Settings())
    settings = Settings(topics=TopicSettings(prefix="play.x"), worker=WorkerSettings(clock="log"))
    check_stage("play.x", head(), settings)


def test_a_log_with_a_clock_is_told_from_one_without() -> None:
    """A day that was played itself has one."""
    events = list(sample(20, seed=1))
    assert not has_clock(Made(made_log(events)))
    told = b'{"type": "election.desk.notice.v1", "text": "election.clock.v1"}'
    for value in (told, b"election.clock.v1", b"[" * 10**5 + b"election.clock.v1"):
        said = Event("desk", b"KZ", value)
        assert not has_clock(Made(made_log([*events, said])))
    ticking = [*events, encoded(clock("2023-03-19T10:00:00Z"), "desk")]
    assert has_clock(Made(made_log(ticking)))


@pytest.mark.parametrize(("early", "expected"), [(0, False), (3_600, True), (90_000, True)])
def test_events_from_the_future_are_noticed(early: int, expected: bool) -> None:
    """An event that came long before its time was refused then, and would not be today."""
    (records,) = [r for r in made_log([encoded(incident(1, "KZ-75"), "observer")]).values() if r]
    stamp = 1_679_187_600_000 - early * 1_000
    (due,) = in_order(Made({p: [] for p in made_log([])} | {("made.observer", 0): records}))
    due = due._replace(record=records[0]._replace(timestamp=stamp), number=_home())
    assert ahead_of_its_time(due, "made.observer", 3, load_pack(PACK)) is expected


def _home() -> int:
    from schemas.routing import partition_of

    return partition_of("KZ-75", 3)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An archive of 400 events, one a second, some of them bad."""
    where = str(tmp_path_factory.mktemp("archive") / "kept")
    build(where, made_log(sample(400, seed=5, bad=0.05)))
    return where


@pytest.fixture(scope="module")
def broker() -> Iterator[Settings]:
    """A broker, and settings of an election there."""
    with asyncio.Runner() as runner:
        running = runner.run(EmbeddedBroker().__aenter__())
        yield Settings(
            broker=BrokerSettings(bootstrap=running.bootstrap, idempotent=False),
            topics=TopicSettings(prefix="election", partitions=2, replication=1),
        )
        runner.run(running.stop())


def of(settings: Settings, prefix: str) -> Settings:
    """The settings of a worker that watches what is played."""
    topics = TopicSettings(prefix=prefix, partitions=TOPICS.partitions, replication=1)
    return settings.model_copy(update={"topics": topics})


def command(settings: Settings, *arguments: str) -> Result:
    """Run `scrutineer` here, with a broker's settings."""
    variables = {name: value for name, value in environment(settings).items() if "SCRUT" in name}
    runner = CliRunner(env=variables)
    return runner.invoke(cli, arguments, standalone_mode=False)


def replayed(settings: Settings, *arguments: str) -> Any:
    """The document of a replay."""
    return json.loads(command(settings, "replay", *arguments, "--json").stdout)


def there(settings: Settings, prefix: str) -> Log:
    """What is on the broker."""
    return asyncio.run(log_of(of(settings, prefix)))


def played(settings: Settings, prefix: str, archive: str) -> list[Record]:
    """Assert that everything is there, as it was and in its order; returns the clock's records."""
    found, log = there(settings, prefix), ArchivedLog([archive])
    ticks = []
    for topic, number in found:
        records = found[topic, number]
        mine = [r for r in records if b"election.clock.v1" not in (r.value or b"")]
        ticks += [r for r in records if b"election.clock.v1" in (r.value or b"")]
        source = topic.replace(prefix, TOPICS.prefix)
        assert [r[3:] for r in mine] == [r[3:] for r in log.records((source, number))]
    return ticks


def test_what_was_played_comes_to_the_same(broker: Settings, archive: str) -> None:
    """By the settings that are printed: content and rejections; `now` is the day's last moment."""
    done = command(broker, "play", archive, "--speed", "max")
    assert done.return_value == 0
    assert "played 400 records, up to 2023-03-20T00:06:39Z" in done.stderr
    settings = Settings(**tomllib.loads(done.stdout))
    assert (settings.topics.prefix, settings.worker.clock) == (STAGE, "log")
    assert settings.pack == f"{archive}/pack"
    assert played(broker, STAGE, archive)
    kept, again = replayed(broker, archive), replayed(settings, "kafka")
    assert again["content_digest"] == kept["content_digest"]
    assert again["now"] == rfc3339((BEGAN + 399 * STEP) * 1000)
    for each in (kept, again):
        for row in each["tables"]["rejected"]:
            row["topic"] = row["topic"].rpartition(".")[2]
    assert again["tables"]["rejected"] == kept["tables"]["rejected"]
    refused = command(broker, "play", archive, "--speed", "max").exception
    assert isinstance(refused, UserError)
    assert f"{STAGE}.observer holds records already" in str(refused)


def test_stopped_and_resumed_with_the_original_times(broker: Settings, archive: str) -> None:
    """Ctrl-C ends it in good order; nothing is missing or twice, and each moment is as it was.

    At a speed at which it would go on for 40 s: it is interrupted long before.
    """
    arguments = ["play", archive, "--prefix", "play.again", "--original-times"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streams", *arguments, "--speed", "10"],
        cwd=ROOT,
        env=environment(broker),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("clock"):
            break  # the last of the settings, which are printed once the topics are there
    deadline = time.monotonic() + PATIENCE
    while not any(there(broker, "play.again").values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "--resume goes on from here" in said
    done = command(broker, *arguments, "--speed", "max", "--resume")
    assert done.return_value == 0
    assert "played 400 " not in done.stderr
    ticks = played(broker, "play.again", archive)
    stamps = {r.timestamp for rs in there(broker, "play.again").values() for r in rs}
    assert {BEGAN + n * STEP for n in range(400)} <= stamps
    assert ticks
    at = ("--known-at", "2023-03-20T00:03:00Z")
    kept, again = replayed(broker, archive, *at), replayed(of(broker, "play.again"), "kafka", *at)
    assert kept["content_digest"] == again["content_digest"]


def test_what_was_not_played_from_it_is_not_gone_on_with(
    broker: Settings, archive: str, tmp_path: Path
) -> None:
    """Another archive's records in the topics."""
    other = str(tmp_path / "other")
    build(other, made_log(sample(60, seed=6)))
    arguments = ["--prefix", "play.mixed", "--speed", "max"]
    assert command(broker, "play", other, *arguments).return_value == 0
    refused = command(broker, "play", archive, *arguments, "--resume").exception
    assert "was not played from it" in str(refused)
