"""One embedded broker and one worker that the tests of this folder share."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from streams.embedded import EmbeddedBroker
from streams.log.topics import create_topics
from streams.packs import pack_directory
from streams.settings import BrokerSettings, Settings, TopicSettings, WorkerSettings
from tests.worker.process import WorkerProcess
from tests.worker.sample import PACK

STATIONS = "id,region,registered,stratum,urban,lat,lon\nA-61,KZ-61,900,,,,\nA-75,KZ-75,900,,,,\n"


class Running(NamedTuple):
    """A worker, and the settings it runs with."""

    worker: WorkerProcess
    settings: Settings


@pytest.fixture(scope="package")
def broker() -> Iterator[str]:
    """The address of an embedded broker."""
    embedded = EmbeddedBroker()
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(embedded.__aenter__())
        yield embedded.bootstrap
        loop.run_until_complete(embedded.stop())
    finally:
        loop.close()


def with_stations(folder: Path) -> str:
    """A copy of the built-in pack that lists two stations."""
    pack = folder / "pack"
    shutil.copytree(pack_directory(PACK), pack)
    (pack / "stations.csv").write_text(STATIONS, encoding="utf-8")
    return str(pack)


def settings_of(broker: str, prefix: str, partitions: int = 3, pack: str = PACK) -> Settings:
    """Settings with topics and a group of their own."""
    return Settings(
        broker=BrokerSettings(bootstrap=broker, idempotent=False),
        topics=TopicSettings(prefix=prefix, partitions=partitions, replication=1),
        worker=WorkerSettings(group=f"group-{prefix}"),
        pack=pack,
    )


@pytest.fixture(scope="package")
def running(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A live worker on the embedded broker."""
    folder = tmp_path_factory.mktemp("worker")
    settings = settings_of(broker, "shared", pack=with_stations(folder))
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(create_topics(settings))
        with WorkerProcess(settings, folder) as worker:
            loop.run_until_complete(worker.until_ready())
            yield Running(worker, settings)
    finally:
        loop.close()
