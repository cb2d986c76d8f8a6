"""The connections of the HTTP service: how many there may be, and how slow they may be.

aiohttp bounds the size of a request's head, and not how long the client takes to send it, nor to
fetch the answer: whoever sends one byte a minute would hold a place for ever.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final, cast

from aiohttp import web

HEAD_SECONDS: Final = 10.0
"""A new connection has so long to send the head of its first request."""
IDLE_SECONDS: Final = 75.0
"""So long to fetch an answer and to ask the next: longer than scrapes are apart."""
MOST: Final = 512
"""Connections at a time."""
MOST_OF_ONE: Final = 64
"""Connections of one address: who floods from one machine keeps out nobody on another."""

HEAD_BYTES: Final = 4096
"""Longest request line, longest header."""
HEADERS: Final = 64
"""Most headers of a request."""


class Connections:
    """Every open connection, by the handler that aiohttp has for it."""

    def __init__(self) -> None:
        self._open: dict[object, _Connection] = {}
        self._of: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def asked(self, request: web.Request) -> None:
        """A request's head is there: from here on the answer's own limits hold."""
        if connection := self._open.get(request.protocol):
            connection.wait(None)

    def answered(self, request: web.Request) -> None:
        """The answer is made, and not fetched yet."""
        if connection := self._open.get(request.protocol):
            connection.wait(IDLE_SECONDS)

    def enter(self, connection: _Connection) -> bool:
        """Whether there is room for one more."""
        if len(self._open) >= MOST or self._of[connection.peer] >= MOST_OF_ONE:
            return False
        self._open[connection.handler] = connection
        self._of[connection.peer] += 1
        return True

    def leave(self, connection: _Connection) -> None:
        """It is closed."""
        if self._open.pop(connection.handler, None) is not None:
            self._of[connection.peer] -= 1
            if not self._of[connection.peer]:
                del self._of[connection.peer]


class _Connection(asyncio.Protocol):
    """Hands everything on to aiohttp's handler, and cuts the connection when its time is over."""

    def __init__(self, connections: Connections, handler: web.RequestHandler) -> None:
        self._connections = connections
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.handler = handler
        self.peer = ""

    def wait(self, seconds: float | None) -> None:
        """Cut the connection after so long, None: leave it alone."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if seconds is not None and self._transport is not None:
            # Not closed: that would wait for the client to fetch what is sent already.
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._transport.abort)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast("asyncio.Transport", transport)
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        self.handler.connection_made(transport)
        if self._connections.enter(self):
            self.wait(HEAD_SECONDS)
        else:
            self._transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is gone."""
        self.wait(None)
        self._connections.leave(self)
        self.handler.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """``asyncio.Protocol``."""
        self.handler.data_received(data)

    def eof_received(self) -> None:
        """``asyncio.Protocol``."""
        self.handler.eof_received()

    def pause_writing(self) -> None:
        """``asyncio.Protocol``."""
        self.handler.pause_writing()

    def resume_writing(self) -> None:
        """``asyncio.Protocol``."""
        self.handler.resume_writing()


class Site(web.BaseSite):
    """A TCP port whose connections are watched."""

    def __init__(
        self, runner: web.AppRunner, host: str, port: int, connections: Connections
    ) -> None:
        super().__init__(runner)
        self._host = host
        self._port = port
        self._connections = connections

    @property
    def name(self) -> str:
        """Where it is."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen. OSError: the port is taken, or not ours."""
        await super().start()
        make = self._runner.server
        assert make is not None
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self._connections, make()), self._host, self._port, backlog=128
        )
