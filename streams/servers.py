"""A program of the machine that serves HTTP on a free port of this machine, and ends with us."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp

from streams import processes
from streams.embedded import free_port

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
ATTEMPTS: Final = 3
_TIMEOUT: Final = aiohttp.ClientTimeout(total=2)


class StartError(Exception):
    """The program ended at once, or does not answer; with its last words."""


class Server:
    """``async with Server(...) as server:`` has it answering at ``server.address`` (host:port).

    ``program`` gives its arguments for an address. It answers /-/ready once it is, as Prometheus
    and Alertmanager do. What it prints goes to ``log``. StartError: it does not.
    """

    def __init__(self, program: Callable[[str], Sequence[str]], log: Path) -> None:
        self._program = program
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    async def __aenter__(self) -> Self:
        try:
            # Another program may take a free port before this one does: then the next one.
            for _ in range(ATTEMPTS):
                self.address = f"127.0.0.1:{free_port()}"
                # Settings of the user's, as those of a proxy, are none of ours.
                with self._log.open("wb") as output:
                    self._process = processes.start(self._program(self.address), {}, output)
                if await self._answers(self._process):
                    return self
                await self._stop()
        except BaseException:
            await self._stop()
            raise
        text = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        raise StartError(f"it wrote to {self._log}: {text[-1][:400] if text else 'nothing'}")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop()

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await asyncio.shield(asyncio.to_thread(processes.stop, process, STOP_SECONDS))

    async def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while asyncio.get_running_loop().time() < deadline and process.poll() is None:
                try:
                    async with session.get(f"http://{self.address}/-/ready") as answer:
                        if answer.status == 200:
                            return process.poll() is None
                except (aiohttp.ClientError, TimeoutError):
                    pass
                await asyncio.sleep(0.05)
        return False
