"""The sandbox: links that are really down, a proxy that loses nothing, and nothing that is left."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chaos.brokers import CLIENT, PROXIED
from tests.chaos.child import must_find_all_as_it_should_be
from tests.chaos.proxy import Proxy, Weather
from tests.chaos.sandbox import DATA, Host, prepare, run_inside
from tests.data import ROOT

PATIENCE = 30.0
IMPORT = "from tests.chaos.sandbox import run_inside"
ECHO = f"""
import socket
with socket.create_server(("0.0.0.0", {CLIENT})) as server:
    print("listening", flush=True)
    while True:
        link, _ = server.accept()
        while chunk := link.recv(65536):
            link.sendall(chunk)
        link.close()
"""
ASK = """
import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=float(sys.argv[3]))
"""


def connects(host: Host, other: Host, seconds: float) -> bool:
    """Whether a connection from one host to the other comes about in that time."""
    where = (other.address, str(CLIENT), str(seconds))
    program = host.program(sys.executable, "-c", ASK, *where)
    return subprocess.run(program, capture_output=True, check=False).returncode == 0


def reaches(host: Host, other: Host) -> bool:
    """Whether one does: what is lost of a link that has just come up is sent again, later."""
    return connects(host, other, PATIENCE)


def cut_off(host: Host, other: Host) -> bool:
    """Whether none does."""
    return not connects(host, other, 1.0)


def echoed(sent: bytes) -> bytes:
    """What comes back through the proxy."""
    got = bytearray()
    with socket.create_connection((f"{DATA}.1", PROXIED), timeout=PATIENCE) as link:

        def send() -> None:
            with suppress(OSError):  # where the connection is lost
                link.sendall(sent)

        sending = threading.Thread(target=send)
        sending.start()
        while len(got) < len(sent) and (chunk := link.recv(65536)):
            got += chunk
        sending.join()
    return bytes(got)


def is_lost(sent: bytes) -> bool:
    """Whether the connection ends before all is back."""
    try:
        return echoed(sent) != sent
    except OSError:
        return True


def inside() -> None:
    """Run in a sandbox by the test below."""
    prepare()
    one, other = Host("h1", 41), Host("h2", 42)
    echo = other.program(sys.executable, "-u", "-c", ECHO)
    with subprocess.Popen(echo, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"listening\n"
        assert reaches(one, other)
        other.link(up=False)
        assert cut_off(one, other)
        other.link(up=True)
        assert reaches(one, other)
        one.hide(other, hidden=True)
        assert cut_off(one, other)
        one.hide(other, hidden=False)
        one.bandwidth(500)
        assert reaches(one, other)
        one.bandwidth(None)
        with Proxy([other.address], seed=1) as proxy:
            sent = os.urandom(300_000)
            assert echoed(sent) == sent
            proxy.shape(Weather(delay=0.02, loss=0.2), f"{DATA}.1")
            assert echoed(sent) == sent
            proxy.shape(Weather(reset=1.0), f"{DATA}.1")
            assert is_lost(sent)
        server.kill()
    print("all as it should be", flush=True)


@pytest.mark.usefixtures("sandbox")
def test_links_fail_and_the_proxy_loses_nothing() -> None:
    """A link that is down lets nothing through; a proxy that delays gives every byte in order."""
    code = "from tests.chaos.test_sandbox import inside; inside()"
    ours = f"run_inside(sys.executable, '-c', {code!r})"
    must_find_all_as_it_should_be(f"import sys; {IMPORT}; sys.exit({ours})")


def running(mark: str) -> int:
    """How many processes of this machine have ``mark`` among their arguments."""
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        count += arguments[:2] == [b"sleep", mark.encode()]
    return count


@pytest.mark.usefixtures("sandbox")
def test_nothing_outlives_whoever_started_it() -> None:
    """Kill -9 of the run's starter ends all that is in its sandbox."""
    mark = str(100_000 + os.getpid())
    script = f"sleep {mark} & sleep {mark}"
    code = f"{IMPORT}; run_inside('sh', '-c', {script!r})"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as starter:
        deadline = time.monotonic() + PATIENCE
        while running(mark) < 2:
            assert time.monotonic() < deadline, "never began"
            time.sleep(0.05)
        starter.kill()
    while running(mark):
        assert time.monotonic() < deadline + PATIENCE, "something is left"
        time.sleep(0.05)


def test_a_program_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its status is the caller's."""
    from tests.chaos import sandbox

    monkeypatch.setattr(sandbox, "why_not", lambda: "no namespaces of our own")
    with pytest.raises(sandbox.NoSandboxError, match="no namespaces"):
        run_inside("true")
