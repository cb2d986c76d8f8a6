"""The demo on a terminal, for the tests."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.demo.runs import PATIENCE, ROOT

DEMO = "scrutineer demo --keep var/demo"


class DemoOnTerminal:
    """The demo as `make demo` starts it, on a terminal of its own; ``seen`` is its screen.

    ``path``: where it finds programs, in the place of ours.
    """

    def __init__(self, folder: Path, path: str | None = None) -> None:
        self.folder = folder
        self.seen = b""
        master, terminal = pty.openpty()
        found = {} if path is None else {"PATH": path}
        program = [sys.executable, "-m", "streams", *DEMO.split()[1:], "--seconds", "4"]
        self.process = subprocess.Popen(
            program,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "80"} | found,
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
