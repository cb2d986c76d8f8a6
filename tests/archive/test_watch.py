"""How an archiver says that it is doing."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams.archive.copying import Copier, Observer
from streams.archive.reading import open_archive
from streams.archive.serving import serving
from streams.archive.store import open_store
from streams.archive.watch import Watch
from streams.embedded import free_port
from streams.errors import UserError
from streams.metrics.archiver import ARCHIVER
from streams.settings import BrokerSettings, Settings
from tests.archive.made import BEGAN, TOPICS, build, head, made_log, writing
from tests.worker.sample import sample

PLACE = ("made.observer", 0)


class Times:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.now = BEGAN / 1000 + 100.0

    def __call__(self) -> float:
        """Now."""
        return self.now


@pytest.fixture
def times() -> Times:
    """A hundred seconds after the first record."""
    return Times()


@pytest.fixture
def watch(times: Times, tmp_path: Path) -> Watch:
    """Of an archive of 60 records."""
    build(str(tmp_path / "a"), made_log(sample(60, seed=2)))
    manifest = open_archive(str(tmp_path / "a")).manifest
    return Watch(manifest, 300, times, times)


def shown(watch: Watch) -> dict[tuple[str, ...], float]:
    """(name, topic, partition) → value, or (name,)."""
    found = {}
    for family in text_string_to_metric_families(watch.metrics().decode()):
        for sample_ in family.samples:
            labels = sample_.labels
            place = (labels["topic"], labels["partition"]) if labels else ()
            found[sample_.name, *place] = sample_.value
    return found


def test_what_is_archived_already_counts(watch: Watch, tmp_path: Path) -> None:
    """Every declared family is there, by place where it has one; nothing waits."""
    found = shown(watch)
    manifest = open_archive(str(tmp_path / "a")).manifest
    assert {name for name, *_ in found} == {family.name for family in ARCHIVER}
    assert found["scrutineer_archive_records",] == 60
    assert found["scrutineer_archive_segments",] == len(manifest.segments)
    for (topic, number), at in manifest.positions().items():
        assert found["scrutineer_archive_position", topic, str(number)] == at
        assert found["scrutineer_archive_lag_events", topic, str(number)] == 0
    assert found["scrutineer_archive_sealed_timestamp_seconds",] == 0


def test_what_waits_is_said_until_it_is_sealed(watch: Watch, times: Times) -> None:
    """By how many offsets, and since when the log has the oldest."""
    place, records = next((p, r) for p, r in made_log(sample(60, seed=2)).items() if p == PLACE)
    watch.looked({place: 1_000}, {place: 1_000})
    watch.took(place, records[3])
    watch.took(place, records[4])
    name = (place[0], str(place[1]))
    found = shown(watch)
    waiting = times.now - records[3].timestamp / 1000
    assert found["scrutineer_archive_unsealed_seconds", *name] == pytest.approx(waiting)
    behind = 1_000 - found["scrutineer_archive_position", *name]
    assert found["scrutineer_archive_lag_events", *name] == behind
    manifest = watch._manifest
    times.now += 5
    watch.sealed(manifest, [place])
    found = shown(watch)
    assert found["scrutineer_archive_unsealed_seconds", *name] == 0
    assert found["scrutineer_archive_sealed_timestamp_seconds",] == times.now


def test_what_cannot_be_read_waits_too(watch: Watch, times: Times) -> None:
    """For as long as the position stands still; that others move says nothing about it."""
    other, (topic, number) = ("made.observer", 1), PLACE
    name = ("scrutineer_archive_unsealed_seconds", topic, str(number))
    for position in (500, 501, 501, 501):
        times.now += 100
        watch.looked({PLACE: 1_000, other: 10}, {PLACE: position, other: 10})
    times.now += 50
    assert shown(watch)[name] == 250
    assert shown(watch)["scrutineer_archive_unsealed_seconds", topic, "1"] == 0
    watch.looked({PLACE: 1_001}, {PLACE: 1_001})
    assert shown(watch)[name] == 0


def test_stuck_is_what_is_not_sealed_long_after_it_should_be(watch: Watch, times: Times) -> None:
    """By how long it has been here, not by how old the log is."""
    records = made_log(sample(60, seed=2))[PLACE]
    times.now += 1e6
    watch.took(PLACE, records[0])
    assert watch.health().ok
    times.now += 359
    assert watch.health().ok
    times.now += 2
    assert not watch.health().ok
    watch.sealed(watch._manifest, [PLACE])
    assert watch.health().ok


def test_a_broker_that_is_away_is_no_failure(watch: Watch, times: Times) -> None:
    """Each time is counted once, however often it is told, and lasts until it answers."""
    assert shown(watch)["scrutineer_archive_seal_seconds",] == 300
    for why, lasts in (("refused", 5), ("refused", 10), ("", 0), ("refused", 5)):
        watch.trouble(why)
        times.now += 5
        assert shown(watch)["scrutineer_archive_trouble_seconds",] == lasts
    assert watch.health().degraded
    assert watch.health().doing == "waiting for the broker: refused"
    assert shown(watch)["scrutineer_archive_troubles_total",] == 2
    watch.trouble("")
    assert not watch.health().degraded


async def test_a_broker_that_never_answered_is_away_too(tmp_path: Path) -> None:
    """From the start on, and without an end: the archiver waits, and says so."""
    told, stop = asyncio.Event(), asyncio.Event()
    observer = Observer(lambda _: told.set(), lambda _: None, lambda _: None)
    nobody = BrokerSettings(bootstrap=f"127.0.0.1:{free_port()}")
    with writing(open_store(str(tmp_path / "a"))) as writer:
        watch = Watch(writer.manifest, 300)
        copier = Copier(Settings(broker=nobody, topics=TOPICS), writer, observer, stop, watch)
        running = asyncio.create_task(copier.run(once=False))
        await told.wait()
        assert watch.health().degraded
        assert shown(watch)["scrutineer_archive_trouble_seconds",] > 0
        stop.set()
        assert await running


async def test_over_http(watch: Watch, times: Times) -> None:
    """200 and 503; a port that is taken is told."""

    def get(url: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    async with serving(watch, "127.0.0.1", 0) as address:
        status, page = await asyncio.to_thread(get, f"{address}/metrics")
        assert (status, page) == (200, watch.metrics().decode())
        assert (await asyncio.to_thread(get, f"{address}/healthz"))[0] == 200
        watch.took(PLACE, made_log(sample(60, seed=2))[PLACE][0])
        times.now += 1_000
        status, page = await asyncio.to_thread(get, f"{address}/healthz")
        assert (status, json.loads(page)["status"]) == (503, "stuck")
        port = int(address.rpartition(":")[2])
        with pytest.raises(UserError, match="cannot serve on"):
            async with serving(watch, "127.0.0.1", port):
                pass


def test_an_archive_that_is_empty(times: Times) -> None:
    """Shows its places all the same."""
    from streams.archive.manifest import Manifest

    found = shown(Watch(Manifest(head=head()), 300, times, times))
    assert found["scrutineer_archive_position", *("made.desk", "2")] == 0
