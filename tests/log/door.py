"""A way to a broker on which chosen connections end as soon as they begin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress


class Door:
    """Where it is, and how many have come; ``shut``: numbers of those sent away, from 1."""

    def __init__(self, bootstrap: str, shut: Collection[int]) -> None:
        host, _, port = bootstrap.rpartition(":")
        self._behind = (host, int(port))
        self._shut = frozenset(shut)
        self.came = 0
        self.address = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to the broker and back, or end it."""
        self.came += 1
        if self.came in self._shut:
            writer.close()
            return
        there = await asyncio.open_connection(*self._behind)
        await asyncio.gather(_carry(reader, there[1]), _carry(there[0], writer))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def door(bootstrap: str, *shut: int) -> AsyncIterator[Door]:
    """A door to the broker at ``bootstrap`` that is shut to the connections of these numbers."""
    made = Door(bootstrap, shut)
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as server:
        made.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield made
