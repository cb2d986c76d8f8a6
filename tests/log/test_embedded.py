"""The embedded broker: up when it says so, gone when it must be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams.embedded import EmbeddedBroker, free_port, speaks_kafka
from streams.errors import UserError
from streams.log.clients import consumer, producer
from streams.log.topics import create_topics
from streams.settings import BrokerSettings, Settings, TopicSettings


async def test_it_answers_when_it_is_up_and_is_gone_afterwards(tmp_path: Path) -> None:
    """Inside the block it speaks Kafka; after it neither process nor port is left."""
    log = tmp_path / "broker.log"
    async with EmbeddedBroker(log=log) as broker:
        host, _, port = broker.bootstrap.rpartition(":")
        assert await speaks_kafka(host, int(port))
        assert broker.pid is not None
    assert broker.pid is None
    assert not await speaks_kafka(host, int(port))
    assert log.exists()


async def test_two_run_side_by_side() -> None:
    """Each takes a port of its own."""
    async with EmbeddedBroker() as one, EmbeddedBroker() as two:
        assert one.bootstrap != two.bootstrap


async def test_records_come_back_as_they_were_sent() -> None:
    """Topics, a producer and a consumer work with it: key, value and headers, in order."""
    async with EmbeddedBroker() as broker:
        settings = Settings(
            broker=BrokerSettings(bootstrap=broker.bootstrap, idempotent=False),
            topics=TopicSettings(partitions=3, replication=1),
        )
        await create_topics(settings)
        sent = [(b"KZ-10", bytes([n]), (("a", b"\xff"),)) for n in range(50)]
        async with producer(settings) as sender:
            for key, value, headers in sent:
                await sender.send_and_wait(
                    settings.topics.desk, value, key=key, headers=list(headers)
                )
        async with consumer(
            settings.broker, settings.topics.desk, auto_offset_reset="earliest"
        ) as reader:
            got = [await reader.getone() for _ in sent]
        assert [(each.key, each.value, each.headers) for each in got] == sent


async def test_a_port_that_is_taken_is_told() -> None:
    """No second broker on the same port, and an error that says so."""
    async with EmbeddedBroker() as broker:
        port = int(broker.bootstrap.rpartition(":")[2])
        with pytest.raises(UserError, match=f"port {port} of 127.0.0.1 is taken"):
            async with EmbeddedBroker(port=port):
                pass


def test_a_port_is_not_given_out_again_soon() -> None:
    """Neither here nor by processes beside this one: nobody listens on it yet."""
    own = [free_port() for _ in range(300)]
    assert len(set(own)) == len(own)
    program = "from streams.embedded import free_port\nfor _ in range(100): print(free_port())"
    beside = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(2)
    ]
    given = [each.communicate()[0].split() for each in beside]
    assert [len(ports) for ports in given] == [100, 100]
    assert not set(given[0]) & set(given[1])


async def test_a_platform_without_a_binary_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to use instead."""
    monkeypatch.setenv("CALF_TANSU_BIN", "/nonexistent/tansu")
    with pytest.raises(UserError, match="SCRUTINEER_BROKER__BOOTSTRAP"):
        async with EmbeddedBroker():
            pass


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's prctl")
def test_it_dies_with_its_parent() -> None:
    """Kill -9 of the program that runs it leaves no broker behind."""
    program = (
        "import asyncio\n"
        "from streams.embedded import EmbeddedBroker\n"
        "async def main():\n"
        "    async with EmbeddedBroker() as broker:\n"
        "        print(broker.pid, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < deadline, "the broker outlived its parent"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended but is not collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before, or between, opening and reading
        return False
