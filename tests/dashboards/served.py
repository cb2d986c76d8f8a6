"""Running a Prometheus."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from streams import processes
from tests.tools import tool

PATIENCE = 60


@contextmanager
def serving(
    configuration: Mapping[str, object], data: Path, folder: Path, *flags: str
) -> Iterator[str]:
    """The address of a Prometheus on ``data``. ``folder``: for its configuration and its log."""
    program = tool("prometheus", "prometheus")
    config, log = folder / "prometheus.yml", folder / "log"
    config.write_text(yaml.safe_dump(dict(configuration)), encoding="utf-8")
    with log.open("wb") as output:
        process = processes.start(
            [
                program,
                f"--config.file={config}",
                f"--storage.tsdb.path={data}",
                "--web.listen-address=127.0.0.1:0",
                *flags,
            ],
            os.environ,
            output,
        )
        try:
            yield _address(log)
        finally:
            processes.stop(process, 20)


def _address(log: Path) -> str:
    """Where Prometheus listens, once its log says so."""
    deadline = time.monotonic() + PATIENCE
    pattern = re.compile(r'msg="Listening on" address=(\S+)')
    while (found := pattern.search(log.read_text(encoding="utf-8"))) is None:
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.1)
    return found[1]
