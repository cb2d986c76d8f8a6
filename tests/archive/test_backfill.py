"""A past day in Prometheus: every dashboard shows it, with the numbers of a replay."""

from __future__ import annotations

import asyncio
import fcntl
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from schemas.fields import microseconds, rfc3339
from streams.archive.backfill import Wanted, backfill
from streams.archive.blocks import check_head
from streams.archive.folding import AsOf
from streams.archive.manifest import Place
from streams.archive.openmetrics import INSTANCE
from streams.archive.parallel import Work, fold_all
from streams.archive.segments import Record
from streams.archive.sources import ArchivedLog
from streams.archive.store import open_store
from streams.archive.writing import ArchiveWriter, head_of
from streams.errors import UserError
from streams.metrics.freshness import Freshness
from streams.metrics.page import MetricsPage
from streams.metrics.view import View
from streams.settings import TopicSettings
from streams.tables.incidents import DISMISSED
from tests.archive.process import PATIENCE, ROOT
from tests.commands.test_archive import run
from tests.dashboards.boards import boards
from tests.dashboards.day import EVENING, chosen, lifted, pack, random_day, texts
from tests.dashboards.prometheus import Prometheus
from tests.dashboards.served import serving
from tests.dashboards.test_queries import OWN, answers, options
from tests.tools import tool

STEP = 30
LAST = EVENING // 1_000_000
FIRST = LAST - 25 * 60
BEFORE = LAST - 20 * 60
"""A moment before the day's last reports."""

FRESHNESS = "From the log to the tables, 99 %"
TOPICS = TopicSettings(prefix="election", partitions=12, replication=1)


