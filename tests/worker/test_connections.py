"""What a hostile client can do to the worker's HTTP service: little, and not for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from streams.worker import connections
from streams.worker.connections import Connections, Site
from streams.worker.guard import Guard, refusal
from streams.worker.http import make_runner
from streams.worker.pages import PAGES

TOKEN = "0123456789abcdef-of-a-test"
PATIENCE = 60.0
VERBS = ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND")


@asynccontextmanager
async def served(token: str | None = TOKEN) -> AsyncIterator[tuple[int, Connections]]:
    """The port of a service with one open page, /healthz, and one closed, /tables."""

    async def page(request: web.Request) -> web.StreamResponse:
        return web.Response(text="x" * int(request.query.get("bytes", "1")))

    runner, watched = make_runner(Guard("127.0.0.1", token), {"/healthz": page, "/tables": page})
    await runner.setup()
    try:
        await Site(runner, "127.0.0.1", 0, watched).start()
        yield runner.addresses[0][1], watched
    finally:
        await runner.cleanup()


async def heard(port: int, *pieces: bytes) -> bytes:
    """What the service answers to these bytes until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


async def test_every_page_and_every_other_path_refuses_every_other_verb() -> None:
    """405, before anything else is looked at, with the verbs that there are."""
    async with served() as (port, _), ClientSession(f"http://127.0.0.1:{port}") as client:
        for verb in VERBS[:-2]:
            for path in (*PAGES, "/nothing", "/settings"):
                async with client.request(verb, path.replace("NAME", "x"), data=b"x") as answer:
                    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD"), path
        for verb in VERBS[-2:]:
            assert b"HTTP/1.1 20" not in await heard(
                port, f"{verb} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
            )


async def test_every_answer_has_the_same_guarding_headers() -> None:
    """Found, not found, refused, without a right: and none says what it is made with."""
    async with served() as (port, _), ClientSession(f"http://127.0.0.1:{port}") as client:
        for verb, path, status in (
            ("GET", "/healthz", 200),
            ("GET", "/nothing", 401),
            ("GET", "/tables", 401),
            ("POST", "/tables", 405),
            ("GET", "/healthz?bytes=x", 500),
        ):
            async with client.request(verb, path) as answer:
                assert answer.status == status
                assert answer.headers["Cache-Control"] == "no-store"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["Server"] == "scrutineer"
                assert "Traceback" not in await answer.text()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz?" + b"q" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nLong: " + b"q" * 5000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"".join(b"H%d: q\r\n" % n for n in range(70)) + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + b"\r\n\r\n",
    ],
    ids=["long line", "long header", "many headers", "no HTTP"],
)
async def test_a_head_that_is_too_large_is_refused(head: bytes) -> None:
    """With 400, and the connection is closed."""
    async with served() as (port, _):
        assert (await heard(port, head)).startswith(b"HTTP/1.0 400 ")


async def test_who_sends_slowly_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing, half a head, a byte now and then: all are cut, and others are answered meanwhile."""
    async with served() as (port, watched):

        async def drip() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            ended = asyncio.create_task(reader.read())
            try:
                for byte in b"GET /healthz HTTP/1.1\r\nX-Slow: " + b"s" * 10_000:
                    writer.write(bytes([byte]))
                    await asyncio.wait({ended}, timeout=0.05)
                    if ended.done():
                        break
                return await ended
            except ConnectionError:
                return b""
            finally:
                writer.close()

        async with asyncio.timeout(PATIENCE), ClientSession(f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/healthz")).status == 200
            monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
            slow = [drip(), heard(port), heard(port, b"GET /healthz HT")]
            waiting = asyncio.gather(*slow)
            assert (await client.get("/healthz")).status == 200
            assert await waiting == [b"", b"", b""]
            assert len(watched) == 1


async def test_who_fetches_slowly_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that nobody takes does not stay in memory."""
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.5)
    async with served() as (port, watched):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        await until(lambda: len(watched) == 1)
        writer.write(b"GET /healthz?bytes=30000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: len(watched) == 0)
        writer.close()


async def test_a_request_in_work_is_not_cut() -> None:
    """No timer runs: the limits are for the client's part, the pages have their own."""
    timers: list[object] = []

    async def page(request: web.Request) -> web.StreamResponse:
        (connection,) = watched._open.values()
        timers.append(connection._timer)
        return web.Response(text="done")

    runner, watched = make_runner(Guard("127.0.0.1", None), {"/healthz": page})
    await runner.setup()
    try:
        await Site(runner, "127.0.0.1", 0, watched).start()
        port = runner.addresses[0][1]
        head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert (await heard(port, head)).endswith(b"done")
        assert timers == [None]
    finally:
        await runner.cleanup()


async def test_one_address_does_not_take_all_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one address so many and no more; those that are there go on."""
    monkeypatch.setattr(connections, "MOST_OF_ONE", 3)
    monkeypatch.setattr(connections, "HEAD_SECONDS", PATIENCE)
    async with served() as (port, watched):
        links = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        await until(lambda: len(watched) == 3)
        assert await heard(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") == b""
        reader, writer = links[0]
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in await reader.read()
        for _, writer in links:
            writer.close()


@pytest.mark.parametrize(
    ("named", "status"),
    [
        ("127.0.0.1:6066", None),
        ("localhost", None),
        ("[::1]:6066", None),
        ("::1", None),
        ("evil.example.org", 403),
        ("evil.example.org:6066", 403),
        ("127.0.0.1.example.org:6066", 403),
        ("", 403),
    ],
)
def test_no_web_site_reads_tables_through_a_browser_here(named: str, status: int | None) -> None:
    """Without a token the name must be this machine's; with one the name plays no part."""
    refused = refusal("/tables", None, None, "127.0.0.1", named)
    assert (refused and refused[0]) == status
    assert refusal("/tables", f"Bearer {TOKEN}", TOKEN, "127.0.0.1", named) is None
    assert (refusal("/tables", None, TOKEN, "127.0.0.1", named) or (0, ""))[0] == 401
    assert (refusal("/tables", None, None, "0.0.0.0", named) or (0, ""))[0] == 403
    assert refusal("/metrics", None, None, "127.0.0.1", named) is None


async def test_a_token_of_any_bytes_is_wrong_and_no_error() -> None:
    """401, not 500."""
    async with served() as (port, _):
        head = b"GET /tables HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        for shown in (b"Bearer \xff\xfe", b"Bearer \xc3\xa9", b"Bearer", b"\xff"):
            said = await heard(port, head + b"Authorization: " + shown + b"\r\n\r\n")
            assert b" 401 " in said.splitlines()[0], said
