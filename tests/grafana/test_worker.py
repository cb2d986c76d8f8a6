"""`scrutineer grafana annotate --worker`: notices from live workers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp.web
import pytest

from schemas.routing import partition_of
from streams.embedded import EmbeddedBroker
from streams.log.topics import create_topics
from streams.settings import Settings
from tests.grafana.conftest import Scrutineer
from tests.grafana.server import Grafana
from tests.grafana.test_annotate import notice, shown
from tests.worker.conftest import settings_of
from tests.worker.process import WorkerProcess, send, until_caught_up
from tests.worker.sample import Event, incident


@pytest.fixture
async def settings() -> AsyncIterator[Settings]:
    """An embedded broker with topics."""
    async with EmbeddedBroker() as broker:
        found = settings_of(broker.bootstrap, "grafana")
        await create_topics(found)
        yield found


def desk(*events: dict[str, object]) -> list[Event]:
    """The records of notices; those without a region are the country's."""
    found = []
    for event in events:
        data = event["data"]
        assert isinstance(data, dict)
        key = str(data.get("region", "KZ")).encode()
        found.append(Event("desk", key, json.dumps(event).encode()))
    return found


async def test_notices_of_a_live_worker(
    settings: Settings, grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """Its table is all there is: what was withdrawn since is gone, without being told so."""
    await send(settings, desk(notice("A."), notice("B.", "n-2", region="KZ-75")))
    report = incident(1, "KZ-75", description="The seal hung open.")
    await send(settings, [Event("observer", b"KZ-75", json.dumps(report).encode())])
    with WorkerProcess(settings, tmp_path) as worker:
        await worker.until_ready()
        await until_caught_up(settings, [worker])
        command = ("grafana", "annotate", "--worker", f"http://127.0.0.1:{worker.port}/")
        first = await asyncio.to_thread(scrutineer, *command)
        assert first.status == 0, first.err
        assert [text for _, text in shown(grafana)] == ["A.", "B."]
        again = await asyncio.to_thread(scrutineer, *command)
        assert again.out == "annotations: 6 unchanged\n"
        more = [notice("A!", revision=1), notice("B.", "n-2", 1, region="KZ-75", withdrawn=True)]
        await send(settings, desk(*more))
        await until_caught_up(settings, [worker])
        last = await asyncio.to_thread(scrutineer, *command)
        assert last.out.endswith("annotations: 1 updated, 1 deleted, 4 unchanged\n")
    assert [text for _, text in shown(grafana)] == ["A!"]
    sent = b"".join(asked.body for asked in grafana.seen)
    assert b"seal" not in sent
    gone = await asyncio.to_thread(scrutineer, *command)
    assert gone.status == 2
    assert f"cannot read http://127.0.0.1:{worker.port}/tables/notices: " in gone.err


@pytest.fixture
async def page() -> AsyncIterator[dict[str, object]]:
    """What a worker answers, to be changed; ``address`` is where."""
    body: dict[str, object] = {
        "election": "kz-2023-03-19",
        "partitions": [0, 1, 2],
        "of": 3,
        "rows": [],
    }

    async def answer(_: aiohttp.web.Request) -> aiohttp.web.Response:
        told = {name: value for name, value in body.items() if name != "address"}
        return aiohttp.web.json_response(told)

    application = aiohttp.web.Application()
    application.router.add_get("/tables/notices", answer)
    runner = aiohttp.web.AppRunner(application)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    body["address"] = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield body
    await runner.cleanup()


async def test_regions_of_partitions_that_nobody_shows_are_left_alone(
    page: dict[str, object], grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """A worker that has just lost a partition must not delete its regions' notices."""
    codes = ("KZ-10", "KZ-75", "KZ-61", "KZ-43")
    row = {"source": "urn:d", "time": "2023-03-19T08:00:00Z", "revision": 0}
    page["rows"] = [row | {"region": code, "notice_id": "n", "text": code} for code in codes]
    command = ("grafana", "annotate", "--no-polls", "--worker", page["address"])
    assert (await asyncio.to_thread(scrutineer, *command)).err == ""
    number = partition_of("KZ-10", 3)
    assert {partition_of(code, 3) for code in codes} > {number}
    page |= {"rows": [], "partitions": [number]}
    done = await asyncio.to_thread(scrutineer, *command)
    others = ", ".join(str(each) for each in range(3) if each != number)
    assert f"partitions {others} are live on no worker named here" in done.err
    kept = {text for _, text in shown(grafana)}
    assert kept == {code for code in codes if partition_of(code, 3) != number}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"election": "ru-2021"}, "watches the election ru-2021, not kz-2023-03-19"),
        ({"rows": [{"region": "KZ"}]}, "is no worker's table of notices"),
        ({"of": 0}, "is no worker's table of notices"),
        ({"address": "127.0.0.1:6066"}, "--worker 127.0.0.1:6066: it is an address, as http://"),
        ({"address": "http://127.0.0.1:1"}, "cannot read http://127.0.0.1:1/tables/notices"),
    ],
)
async def test_what_is_no_worker_of_this_election(
    page: dict[str, object],
    grafana: Grafana,
    scrutineer: Scrutineer,
    change: dict[str, object],
    told: str,
) -> None:
    """It is told, and Grafana is not even asked."""
    page |= change
    done = await asyncio.to_thread(scrutineer, "grafana", "annotate", "--worker", page["address"])
    assert done.status == 2
    assert told in done.err
    assert not grafana.seen
