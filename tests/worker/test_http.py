"""The HTTP service of a live worker."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import datetime

import pytest

from schemas.fields import microseconds
from streams.packs import load_pack
from streams.tables.basis import basis
from streams.tables.views import TABLES
from tests.worker import sample
from tests.worker.conftest import Running
from tests.worker.process import fold_log, send, until_caught_up
from tests.worker.sample import encoded


def test_health_and_readiness(running: Running) -> None:
    """A live worker is well and ready, and says what each partition does."""
    assert running.worker.get("/healthz") == (200, {"status": "ok", "doing": "live"})
    answer = running.worker.get("/readyz")
    assert answer.status == 200
    assert answer.body["partitions"] == {str(n): {"status": "live"} for n in range(3)}


def test_front_page_lists_the_pages(running: Running) -> None:
    """Whoever comes without a map gets one."""
    assert "/readyz" in running.worker.get("/").body["pages"]


def test_tables_are_listed(running: Running) -> None:
    """All tables have their names told."""
    assert running.worker.get("/tables").body == {"tables": list(TABLES)}


@pytest.mark.parametrize("name", list(TABLES))
def test_every_table_answers(running: Running, name: str) -> None:
    """Each table has a page, for one region and for all."""
    assert isinstance(running.worker.get(f"/tables/{name}").body["rows"], list)
    one = running.worker.get(f"/tables/{name}?region=KZ-61")
    assert one.status == 200
    if name != "rejected":
        assert all("KZ-61" in str(row) for row in one.body["rows"])


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("region=KZ-61&region=KZ-10", "region"),
        ("confirmed=1&confirmed=0&region=KZ-61", "confirmed"),
    ],
)
def test_what_is_asked_twice_is_refused(running: Running, query: str, named: str) -> None:
    """Rows of the first alone would look as if they were of both."""
    answer = running.worker.get(f"/tables/incidents?{query}")
    assert answer.status == 400
    assert answer.body == {"error": f"{named} given twice: ask once for each, or for all"}


async def test_every_answer_says_who_reports(running: Running) -> None:
    """Of every region of the pack, as the log has it, beside whatever rows there are."""
    await send(running.settings, [encoded(sample.incident(900, "KZ-10"), "observer")])
    await until_caught_up(running.settings, [running.worker])
    pack = load_pack(running.settings.pack)
    offline = await fold_log(running.settings, pack)
    known = {code: one for part in offline.parts.values() for code, one in part.regions.items()}
    for name in TABLES:
        answer = running.worker.get(f"/tables/{name}").body
        now = microseconds(datetime.fromisoformat(answer["now"]))
        assert answer["basis"] == basis(known, sample.regions(), pack, now), name
        assert answer["not_here"] == []
    heard = {row["region"]: row for row in answer["basis"]}
    assert heard["KZ-10"]["reports"] >= 1
    assert heard["KZ-10"]["state"] == "silent", "it is long after the day"
    (one,) = running.worker.get("/tables/visits?region=KZ-10").body["basis"]
    assert one["region"] == "KZ-10"


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/tables/rumours", 404, "incidents"),
        ("/tables/incidents?region=XX", 404, "KZ-61"),
        ("/tables/incidents?regoin=KZ-61", 400, "regoin"),
        ("/tables/incidents?confirmed=maybe", 400, "0 or 1"),
        ("/nowhere", 404, "/readyz"),
    ],
)
def test_a_wrong_address_is_explained(running: Running, path: str, status: int, told: str) -> None:
    """The answer says what is wrong and what there is."""
    answer = running.worker.get(path)
    assert answer.status == status
    assert told in str(answer.body)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_read_only(running: Running, method: str) -> None:
    """No verb but GET does anything."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.worker.port}/state", method=method, data=b""
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    with refused.value as error:
        assert error.code == 405


def test_metrics_show_the_live_regions(running: Running) -> None:
    """Prometheus' text has the regions that are live here, zero-filled."""
    text = running.worker.get("/metrics").body
    assert 'scrutineer_region_live{region="KZ-61"} 1' in text
    assert "election_incidents" in text


async def test_digest_and_rows_are_those_of_the_log(running: Running) -> None:
    """The digest, and each table asked for whole, are what folding the log gives."""
    from streams.tables.views import rows

    events = [encoded(sample.incident(n, "KZ-10"), "observer") for n in range(50, 60)]
    await send(running.settings, events)
    pack = load_pack(running.settings.pack)
    (answer,) = await until_caught_up(running.settings, [running.worker])
    offline = await fold_log(running.settings, pack)
    assert answer.body["content_digest"] == offline.digest
    for name in ("incidents", "restrictions", "official_turnout", "corrections", "rejected"):
        whole = running.worker.get(f"/tables/{name}").body["rows"]
        assert whole == rows(name, offline.parts.values(), pack, 0) or name == "restrictions"
    results = running.worker.get("/tables/results_published").body
    now = microseconds(datetime.fromisoformat(results["now"]))
    assert results["rows"] == rows("results_published", offline.parts.values(), pack, now)
    assert pack.country in {row["region"] for row in results["rows"]}
    alone = running.worker.get(f"/tables/results_published?region={pack.country}").body
    assert {row["stations"] for row in alone["rows"]} == {10_223}
