"""Workers, each on a host of its own in the sandbox: started, ended, frozen, asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from streams import processes
from tests.chaos.sandbox import Host
from tests.worker.process import ROOT

PORT: Final = 6066
TOKEN: Final = "of-the-chaos-run-alone"
HEADERS: Final = {"Authorization": f"Bearer {TOKEN}"}
SESSION_SECONDS: Final = 6.0
REBALANCE_SECONDS: Final = 6.0
HEARTBEAT_SECONDS: Final = 1.0
SETTINGS: Final = {
    "BROKER__SESSION_TIMEOUT": f"{SESSION_SECONDS:.0f}",
    "BROKER__REBALANCE_TIMEOUT": f"{REBALANCE_SECONDS:.0f}",
    "BROKER__HEARTBEAT_INTERVAL": f"{HEARTBEAT_SECONDS:.0f}",
    "WORKER__CLOCK": "log",
    "WORKER__TOKEN": TOKEN,
    "WORKER__PORT": str(PORT),
    # Often, so that rebuilds begin from snapshots, kills come while one is written, and one would
    # be written while letters are not (``faults.GOING_ON``).
    "WORKER__SNAPSHOT_SECONDS": "3",
    "WORKER__SNAPSHOT_EVENTS": "2000",
}
"""Settings of every worker, as in the environment: the place to switch something on for a run."""

_FAKETIME: Final = ("/usr/lib/*-linux-gnu/faketime/libfaketimeMT.so.1",)
_FIRST: Final = 21
_LINES: Final = 6
_LONGEST_LINE: Final = 500


def faketime() -> Path | None:
    """The library that tells a process another time; None: it is not installed."""
    found = [path for pattern in _FAKETIME for path in Path("/").glob(pattern.lstrip("/"))]
    return found[0] if found else None


def last_words(log: Path) -> str:
    """Where a process has its log, and the last lines of it, which say why it has ended."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n    ".join([str(log), *(line[:_LONGEST_LINE] for line in lines[-_LINES:])])


class Usage(NamedTuple):
    """What a process takes of the machine."""

    resident: int
    """Bytes."""
    files: int
    """Open file descriptors."""


class Worker:
    """A worker's place: a host, and the process on it, of which there may be many in a row.

    ``incarnation`` counts them. ``frozen_at``: monotonic seconds since when it does not run; the
    times at which it did not are ``froze``.
    """

    def __init__(self, number: int, folder: Path, settings: Mapping[str, str]) -> None:
        self.name = f"w{number + 1}"
        self.host = Host(self.name, _FIRST + number)
        self.url = f"http://{self.host.viewed_at}:{PORT}"
        self.log = folder / f"worker-{self.name}.log"
        chosen = {**SETTINGS, **settings, "WORKER__HOST": self.host.viewed_at}
        chosen["WORKER__DATA_DIR"] = str(folder / f"data-{self.name}")
        kept = {name: value for name, value in os.environ.items() if "SCRUTINEER" not in name}
        self._environment = kept | {f"SCRUTINEER_{name}": value for name, value in chosen.items()}
        self._process: subprocess.Popen[bytes] | None = None
        self.incarnation = 0
        self.skewed: set[str] = set()
        """Processes whose clock was wrong."""
        self.frozen = False
        self.was_frozen = False
        """Whether the present process ever was: what it says of its loop then is our doing."""
        self.asked = False
        """Whether the present process was asked to end."""

    @property
    def running(self) -> bool:
        """Whether there is a process, be it frozen."""
        return self._process is not None and self._process.poll() is None

    @property
    def silent(self) -> bool:
        """Whether the present or last process has not logged anything."""
        return self.log.read_text(encoding="utf-8").splitlines()[-1].startswith("--- ")

    @property
    def life(self) -> str:
        """Name of the process there is: the place's and which it is there."""
        return f"{self.name}.{self.incarnation}"

    def start(self, skew: float = 0.0) -> None:
        """Start a process. ``skew``: seconds that its wall clock is ahead, by which it then goes.

        The others go by the log's clock, as the tables do that are compared in the end; with that
        one a wrong wall clock would be wrong in next to nothing.
        """
        assert not self.running, f"{self.life} runs already"
        environment = dict(self._environment)
        library = faketime() if skew else None
        if library is not None:
            environment |= {
                "LD_PRELOAD": str(library),
                "FAKETIME": f"{skew:+.0f}",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "SCRUTINEER_WORKER__CLOCK": "wall",
            }
        self.incarnation += 1
        if library is not None:
            self.skewed.add(self.life)
        program = self.host.program(sys.executable, "-m", "streams", "worker")
        with self.log.open("ab") as output:
            output.write(f"--- {self.life}, clock {skew:+.0f} s\n".encode())
            output.flush()
            self._process = processes.start(["env", "-C", str(ROOT), *program], environment, output)
        self.frozen, self.was_frozen, self.asked = False, False, False

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._forget()

    def ask_to_end(self) -> None:
        """SIGTERM."""
        assert self._process is not None
        self.asked = True
        self._process.terminate()

    def freeze(self, *, frozen: bool) -> None:
        """SIGSTOP, or SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)
        self.frozen = frozen
        self.was_frozen |= frozen

    def note_end(self) -> int | None:
        """The exit status of a process that has ended since the last call and was not killed."""
        if self._process is None or (status := self._process.poll()) is None:
            return None
        self._forget()
        return status

    def usage(self) -> Usage | None:
        """What the process takes; None: there is none."""
        if not self.running or self._process is None:
            return None
        folder = Path(f"/proc/{self._process.pid}")
        try:
            pages = int((folder / "statm").read_text(encoding="ascii").split()[1])
            return Usage(pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(folder / "fd")))
        except OSError:
            return None

    def _forget(self) -> None:
        assert self._process is not None
        processes.stop(self._process, 0)
        self._process, self.frozen = None, False
