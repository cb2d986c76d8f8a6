"""An archiver's pages over HTTP: /metrics and /healthz. They say nothing about the election."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from streams.archive.watch import Watch
from streams.errors import UserError
from streams.metrics.page import CONTENT_TYPE


@asynccontextmanager
async def serving(watch: Watch, host: str, port: int) -> AsyncIterator[str]:
    """Serve until the block ends; the URL. UserError: the address is taken, or not ours."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=watch.metrics(), headers={"Content-Type": CONTENT_TYPE})

    async def healthz(_: web.Request) -> web.Response:
        found = watch.health()
        status = "stuck" if not found.ok else "degraded" if found.degraded else "ok"
        text = json.dumps({"status": status, "doing": found.doing}) + "\n"
        return web.Response(
            text=text, status=200 if found.ok else 503, content_type="application/json"
        )

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/healthz", healthz)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise UserError(
                f"--metrics: cannot serve on {host}:{port}: {error.strerror or error}"
            ) from None
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
