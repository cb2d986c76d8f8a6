"""A way to a broker on which chosen requests are answered otherwise, or not at all."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, Literal, NamedTuple

PRODUCE, FETCH, LIST_OFFSETS, METADATA, CREATE_TOPICS, INIT_PRODUCER = 0, 1, 2, 3, 19, 22
_HOST: Final = b"127.0.0.1"


class Asked(NamedTuple):
    """A request: its API key and version, and how many of that key have come, from 1."""

    api: int
    version: int
    number: int


Answer = bytes | Literal["pass", "shut", "silence"]
"""Of the broker; the connection is ended; none; or this body, after the correlation id."""

Rule = Callable[[Asked], Answer]


class Between:
    """Where it is (``address``), and the requests that have come by API key (``came``).

    Clients that ask for the brokers are told that the broker is here. ``rule`` may be replaced.
    """

    def __init__(self, bootstrap: str, rule: Rule) -> None:
        host, _, port = bootstrap.rpartition(":")
        self._behind = (host, int(port))
        self._real = _HOST + struct.pack(">i", int(port))
        self.rule = rule
        self.came: Counter[int] = Counter()
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.address = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._serving[task] = writer
        try:
            there = await asyncio.open_connection(*self._behind)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._ask(reader, writer, there[1]), self._tell(there[0], writer))
        for each in (writer, there[1]):
            with suppress(OSError):
                await each.wait_closed()

    async def end(self) -> None:
        """End every connection."""
        for writer in self._serving.values():
            writer.close()
        if self._serving:
            await asyncio.wait(self._serving)

    async def _ask(
        self,
        reader: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        writer: asyncio.StreamWriter,
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while frame := await _frame(reader):
                api, version, correlation = struct.unpack(">hhi", frame[:8])
                self.came[api] += 1
                answer = self.rule(Asked(api, version, self.came[api]))
                if answer == "shut":
                    break
                if answer == "pass":
                    writer.write(struct.pack(">i", len(frame)) + frame)
                    await writer.drain()
                elif isinstance(answer, bytes):
                    back.write(struct.pack(">ii", len(answer) + 4, correlation) + answer)
        back.close()
        writer.close()

    async def _tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here = _HOST + struct.pack(">i", int(self.address.rpartition(":")[2]))
        with suppress(OSError, asyncio.IncompleteReadError):
            while frame := await _frame(reader):
                frame = frame.replace(self._real, here)
                writer.write(struct.pack(">i", len(frame)) + frame)
                await writer.drain()
        writer.close()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(size)


def let_pass(_: Asked) -> Answer:
    """A rule that changes nothing."""
    return "pass"


@asynccontextmanager
async def between(bootstrap: str, rule: Rule = let_pass) -> AsyncIterator[Between]:
    """A way to the broker at ``bootstrap`` (of 127.0.0.1), by ``rule``."""
    made = Between(bootstrap, rule)
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as server:
        made.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield made
        finally:
            server.close()
            await made.end()
