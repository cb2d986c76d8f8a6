"""The worker's HTTP service: read-only, up before the broker is and until all else is down."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from aiohttp import web
from mode import Service

from streams.errors import UserError
from streams.metrics.page import CONTENT_TYPE
from streams.worker import pages
from streams.worker.connections import HEAD_BYTES, HEADERS, Connections, Site
from streams.worker.guard import Guard, Handler, token_of
from streams.worker.pacing import Paced

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp


_VERBS: Final = ("GET", "HEAD")


class HttpServer(Service):
    """Serves the pages of ``pages.py``. ``address``: where, once it is started."""

    abstract = False

    def __init__(self, app: ScrutineerApp) -> None:
        super().__init__()
        self._app = app
        self._runner: web.AppRunner | None = None
        self.address = ""
        self.listening: Callable[[], None] | None = None
        self._metrics: Paced[bytes] = Paced(partial(pages.metrics, app))

    async def on_start(self) -> None:
        """Listen. UserError: the address is taken, or not ours."""
        worker = self._app.settings.worker
        host, port = worker.host, worker.port
        guard = Guard(host, token_of(worker))

        runner, connections = make_runner(guard, self._pages())
        await runner.setup()
        site = Site(runner, host, port, connections)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            taken = error.errno == errno.EADDRINUSE
            reason = "the port is taken" if taken else str(error.strerror or error)
            raise UserError(
                f"cannot serve on {host}:{port}: {reason}. Set worker.host and worker.port "
                "(0: any free port)"
            ) from None
        self._runner = runner
        actual = runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{actual}"
        if self.listening is not None:
            self.listening()

    async def on_stop(self) -> None:
        """Close."""
        await self._metrics.end()
        if self._runner is not None:
            await self._runner.cleanup()

    def _pages(self) -> dict[str, Handler]:
        app = self._app

        async def health(_: web.Request) -> web.Response:
            found = app.watch.health()
            status = "stuck" if not found.ok else "degraded" if found.degraded else "ok"
            body = {"status": status, "doing": found.doing}
            return _json(body, 200 if found.ok else 503)

        async def ready(_: web.Request) -> web.Response:
            body, is_ready = pages.readiness(app)
            return _json(body, 200 if is_ready else 503)

        async def metrics(_: web.Request) -> web.Response:
            return web.Response(
                body=await self._metrics.get(), headers={"Content-Type": CONTENT_TYPE}
            )

        async def state(_: web.Request) -> web.Response:
            return _json(pages.state(app))

        async def digest(_: web.Request) -> web.Response:
            return _json(await pages.digest(app))

        async def tables(_: web.Request) -> web.Response:
            return _json(pages.table_list())

        async def table(request: web.Request) -> web.Response:
            try:
                body = await pages.table(app, request.match_info["name"], request.query)
            except pages.PageError as error:
                return _json({"error": str(error), **error.fields}, error.status)
            text = await asyncio.to_thread(_dump, body)
            return web.Response(text=text, content_type="application/json")

        async def front(_: web.Request) -> web.Response:
            return _json(pages.front())

        return {
            "/": front,
            "/healthz": health,
            "/readyz": ready,
            "/metrics": metrics,
            "/state": state,
            "/digest": digest,
            "/tables": tables,
            "/tables/{name}": table,
        }


def make_runner(guard: Guard, served: Mapping[str, Handler]) -> tuple[web.AppRunner, Connections]:
    """Aiohttp's runner of the pages ``served``, with everything that protects them."""
    connections = Connections()

    @web.middleware
    async def watched(request: web.Request, handler: Handler) -> web.StreamResponse:
        connections.asked(request)
        try:
            return await handler(request)
        finally:
            connections.answered(request)

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await guard(request, handler)

    application = web.Application(middlewares=[watched, _careful, guarded])
    application.on_response_prepare.append(_signed)
    for path, page in served.items():
        application.router.add_get(path, page)
    runner = web.AppRunner(
        application,
        access_log=None,
        shutdown_timeout=0.5,
        max_line_size=HEAD_BYTES,
        max_field_size=HEAD_BYTES,
        max_headers=HEADERS,
        lingering_time=2.0,
    )
    return runner, connections


def _dump(body: object) -> str:
    return json.dumps(body, ensure_ascii=False) + "\n"


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(text=_dump(body), status=status, content_type="application/json")


@web.middleware
async def _careful(request: web.Request, handler: Handler) -> web.StreamResponse:
    """JSON for errors too. No verb but two, wherever it is tried."""
    if request.method not in _VERBS:
        refused = _json({"error": "read-only: GET and HEAD alone"}, 405)
        refused.headers["Allow"] = ", ".join(_VERBS)
        return refused
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return _json({"error": f"there is no page {request.path}", **pages.front()}, 404)


async def _signed(_: web.Request, response: web.StreamResponse) -> None:
    """Headers of every answer: a browser makes nothing of it, keeps nothing, shows it nowhere."""
    response.headers.update(
        {
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            # Instead of the versions of Python and aiohttp.
            "Server": "scrutineer",
        }
    )
