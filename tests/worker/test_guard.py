"""Who may read what of a worker: metrics and health are open, all else is not for everybody."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr, ValidationError

from streams.errors import UserError
from streams.log.topics import create_topics
from streams.settings import WorkerSettings
from streams.worker import guard
from streams.worker.guard import Guard, Handler, is_loopback, refusal, token_of
from tests.worker.conftest import settings_of, with_stations
from tests.worker.process import WorkerProcess

TOKEN = "0123456789abcdef-of-a-test"
CLOSED = ("/tables", "/tables/incidents", "/digest", "/state", "/nothing")


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics"])
@pytest.mark.parametrize("token", [None, TOKEN])
def test_metrics_and_health_are_open(path: str, token: str | None) -> None:
    """To Prometheus and to what restarts workers, wherever they are."""
    assert refusal(path, None, token, "0.0.0.0") is None


@pytest.mark.parametrize("path", CLOSED)
def test_tables_need_the_token(path: str) -> None:
    """The whole of it, as Bearer; on loopback too once there is one."""
    for host in ("127.0.0.1", "0.0.0.0"):
        assert refusal(path, f"Bearer {TOKEN}", TOKEN, host) is None
        assert refusal(path, f"bearer  {TOKEN} ", TOKEN, host) is None
        for wrong in (
            None,
            "",
            "Bearer",
            f"Basic {TOKEN}",
            f"Bearer {TOKEN[:-1]}",
            f"Bearer {TOKEN}x",
        ):
            assert (refusal(path, wrong, TOKEN, host) or (0, ""))[0] == 401


@pytest.mark.parametrize("path", CLOSED)
def test_without_a_token_only_this_machine_reads_tables(path: str) -> None:
    """Served to others without a token, they are refused and it is said what to set."""
    assert refusal(path, None, None, "127.0.0.1") is None
    status, reason = refusal(path, "Bearer x", None, "0.0.0.0") or (0, "")
    assert status == 403
    assert "worker.token_file" in reason


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("worker.example.org", False),
        ("127.0.0.1.example.org", False),
    ],
)
def test_what_is_this_machine_alone(host: str, expected: bool) -> None:
    """A name may resolve to anything."""
    assert is_loopback(host) == expected


async def _client(handler: Handler) -> TestClient[web.Request, web.Application]:
    own = Guard("127.0.0.1", None)

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await own(request, handler)

    application = web.Application(middlewares=[guarded])
    application.router.add_get("/tables", handler)
    application.router.add_get("/digest", handler)
    application.router.add_get("/healthz", handler)
    client = TestClient(TestServer(application))
    await client.start_server()
    return client


async def test_a_page_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 503 and what to do, and its place is free again."""
    monkeypatch.setattr(guard, "LONGEST", 0.05)
    monkeypatch.setattr(guard, "AT_ONCE", 1)

    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    client = await _client(never)
    try:
        for _ in range(2):
            answer = await client.get("/tables")
            assert answer.status == 503
            assert "one region" in (await answer.json())["error"]
    finally:
        await client.close()


async def test_a_digest_may_take_longer_than_another_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a limit of its own, and cannot be asked for one region."""
    monkeypatch.setattr(guard, "LONGEST", 0.05)

    async def slow(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return web.Response()

    client = await _client(slow)
    try:
        assert (await client.get("/tables")).status == 503
        assert (await client.get("/digest")).status == 200
        monkeypatch.setitem(guard.LONGEST_OF, "/digest", 0.05)
        answer = await client.get("/digest")
        assert answer.status == 503
        assert "one region" not in (await answer.json())["error"]
    finally:
        await client.close()


async def test_only_so_many_at_once_and_health_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fifth waits until one of four is done."""
    begun, full, go_on = 0, asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        nonlocal begun
        if request.path == "/tables":
            begun += 1
            if begun == guard.AT_ONCE:
                full.set()
            await go_on.wait()
        return web.Response()

    client = await _client(slow)
    try:
        asked = [asyncio.create_task(client.get("/tables")) for _ in range(guard.AT_ONCE + 3)]
        async with asyncio.timeout(60):
            await full.wait()
        for _ in range(20):
            assert (await client.get("/healthz")).status == 200
        assert begun == guard.AT_ONCE
        go_on.set()
        assert {(await one).status for one in asked} == {200}
    finally:
        await client.close()


async def test_digests_are_made_one_after_the_other_and_hold_up_no_table() -> None:
    """However many are asked for: they may take minutes each."""
    begun, first, go_on = 0, asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        nonlocal begun
        if request.path == "/digest":
            begun += 1
            first.set()
            await go_on.wait()
        return web.Response()

    client = await _client(slow)
    try:
        asked = [asyncio.create_task(client.get("/digest")) for _ in range(guard.AT_ONCE + 1)]
        async with asyncio.timeout(60):
            await first.wait()
            assert (await client.get("/tables")).status == 200
        assert begun == 1
        go_on.set()
        assert {(await one).status for one in asked} == {200}
        assert begun == len(asked)
    finally:
        await client.close()


def test_a_token_is_given_once_and_is_long(tmp_path: Path) -> None:
    """In the settings or in a file; a short one can be guessed, an empty one is none."""
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n", encoding="utf-8")
    assert token_of(WorkerSettings(token_file=file)) == TOKEN
    assert token_of(WorkerSettings()) is None
    with pytest.raises(ValidationError, match="either token or token_file"):
        WorkerSettings(token=SecretStr(TOKEN), token_file=file)
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(UserError, match="0 characters can be guessed"):
        token_of(WorkerSettings(token_file=file))


async def test_a_worker_with_a_token(broker: str, tmp_path: Path) -> None:
    """Over HTTP: open pages, closed pages, the token; and no line of the log has it."""
    settings = settings_of(broker, "guarded", pack=with_stations(tmp_path))
    await create_topics(settings)
    with WorkerProcess(settings, tmp_path, WORKER__TOKEN=TOKEN) as worker:
        await worker.until("/healthz", lambda answer: True)
        assert worker.get("/tables").status == 401
        assert worker.get("/state").status == 401
        assert worker.get("/metrics").status == 200
        request = urllib.request.Request(f"http://127.0.0.1:{worker.port}/tables")
        request.add_header("Authorization", f"Bearer {TOKEN}")
        with await asyncio.to_thread(urllib.request.urlopen, request) as answer:
            assert answer.status == 200
        worker.stop()
        assert TOKEN not in worker.said


async def test_a_worker_with_a_short_token_says_so(broker: str, tmp_path: Path) -> None:
    """Status 2 and one line: nothing to guess is served."""
    settings = settings_of(broker, "short", pack=with_stations(tmp_path))
    with WorkerProcess(settings, tmp_path, WORKER__TOKEN="guess-me") as worker:
        assert await asyncio.to_thread(worker.exit_status) == 2
        assert "8 characters can be guessed" in worker.said
        assert "guess-me" not in worker.said
