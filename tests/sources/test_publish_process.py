"""The publisher as a process: interrupted, and on a terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from streams.embedded import EmbeddedBroker
from streams.settings import Settings
from tests.data import ROOT
from tests.sources.publishing import embedded, incident, stored, topics, write_pack


@asynccontextmanager
async def started(
    settings: Settings, pack: str, *arguments: str, **pipes: Any
) -> AsyncIterator[Process]:
    """`scrutineer publish` with these arguments; it does not outlive the test."""
    environment = {
        **os.environ,
        "SCRUTINEER_BROKER__BOOTSTRAP": settings.broker.bootstrap,
        "SCRUTINEER_BROKER__IDEMPOTENT": "false",
        "SCRUTINEER_TOPICS__PARTITIONS": "6",
        "SCRUTINEER_PACK": pack,
        "TERM": "xterm",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "streams", "publish", *arguments]
    process = await asyncio.create_subprocess_exec(*command, env=environment, **pipes)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def some(settings: Settings, number: int) -> None:
    """Return when so many events have arrived."""
    while len(await stored(settings)) < number:  # noqa: ASYNC110 - the log is another process
        await asyncio.sleep(0.05)


async def test_ctrl_c_says_how_many_were_acknowledged(tmp_path: Path) -> None:
    """As many as there are in the log, and exits with 130."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(incident(number) for number in range(5_000)))
    async with EmbeddedBroker() as broker:
        settings = embedded(broker.bootstrap)
        await topics(settings)
        arguments = (write_pack(tmp_path), str(file), "--rate", "20")
        async with started(settings, *arguments, stdout=PIPE, stderr=PIPE) as process:
            await some(settings, 20)
            process.send_signal(signal.SIGINT)
            out, err = await process.communicate()
        count = len(await stored(settings))
    assert process.returncode == 130
    assert err == b"interrupted\n"
    assert out.startswith(b"%d events acknowledged in " % count)
    assert count < 5_000


async def test_ctrl_c_while_waiting_for_input(tmp_path: Path) -> None:
    """The read that can't be interrupted does not keep the process."""
    async with EmbeddedBroker() as broker:
        settings = embedded(broker.bootstrap)
        await topics(settings)
        pipes = {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE}
        async with started(settings, write_pack(tmp_path), "-", **pipes) as process:
            assert process.stdin is not None
            process.stdin.write(incident(1) + b"\n" + incident(2) + b"\n")
            await process.stdin.drain()
            await some(settings, 2)
            process.send_signal(signal.SIGINT)
            # The pipe stays open: only the signal can have ended it.
            assert await process.wait() == 130
            out, err = await process.communicate()
    assert out.startswith(b"2 events acknowledged in ")
    assert err == b"interrupted\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals")
async def test_a_terminal_shows_a_bar_and_a_file_does_not(tmp_path: Path) -> None:
    """Where the output goes decides; the summary is the same."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(incident(number) for number in range(50)))
    pack = write_pack(tmp_path)
    async with EmbeddedBroker() as broker:
        settings = embedded(broker.bootstrap)
        await topics(settings)
        ours, theirs = pty.openpty()
        arguments = (str(file), "--rate", "50")
        async with started(settings, pack, *arguments, stdout=PIPE, stderr=theirs) as process:
            os.close(theirs)
            shown = asyncio.create_task(asyncio.to_thread(_drain, ours))
            out, _ = await process.communicate()
        drawn = await shown
        async with started(settings, pack, *arguments, stdout=PIPE, stderr=PIPE) as quiet:
            plain, err = await quiet.communicate()
    assert b"sending" in drawn
    assert b"50/50" in drawn.replace(b" ", b"")
    assert err == b""
    for summary in (out, plain):
        assert summary.startswith(b"50 events acknowledged in ")


def _drain(terminal: int) -> bytes:
    drawn = b""
    while True:
        try:
            more = os.read(terminal, 65_536)
        except OSError:  # the other end is closed
            more = b""
        if not more:
            os.close(terminal)
            return drawn
        drawn += more
