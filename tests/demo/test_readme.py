"""The commands of the README and of docs/archive.md, against the demo on a terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.data import ROOT
from tests.test_docs import Step, as_shown, blocks, execute
from tests.tools import tool

DEMO = "scrutineer demo --keep var/demo"
PATIENCE = 150.0


class DemoOnTerminal:
    """The demo as `make demo` starts it, on a terminal of its own; ``seen`` is its screen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = b""
        master, terminal = pty.openpty()
        program = [sys.executable, "-m", "streams", *DEMO.split()[1:], "--seconds", "4"]
        self.process = subprocess.Popen(
            program,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120"},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)
        self._reader = threading.Thread(target=self._read, args=(master,))
        self._reader.start()

    def _read(self, master: int) -> None:
        try:
            while some := os.read(master, 65536):
                self.seen += some
        except OSError:  # how a terminal ends once nobody holds its other side
            pass
        os.close(master)

    def until(self, text: str) -> None:
        """Wait until the screen has shown ``text``."""
        deadline = time.monotonic() + PATIENCE
        while text.encode() not in self.seen:
            assert self.process.poll() is None, self.seen[-3000:].decode(errors="replace")
            assert time.monotonic() < deadline, self.seen[-3000:].decode(errors="replace")
            time.sleep(0.1)

    def interrupt(self) -> int:
        """Press Ctrl-C; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """Leave nothing behind, whatever happened."""
        try:
            if self.process.poll() is None:
                self.interrupt()
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoOnTerminal]:
    """A demo whose day is over, and that stays up."""
    running = DemoOnTerminal(tmp_path)
    try:
        running.until("Ctrl-C to stop")
        yield running
    finally:
        running.close()


def test_make_demo_starts_what_is_tested_here() -> None:
    """The recipe of `make demo` is the command of this file."""
    assert f"$(BIN)/{DEMO}\n" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_commands_beside_the_demo_do_what_the_pages_show(demo: DemoOnTerminal) -> None:
    """Each command does what its page shows, and Ctrl-C ends the demo with 0."""
    tool("curl", "curl")
    (demo.folder / ".venv").symlink_to(sys.prefix)
    handle = tomllib.loads((demo.folder / "var/demo/scrutineer.toml").read_text(encoding="utf-8"))
    port = handle.get("worker", {}).get("port", 6066)
    found = list(blocks(ROOT / "README.md", "run with the demo"))
    assert len(found) == 2
    archive = list(blocks(ROOT / "docs" / "archive.md", "run with the demo"))
    assert len(archive) == 1
    for block in found + archive:
        for command, shown in block:
            # Another program may have the usual port: the demo then says which one it took.
            _do(Step(command.replace("127.0.0.1:6066", f"127.0.0.1:{port}"), shown), demo.folder)
    assert demo.interrupt() == 0


def _do(step: Step, folder: Path) -> None:
    """Run the step; a table may show an event a moment after it was sent."""
    deadline = time.monotonic() + PATIENCE
    while True:
        status, output = execute(step, folder)
        if status == 0 and as_shown(step, output):
            return
        reading = step.command.startswith("curl")
        assert reading, f"$ {step.command}\n{output}"
        assert time.monotonic() < deadline, f"$ {step.command}\n{output}"
        time.sleep(0.2)
