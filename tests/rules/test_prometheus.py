"""The committed configuration and rules in a real Prometheus that scrapes a real page."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest

from schemas import Accepted, read
from schemas.pack import Pack
from schemas.routing import partition_of
from streams.embedded import free_port
from streams.metrics.freshness import Freshness
from streams.metrics.page import CONTENT_TYPE, MetricsPage
from streams.metrics.view import View
from streams.packs import load_pack
from streams.rules.files import groups
from streams.tables.partition import Partition
from tests.data import ROOT
from tests.metrics.worlds import TOPICS
from tests.tools import tool

Answer = TypeVar("Answer")
PARTITIONS = 6
PATIENCE = 90.0
"""Seconds after which what is waited for has not come."""


def page(pack: Pack, example: str) -> bytes:
    """The page of a worker that has all partitions and this one example event.

    It says that it goes by the wall clock, which then is years behind.
    """
    raw = (ROOT / "docs" / "examples" / example).read_bytes().strip()
    result = read(raw, None, pack)
    assert isinstance(result, Accepted)
    parts = {number: Partition(pack, number) for number in range(PARTITIONS)}
    parts[partition_of(result.region, PARTITIONS)].fold(result, TOPICS[0], 0)
    now = result.at + 60_000_000
    view = View(parts, dict.fromkeys(parts, "live"), now, Freshness(TOPICS), clock="wall")
    return MetricsPage(pack, TOPICS, PARTITIONS).render(view)


@contextmanager
def serving(text: bytes) -> Iterator[int]:
    """A worker's HTTP service, as far as Prometheus sees it; gives its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Prometheus:
    """Asks one that runs."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1/"

    def get(self, path: str, **query: str) -> Any:
        """What the API answers; nothing while it is not up yet."""
        url = f"{self._url}{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def series(self, query: str) -> list[dict[str, str]]:
        """The labels of what a query gives."""
        found = self.get("query", query=query)
        return [one["metric"] for one in found["result"]] if found else []


@contextmanager
def prometheus(worker: int, folder: Path) -> Iterator[Prometheus]:
    """Debian's, with the configuration of deploy/ and its rules, and this worker to scrape."""
    program = tool("prometheus", "prometheus")
    deploy = ROOT / "deploy" / "prometheus"
    (folder / "rules").symlink_to(deploy / "rules")
    (folder / "targets").mkdir()
    (folder / "targets" / "workers.yml").write_text(f'- targets: ["127.0.0.1:{worker}"]\n')
    (folder / "targets" / "alertmanagers.yml").write_text("[]\n")
    config = folder / "prometheus.yml"
    config.write_bytes((deploy / "prometheus.yml").read_bytes())
    port = free_port()
    options = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    options += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log)
        try:
            yield Prometheus(port)
        finally:
            process.terminate()
            process.wait()


def eventually(look: Callable[[], Answer]) -> Answer:
    """What ``look`` gives once it gives something."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = look()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def test_a_restriction_on_the_page_becomes_an_alert(tmp_path: Path) -> None:
    """And every rule is evaluated without an error, on series as a worker shows them."""
    pack = load_pack("kazakhstan-2023")
    with (
        serving(page(pack, "observer-restriction.jsonl")) as worker,
        prometheus(worker, tmp_path) as server,
    ):
        name = 'ALERTS{alertname="ObserverRestrictionOpen",alertstate="firing"}'
        alerts = eventually(lambda: server.series(name))
        if not alerts:
            pytest.fail((tmp_path / "log").read_text())
        assert {one["channel"] for one in alerts} == {"chat", "page"}
        assert {one["region"] for one in alerts} == {"KZ-75"}
        assert {one["report_id"] for one in alerts} == {"manual-0002"}
        eventually(lambda: all(one["health"] != "unknown" for one in rules(server)))
        assert len(rules(server)) == sum(len(group.rules) for group in groups(pack))
        wrong = [one for one in rules(server) if one["health"] != "ok" or one.get("lastError")]
        assert not wrong
        # No turnout was published by the evening: that is overdue, and rightly the one other alert.
        expected = {"ObserverRestrictionOpen", "OfficialFigureOverdue"}
        eventually(lambda: firing(server) >= expected)
        # The worker's clock is years behind: that waits for a minute, which this need not last.
        behind = eventually(lambda: server.series('ALERTS{alertname="ClockDiffers"}'))
        assert {one["instance"] for one in behind} == {f"127.0.0.1:{worker}"}
        assert firing(server) - {"ClockDiffers"} == expected


def firing(server: Prometheus) -> set[str]:
    """The names of the alerts that fire."""
    return {one["alertname"] for one in server.series('ALERTS{alertstate="firing"}')}


def rules(server: Prometheus) -> list[dict[str, Any]]:
    """Every rule with how it fares."""
    return [rule for group in server.get("rules")["groups"] for rule in group["rules"]]
