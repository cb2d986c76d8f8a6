"""The demo as a process, for the tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from streams.demo.monitoring import PACKAGES

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 150.0
"""Seconds that a slow machine may need for what takes a few."""


class DemoProcess:
    """`scrutineer demo` without a terminal; its output goes into files in ``folder``.

    ``path``: where it finds programs, in the place of ours.
    """

    def __init__(self, folder: Path, *arguments: str, path: str | None = None) -> None:
        self.folder = folder / "day"
        self.out = folder / "out.txt"
        self.err = folder / "err.txt"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams", "demo", "--keep", str(self.folder), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=ROOT,
                env=None if path is None else {**os.environ, "PATH": path},
                start_new_session=True,
            )

    def __enter__(self) -> DemoProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def lines(self) -> list[str]:
        """Its output so far."""
        return self.out.read_text().splitlines()

    def result(self) -> dict[str, Any]:
        """Wait for the end; the summary of the last line."""
        self.process.wait(PATIENCE)
        found: dict[str, Any] = json.loads(self.lines()[-1])
        return found

    def until(self, question: Callable[[], bool]) -> None:
        """Wait until it is so. AssertionError: it is not, or the demo has ended."""
        deadline = time.monotonic() + PATIENCE
        while not question():
            assert self.process.poll() is None, self.err.read_text() + "\n".join(self.lines())
            assert time.monotonic() < deadline, self.lines()
            time.sleep(0.05)

    def says(self, text: str) -> Callable[[], bool]:
        """Whether a line has ``text``."""
        return lambda: any(text in line for line in self.lines())

    def children(self) -> set[int]:
        """Processes that it started and that run now."""
        return children_of(self.process.pid)


def children_of(pid: int) -> set[int]:
    """Processes that ``pid`` started and that run now."""
    stats = Path("/proc").glob("[0-9]*/stat")
    return {int(path.parent.name) for path in stats if _parent(path) == pid}


def processes() -> int:
    """How many a demo has: broker, worker; Prometheus, Alertmanager where the machine has them."""
    return 4 if all(map(shutil.which, PACKAGES)) else 2


def cmdline(pid: int) -> bytes:
    """Program and arguments, a zero byte after each."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _parent(stat: Path) -> int | None:
    try:
        state, parent = stat.read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return _parent(Path(f"/proc/{pid}/stat")) is not None
