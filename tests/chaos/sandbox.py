"""A network, a process table and mounts of a run's own: nothing of it is left, however it ends.

The run is the first process of its namespaces: when it ends, or whoever started it, the kernel
ends every broker and worker in them and takes the interfaces and mounts away.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from streams import processes

INSIDE: Final = "SCRUTINEER_CHAOS_INSIDE"
NEEDED: Final = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "ip": "iproute2",
    "tc": "iproute2",
}
DATA, VIEW = "10.99.0", "10.98.0"
"""Networks: of Kafka's traffic, whose links fail, and of who watches, whose links do not."""

_TRIAL: Final = (
    "mount -t tmpfs none /run && ip link set lo up && ip netns add trial && "
    "ip link add b0 type bridge && ip link add v0 type veth peer name v1 netns trial && "
    "tc qdisc add dev v0 root tbf rate 1mbit burst 32kb latency 100ms"
)


class NoSandboxError(Exception):
    """There can be none on this machine; says why and what to install or who to be."""


def _unshare(*program: str) -> list[str]:
    rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    own = ["--net", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"]
    return ["unshare", *rights, *own, *program]


@cache
def why_not() -> str | None:
    """Why there can be no sandbox here; None: there can."""
    for name, package in NEEDED.items():
        if shutil.which(name) is None:
            return f"{name} is missing: install the package {package}"
    trial = subprocess.run(
        _unshare("sh", "-c", _TRIAL), capture_output=True, text=True, check=False
    )
    if trial.returncode == 0:
        return None
    said = trial.stderr.strip().splitlines()[-1:] or ["no reason given"]
    return f"no namespaces of our own ({said[0]}): be root, or allow user namespaces"


def run_inside(*program: str) -> int:
    """Run ``program`` in a new sandbox, as its first process, to its end; returns its status.

    NoSandboxError: there can be none.
    """
    if (reason := why_not()) is not None:
        raise NoSandboxError(reason)
    sys.stdout.flush()
    process = processes.start(_unshare(*program), {**os.environ, INSIDE: "1"}, sys.stdout.buffer)
    try:
        return process.wait()
    finally:
        process.kill()
        process.wait()


def is_inside() -> bool:
    """Whether this process is in a sandbox that ``run_inside`` made."""
    return os.environ.get(INSIDE) == "1" and os.getpid() == 1


def shell(*command: str) -> None:
    """Run a command of the machine. RuntimeError: it failed, with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")


def prepare() -> None:
    """Two bridges, in the sandbox: ours have the addresses .1."""
    # `ip netns` keeps its names in /run, which must be the sandbox's own.
    shell("mount", "-t", "tmpfs", "none", "/run")
    tempfile.tempdir = "/run"
    shell("ip", "link", "set", "lo", "up")
    for bridge, network in (("data", DATA), ("view", VIEW)):
        shell("ip", "link", "add", bridge, "type", "bridge")
        shell("ip", "address", "add", f"{network}.1/24", "dev", bridge)
        shell("ip", "link", "set", bridge, "up")


class Host:
    """A host in the sandbox: a network namespace with a link to each bridge."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.number = number
        self.address = f"{DATA}.{number}"
        self.viewed_at = f"{VIEW}.{number}"
        shell("ip", "netns", "add", name)
        self._inside("ip", "link", "set", "lo", "up")
        for bridge, address in (("data", self.address), ("view", self.viewed_at)):
            ours = self._link(bridge)
            shell("ip", "link", "add", ours, "type", "veth", "peer", "name", bridge, "netns", name)
            shell("ip", "link", "set", ours, "master", bridge)
            shell("ip", "link", "set", ours, "up")
            self._inside("ip", "address", "add", f"{address}/24", "dev", bridge)
            self._inside("ip", "link", "set", bridge, "up")

    def program(self, *command: str) -> list[str]:
        """``command`` as it is run on this host."""
        return ["nsenter", f"--net=/run/netns/{self.name}", "--", *command]

    def link(self, *, up: bool) -> None:
        """Take the link that Kafka's traffic goes over down, or bring it up."""
        shell("ip", "link", "set", self._link("data"), "up" if up else "down")

    def hide(self, other: Host, *, hidden: bool) -> None:
        """Let no packet from here go to ``other``, and so no connection be: or again."""
        verb = "add" if hidden else "delete"
        self._inside("ip", "route", verb, "blackhole", f"{other.address}/32")

    def bandwidth(self, kilobits: int | None) -> None:
        """Let at most so many kbit/s through to this host; None: what the machine can."""
        shaping = ("qdisc", "replace" if kilobits else "delete", "dev", self._link("data"), "root")
        limits = ("tbf", "rate", f"{kilobits}kbit", "burst", "32kb", "latency", "400ms")
        shell("tc", *shaping, *(limits if kilobits else ()))

    def _link(self, bridge: str) -> str:
        return f"{bridge[0]}-{self.name}"

    def _inside(self, *command: str) -> None:
        shell(*self.program(*command))


def mount_disk(folder: Path, megabytes: int) -> None:
    """A small disk of the sandbox's own at ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    shell("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder))
