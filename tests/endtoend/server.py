"""A Prometheus with the project's configuration, and rules written from a pack."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from streams import processes
from streams.embedded import free_port
from tests.dashboards.prometheus import Prometheus
from tests.data import ROOT
from tests.tools import tool

CONFIG = ROOT / "deploy" / "prometheus" / "prometheus.yml"
STOP_SECONDS = 20.0


@contextmanager
def prometheus(
    folder: Path, pack: str, workers: Sequence[int], alertmanager: str, interval: int
) -> Iterator[Prometheus]:
    """One that scrapes these ports of the loopback address and tells this Alertmanager.

    Everything is as in deploy/, but for the targets, which are files there too, and for the 5
    seconds between scrapes and between evaluations: ``interval`` stands in their place.
    """
    program = tool("prometheus", "prometheus")
    folder.mkdir()
    _write(folder, pack, workers, alertmanager, interval)
    port = free_port()
    with (folder / "log").open("wb") as output:
        process = processes.start(
            [
                program,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            os.environ,
            output,
        )
    try:
        yield Prometheus(f"127.0.0.1:{port}")
    finally:
        processes.stop(process, STOP_SECONDS)


def _write(
    folder: Path, pack: str, workers: Sequence[int], alertmanager: str, interval: int
) -> None:
    config = _with_interval(CONFIG.read_text(encoding="utf-8"), 2, interval)
    if interval < 4:
        config = config.replace("scrape_timeout: 4s", f"scrape_timeout: {interval}s")
    (folder / "prometheus.yml").write_text(config, encoding="utf-8")
    rules = folder / "rules"
    subprocess.run(
        [sys.executable, "-m", "streams", "rules", "--pack", pack, "--to", rules],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    for path in rules.iterdir():
        text = _with_interval(path.read_text(encoding="utf-8"), 1, interval)
        path.write_text(text, encoding="utf-8")
    targets = folder / "targets"
    targets.mkdir()
    addresses = ", ".join(f'"127.0.0.1:{port}"' for port in workers)
    (targets / "workers.yml").write_text(f"- targets: [{addresses}]\n", encoding="utf-8")
    (targets / "alertmanagers.yml").write_text(f'- targets: ["{alertmanager}"]\n', encoding="utf-8")


def _with_interval(text: str, times: int, interval: int) -> str:
    """``text`` with another number of seconds for 5, which it names so often."""
    changed, count = re.subn(r"(interval): 5s$", rf"\1: {interval}s", text, flags=re.MULTILINE)
    assert count == times, text
    return changed