def log() -> dict[Place, list[Record]]:
    """The busy day as records that came when they happened, and by the evening at the latest."""
    found: dict[Place, list[Record]] = {
        (topic, n): [] for topic in TOPICS.inputs for n in range(TOPICS.partitions)
    }
    moments = []
    for each in (*random_day(), *lifted(), *chosen()):
        try:
            time = microseconds(datetime.fromisoformat(json.loads(each.raw)["time"]))
        except (ValueError, KeyError):
            time = EVENING
        moments.append((min(time, EVENING) // 1000, each))
    for stamp, each in sorted(moments, key=lambda item: item[0]):
        records = found[each.origin.topic, each.origin.partition]
        records.append(Record(len(records), stamp, 1, each.origin.key, each.raw, ()))
    return found


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An archive of the busy day."""
    where = str(tmp_path_factory.mktemp("archive") / "day")
    store = open_store(where)
    with store.locked() as scratch:
        writer = ArchiveWriter(store, scratch)
        writer.begin(head_of(pack(), texts(), TOPICS), texts())
        for place, records in log().items():
            for record in records:
                writer.append(place, record)
        writer.seal(writer.unsealed, writer.next)
    return where


@pytest.fixture(scope="module")
def data(archive: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prometheus' folder with the day's last 25 minutes."""
    for name in ("prometheus", "promtool"):
        tool(name, "prometheus")
    folder = tmp_path_factory.mktemp("backfill") / "data"
    span = ("--from", rfc3339(FIRST * 1_000_000), "--until", rfc3339(LAST * 1_000_000))
    done = run("backfill", archive, "--prometheus", folder, "--step", f"{STEP}s", *span)
    assert "2030-06-02T22:05:00Z to 2030-06-02T22:30:00Z" in done.stdout
    assert all(len(each.name) == 26 for each in folder.iterdir()), "nothing but blocks is left"
    return folder


@pytest.fixture(scope="module")
def prometheus(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that has nothing but the blocks, started as is advised."""
    flags = ["--storage.tsdb.retention.time=10y", f"--query.lookback-delta={STEP}s"]
    with serving({}, data, tmp_path_factory.mktemp("server"), *flags) as address:
        Prometheus(address).until("vector(1)")
        yield address


def replayed(archive: str, second: int) -> dict[str, Any]:
    """What a replay says was known then."""
    at = rfc3339(second * 1_000_000)
    done = run("replay", archive, "--known-at", at, "--json")
    found: dict[str, Any] = json.loads(done.stdout)["tables"]
    return found


def test_every_query_of_every_dashboard_shows_the_past_day(
    prometheus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on the day itself, alerts included; every variable has something to choose.

    But for what is of a worker's life alone: how long events took from the broker to the tables,
    who sent most within minutes, when a snapshot was written; and of an archiver's.
    """
    # Grafana's own, of a data source with this scrape interval.
    monkeypatch.setitem(OWN, "__rate_interval", f"{4 * STEP}s")
    past = Prometheus(prometheus, LAST)
    empty = []
    for board in boards():
        for variable in board.variables:
            if variable["type"] == "query":
                assert options(variable, past), variable["name"]
        for panel in board.panels:
            for ref, found in answers(board, panel, past).items():
                if not found or all(math.isnan(one.value) for one in found):
                    empty.append((board.uid, panel["title"], ref))
    assert {uid for uid, _, _ in empty} == {"pipeline-health"}
    of_workers = {FRESHNESS: 1, "Who sends most": 1, "Workers": 1}
    of_archivers = {"Archives": 9, "Archivers behind": 1}
    assert Counter(title for _, title, _ in empty) == {**of_workers, **of_archivers}


@pytest.mark.parametrize("second", [BEFORE, LAST])
def test_each_moment_is_what_a_worker_would_have_shown(
    prometheus: str, archive: str, second: int
) -> None:
    """Every series of the page that is made from a replay of what was known then, and no other."""
    read = ArchivedLog([archive])
    moment = AsOf(known_at=second * 1_000_000)
    folded = fold_all(Work(read, texts(), moment, False), pack(), 1, lambda _: None)
    parts = {n: each.part for n, each in enumerate(folded)}
    lag = {(topic, n): 0 for topic in read.topics for n in parts}
    live = dict.fromkeys(parts, "live")
    view = View(parts, live, second * 1_000_000, Freshness(read.topics), lag)  # type: ignore[arg-type]
    page = MetricsPage(pack(), read.topics, read.partitions).render(view).decode()
    wanted = {
        (sample.name, *sorted((k, v) for k, v in sample.labels.items() if v)): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    found = {}
    for one in Prometheus(prometheus, second).now(f'{{instance="{INSTANCE}"}}'):
        labels = {k: v for k, v in one.labels.items() if k not in ("instance", "job", "__name__")}
        name = one.labels["__name__"]
        if name.startswith(("election_", "scrutineer_")) and ":" not in name:
            found[name, *sorted(labels.items())] = one.value
    assert found == wanted


@pytest.mark.parametrize("second", [BEFORE, LAST])
def test_recorded_series_are_the_tables_of_a_replay(
    prometheus: str, archive: str, second: int
) -> None:
    """Sums over the country, and the alert that each open restriction is."""
    past, tables = Prometheus(prometheus, second), replayed(archive, second)
    rows = [row for row in tables["restrictions"] if row["status"] not in DISMISSED]
    total = sum(row["total"] for row in rows)
    (found,) = past.now("sum(country:election_restrictions:sum)")
    assert found.value == total > 0
    visits: Counter[str] = Counter()
    for row in tables["visits"]:
        if row["status"] not in DISMISSED:
            visits[row["rating"]] += row["visits"]
    rated = past.now("sum by (rating) (country:election_visits:sum)")
    assert {one.labels["rating"]: one.value for one in rated if one.value} == dict(visits)
    alerts = past.now(
        'ALERTS{alertname="ObserverRestrictionOpen",alertstate="firing",channel="page",'
        'report_id!=""}'
    )
    named = {(one.labels["region"], one.labels["report_id"]) for one in alerts}
    opened = {(row["region"], row["report_id"]) for row in tables["open_restrictions"]}
    assert named == opened


def test_a_second_history_of_the_same_time_is_refused(archive: str, data: Path) -> None:
    """Two would mix; and nothing is left of the attempt."""
    before = sorted(data.iterdir())
    with pytest.raises(UserError, match="is of the same time"):
        run("backfill", archive, "--prometheus", data)
    assert sorted(data.iterdir()) == before


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below it."""
    return {each: each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_what_prometheus_has_in_no_block_yet_is_looked_at(archive: str, tmp_path: Path) -> None:
    """Its log of the last hours: of the same time it is refused, of another it is none of ours."""
    tool("promtool", "prometheus")
    data, folder = tmp_path / "data", tmp_path / "work"
    folder.mkdir()
    rules = {"groups": [{"name": "g", "rules": [{"record": "one", "expr": "vector(1)"}]}]}
    (folder / "rules.yml").write_text(json.dumps(rules))
    configuration = {
        "global": {"evaluation_interval": "100ms"},
        "rule_files": [str(folder / "rules.yml")],
    }
    with serving(configuration, data, folder) as address:
        Prometheus(address).until("one")
        (at,) = Prometheus(address).now("timestamp(one)")
    before = contents(data)
    now = int(at.value)
    span = (rfc3339((now - 60) * 1_000_000), rfc3339((now + 60) * 1_000_000))
    with pytest.raises(UserError, match="samples of the same time that are in no block yet"):
        run("backfill", archive, "--prometheus", data, "--from", span[0], "--until", span[1])
    asyncio.run(check_head(data, folder, now - 7200, now - 3600))
    assert contents(data) == before


def test_a_log_that_nothing_can_read(tmp_path: Path) -> None:
    """Is not taken for an empty one."""
    tool("promtool", "prometheus")
    (tmp_path / "wal").mkdir()
    (tmp_path / "wal" / "00000000").write_bytes(b"\xff" * 100)
    (tmp_path / "work").mkdir()
    with pytest.raises(UserError, match="promtool cannot read it"):
        asyncio.run(check_head(tmp_path, tmp_path / "work", 0, 1))


def test_a_folder_that_is_none_of_prometheus(archive: str, tmp_path: Path) -> None:
    """Something else's, or one that a Prometheus runs on."""
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(UserError, match=r"has letter\.txt, so it is no Prometheus' data"):
        run("backfill", archive, "--prometheus", tmp_path)
    (tmp_path / "letter.txt").rename(tmp_path / "lock")
    with (tmp_path / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="a Prometheus runs on it"):
            run("backfill", archive, "--prometheus", tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["lock"]


def programs(folder: Path, promtool: str) -> str:
    """A PATH on which promtool is that shell script."""
    folder.mkdir()
    for name, body in (("promtool", promtool), ("prometheus", "exit 1")):
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_of_a_failure_nothing_is_left(
    archive: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A promtool that makes no block: its words, and no folder that was not there."""
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", "echo no disk >&2; exit 1"))
    span = ("--from", rfc3339(LAST * 1_000_000), "--until", rfc3339(LAST * 1_000_000))
    with pytest.raises(UserError, match="promtool makes no block: no disk"):
        run("backfill", archive, "--prometheus", tmp_path / "data", *span)
    assert not (tmp_path / "data").exists()


def test_what_is_missing_is_said(
    archive: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which package has it; nothing is made."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="no promtool on this machine: install Prometheus"):
        run("backfill", archive, "--prometheus", tmp_path / "data")
    assert not (tmp_path / "data").exists()


def ended(pid: int) -> bool:
    """Whether there is no such process, or only what its new parent has not looked at yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_ended_from_outside(archive: str, tmp_path: Path, number: signal.Signals) -> None:
    """SIGTERM or Ctrl-C while promtool works: nothing is left; and promtool dies with us anyhow."""
    pid, data = tmp_path / "pid", tmp_path / "data"
    path = programs(tmp_path / "bin", f"echo $$ >{pid}.new; mv {pid}.new {pid}; exec sleep 600")
    last = rfc3339(LAST * 1_000_000)
    arguments = ["--prometheus", str(data), "--from", last, "--until", last]
    with subprocess.Popen(
        [sys.executable, "-m", "streams", "backfill", archive, *arguments],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + PATIENCE
        while not pid.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
    while not ended(int(pid.read_text())):
        assert time.monotonic() < deadline, "promtool goes on as an orphan"
        time.sleep(0.02)
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert said.endswith(f"{data}: interrupted, nothing was written\n")
        assert not data.exists()


def test_a_cancellation_is_heard_between_two_moments(
    archive: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when all of them are done."""
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", "exit 1"))
    told: list[int] = []

    async def cancelled() -> None:
        def progress(done: int, _: int) -> None:
            told.append(done)
            task.cancel()

        span = Wanted(FIRST, LAST, STEP)
        task = asyncio.create_task(
            backfill(ArchivedLog([archive]), pack(), span, tmp_path / "data", progress)
        )
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert told == [1]
    assert not (tmp_path / "data").exists()
