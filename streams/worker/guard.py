"""Who may read which page of a worker, how long an answer may take, how many are made at once."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from streams.errors import UserError
from streams.setting_parts import read_secret
from streams.settings import WorkerSettings

SHORTEST: Final = 16
"""Characters of a token that is not guessed."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPEN: Final = frozenset({"/", "/healthz", "/readyz", "/metrics"})
"""Pages for whoever reaches the port: Prometheus, and what restarts workers, have no login."""
LONGEST: Final = 30.0
"""Seconds that a page may take."""
LONGEST_OF: Final = {"/digest": 300.0}
"""Of a page that may take longer: it goes through all there is, and gives way to the events."""
AT_ONCE: Final = 4
"""Pages that are made at the same time: more of them wait, so that the tables' work goes on.
Beside them one of those that may take longer."""


def token_of(settings: WorkerSettings) -> str | None:
    """The worker's token; None: it has none. UserError: its file is unreadable, it is short."""
    token = read_secret("worker.token", settings.token, settings.token_file)
    if token is not None and len(token) < SHORTEST:
        raise UserError(
            f"worker.token: {len(token)} characters can be guessed; take {SHORTEST} at least, as "
            "from `openssl rand -hex 16`"
        )
    return token


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


def refusal(
    path: str, shown: str | None, token: str | None, host: str, named: str = "localhost"
) -> tuple[int, str] | None:
    """Status and reason why a page is not shown; None: it may be.

    ``shown``: the request's Authorization header; ``token``: the worker's, None: it has none;
    ``host``: the address that is served; ``named``: the one that the client asked for (Host), with
    or without a port. With a token that name plays no part. Without one, a page of any web site
    could have its own name lead a browser on this machine here (DNS rebinding).
    """
    if path in OPEN:
        return None
    if token is None:
        if is_loopback(host):
            if is_loopback(_without_port(named)):
                return None
            return 403, (
                "this worker has no token and is for this machine alone: ask for 127.0.0.1 or "
                "localhost, or set worker.token_file"
            )
        return 403, (
            "this worker is reached from elsewhere and has no token: set worker.token_file, and "
            "show the token as Authorization: Bearer TOKEN"
        )
    kind, _, given = (shown or "").partition(" ")
    if kind.lower() == "bearer" and hmac.compare_digest(_bytes(given.strip()), _bytes(token)):
        return None
    return 401, "show the worker's token as Authorization: Bearer TOKEN (worker.token_file)"


def _bytes(text: str) -> bytes:
    """A header's own bytes, whatever they are."""
    return text.encode("utf-8", "surrogateescape")


def _without_port(named: str) -> str:
    if named.startswith("["):
        return named[1:].partition("]")[0]
    return named.rpartition(":")[0] or named if named.count(":") == 1 else named


class Guard:
    """The middleware: refuses, and bounds the time and the number of answers."""

    def __init__(self, host: str, token: str | None) -> None:
        self._host = host
        self._token = token
        self._places = asyncio.Semaphore(AT_ONCE)
        self._long = asyncio.Semaphore(1)

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer, refuse with 401 or 403, or give up with 503."""
        shown = request.headers.get("Authorization")
        refused = refusal(request.path, shown, self._token, self._host, request.host)
        if refused is not None:
            status, reason = refused
            headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
            return web.json_response({"error": reason}, status=status, headers=headers)
        if request.path in OPEN:
            return await handler(request)
        longest = LONGEST_OF.get(request.path, LONGEST)
        # What takes minutes must not hold the places of what takes a second.
        places = self._long if request.path in LONGEST_OF else self._places
        try:
            async with asyncio.timeout(longest), places:
                return await handler(request)
        except TimeoutError:
            less = "" if request.path in LONGEST_OF else "ask for one region, or "
            text = f"no answer within {longest:.0f} s; {less}again later"
            return web.json_response({"error": text}, status=503)
