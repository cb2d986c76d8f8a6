"""A real Prometheus that scrapes the pages of ``world``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from streams.metrics.page import CONTENT_TYPE
from streams.rules import archive, pipeline
from tests.dashboards.prometheus import Prometheus
from tests.dashboards.rules import of_the_day
from tests.dashboards.served import serving
from tests.dashboards.world import archivers, pages

SCRAPES = 4


class _Pages(BaseHTTPRequestHandler):
    """Serves each instance's page at its name."""

    def do_GET(self) -> None:
        page = {**pages(), **archivers()}[self.path.strip("/")]
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.end_headers()
        with suppress(ConnectionError):  # a scrape that was given up: no matter for the console
            self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing on the console."""


@pytest.fixture(scope="session")
def workers() -> Iterator[str]:
    """The address that the workers' pages are served at."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def prometheus(workers: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has scraped every worker a few times and evaluated the rules."""
    folder = tmp_path_factory.mktemp("prometheus")
    with serving(_configuration(workers, folder), folder / "data", folder) as address:
        server = Prometheus(address)
        there = len(pages()) + len(archivers())
        server.until(f"count(count_over_time(up[1m]) >= {SCRAPES}) == {there}")
        server.until('count(ALERTS{alertstate="firing"}) > 0')
        server.until("country:election_turnout_gap_half_width_ratio:level")
        server.stay(
            f"count(up == 1) == {there} and on () count(ALERTS{{alertstate='firing'}}) > 0 "
            "and on () count(country:election_turnout_gap_half_width_ratio:level) > 0"
        )
        yield server


def _configuration(workers: str, folder: Path) -> dict[str, object]:
    """Scrapes each page as an instance of its own; loads the day's rules, and one that fires."""
    where = {"severity": "page", "region": "XX-A", "place": "A-1"}
    always = {"alert": "Always", "expr": "vector(1)", "labels": where}
    own = yaml.safe_dump({"groups": [{"name": "always", "rules": [always]}]})
    for name, text in {**of_the_day(), "always.yml": own}.items():
        (folder / f"rules-{name}").write_text(text, encoding="utf-8")
    jobs = {
        job: [
            {"targets": [workers], "labels": {"__metrics_path__": f"/{name}", "instance": name}}
            for name in names
        ]
        for job, names in ((pipeline.JOB, pages()), (archive.JOB, archivers()))
    }
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [
            {"job_name": job, "static_configs": targets} for job, targets in jobs.items()
        ],
        "rule_files": [str(folder / "rules-*.yml")],
    }
