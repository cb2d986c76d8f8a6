"""The demo's worker: a process of its own, its log in a file, its tables over HTTP."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from streams import processes
from streams.settings import CONFIG_VARIABLE, PREFIX

STOP_SECONDS: Final = 10.0


class WorkerProcess:
    """``async with WorkerProcess(...)``: a worker with the settings of ``config``."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config = config
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._sink: IO[bytes] | None = None

    async def __aenter__(self) -> Self:
        self._sink = self.log.open("wb")
        program = [sys.executable, "-m", "streams", "worker"]
        self._process = processes.start(program, self._environment(), self._sink)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process, self._process = self._process, None
        if process is not None:
            await asyncio.shield(asyncio.to_thread(processes.stop, process, STOP_SECONDS))
        if self._sink is not None:
            self._sink.close()

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return None if self._process is None else self._process.poll()

    def last_lines(self, number: int = 8) -> list[str]:
        """The end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return [line[:400] for line in text.splitlines()[-number:]]

    def _environment(self) -> dict[str, str]:
        """Ours without settings of the user's: the demo must not meet a real broker."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return kept | {CONFIG_VARIABLE: str(self._config)}
