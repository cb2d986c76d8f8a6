"""The demo's worker: a process of its own, its log in a file, its tables over HTTP."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from streams import processes
from streams.errors import UserError
from streams.settings import CONFIG_VARIABLE, PREFIX

STOP_SECONDS: Final = 10.0
_SERVES: Final = " serves "
_CANNOT: Final = "cannot serve on"


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

    async def serves(self) -> bool:
        """Wait until it serves its pages. False: it ended, as another program has its port.

        True also when it ended for another reason: ``exit_code`` and ``last_lines`` tell that.
        """
        while True:
            ended = self.exit_code is not None
            text = self.log.read_text(encoding="utf-8", errors="replace")
            if ended:
                return _CANNOT not in text
            if _SERVES in text:
                return True
            await asyncio.sleep(0.1)

    def last_lines(self, number: int = 8) -> list[str]:
        """The end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return [line[:400] for line in text.splitlines()[-number:]]

    def _environment(self) -> dict[str, str]:
        """Ours without settings of the user's: the demo must not meet a real broker."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return kept | {CONFIG_VARIABLE: str(self._config)}


async def start_worker(
    stack: AsyncExitStack, ports: Iterable[int], config: Callable[[int], Path], log: Path
) -> tuple[WorkerProcess, int]:
    """A worker on the first of ``ports`` that it gets, which is told too; ``stack`` ends it.

    ``config`` writes the settings file for a port. UserError: all of the ports are taken.
    """
    port = 0
    for port in ports:
        worker = await stack.enter_async_context(WorkerProcess(config(port), log))
        if await worker.serves():
            return worker, port
    raise UserError(f"another program took port {port} meanwhile: choose one with --port")
