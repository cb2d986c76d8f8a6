"""The image's recipe: what it says, and what its commands do when they are run here."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from streams.embedded import free_port
from tests.data import ROOT
from tests.deploy.composed import resolved
from tests.test_house_files import pins, project

FILE = ROOT / "deploy" / "Containerfile"
BUILD_SECONDS = 900
"""What fetching and installing every package may take on a slow machine."""


class Instruction(NamedTuple):
    """One line of the recipe, continuations joined."""

    name: str
    arguments: str


def instructions() -> list[Instruction]:
    """The whole recipe, without its comments."""
    lines = [x for x in FILE.read_text(encoding="utf-8").splitlines() if not x.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Instruction(*line.split(None, 1)) for line in joined.splitlines() if line]


def stage(number: int) -> list[Instruction]:
    """The instructions of a stage, its FROM first."""
    found = instructions()
    starts = [at for at, each in enumerate(found) if each.name == "FROM"]
    return found[starts[number] : [*starts, len(found)][number + 1]]


def only(name: str) -> str:
    """The arguments of the last stage's one instruction ``name``."""
    (found,) = [each.arguments for each in stage(1) if each.name == name]
    return found


def test_two_stages_of_one_full_version() -> None:
    """Built and run with the same Python, the one that the project supports longest."""
    bases = [each.arguments.split()[0] for each in instructions() if each.name == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", bases[0])


def test_nothing_runs_as_root_and_nothing_is_fetched_when_it_runs() -> None:
    """The user is a number, after everything that root did; the second stage runs no command."""
    last = stage(1)
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", only("USER"))
    names = [each.name for each in last]
    assert "RUN" not in names
    assert "ADD" not in names
    assert max(at for at, name in enumerate(names) if name == "COPY") < names.index("USER")


def test_what_is_copied_is_there_and_not_ignored() -> None:
    """Only what the image is made of leaves the checkout."""
    kept = Path(f"{FILE}.dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [
        source
        for each in instructions()
        if each.name == "COPY" and not each.arguments.startswith("--from")
        for source in each.arguments.split()[:-1]
    ]
    assert all((ROOT / source).exists() for source in copied)
    assert {line[1:] for line in kept if line.startswith("!")} == set(copied)
    assert "*" in kept


def test_it_starts_a_worker_and_hears_sigterm() -> None:
    """PID 1 is the program itself, not a shell."""
    assert json.loads(only("ENTRYPOINT")) == ["scrutineer"]
    assert json.loads(only("CMD")) == ["worker"]
    assert only("STOPSIGNAL") == "SIGTERM"


@contextmanager
def health(status: int) -> Iterator[int]:
    """A service that answers /healthz with ``status``; gives its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def check_health(port: int) -> subprocess.CompletedProcess[str]:
    """Run the image's health check for a worker at ``port``."""
    python, script = json.loads(only("HEALTHCHECK").partition("CMD ")[2])
    assert (python, Path(script).name) == ("python", "healthy.py")
    return subprocess.run(
        [sys.executable, "-S", ROOT / "deploy" / "healthy.py"],
        env={"SCRUTINEER_WORKER__PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_health_check_asks_healthz() -> None:
    """200 is healthy; 503, and nobody there, are not, with a line that says why."""
    with health(200) as port:
        assert check_health(port).returncode == 0
    with health(503) as port:
        sick = check_health(port)
    away = check_health(free_port())
    assert (sick.returncode, away.returncode) == (1, 1)
    assert "503" in sick.stderr
    assert "refused" in away.stderr
    assert "Traceback" not in sick.stderr + away.stderr


def test_the_image_and_compose_check_alike() -> None:
    """The same command, and a file that the image has."""
    command = json.loads(only("HEALTHCHECK").partition("CMD ")[2])
    assert resolved()["services"]["worker-1"]["healthcheck"]["test"] == ["CMD", *command]
    assert f"COPY deploy/healthy.py {command[1]}" in FILE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first stage leaves in /opt/scrutineer, made here by its own commands."""
    folder = tmp_path_factory.mktemp("image")
    subprocess.run([sys.executable, "-m", "venv", folder / "python"], check=True)
    path = f"{folder / 'python' / 'bin'}:{os.environ['PATH']}"
    # Nothing is compiled ahead here: it takes longest, and only the image starts faster for it.
    environment = {**os.environ, "PATH": path, "PIP_NO_COMPILE": "1"}
    for each in stage(0):
        if each.name == "COPY":
            *sources, target = each.arguments.split()
            for source in sources:
                _copy(ROOT / source, folder / target)
        elif each.name == "RUN":
            command = each.arguments.replace("/opt/scrutineer", shlex.quote(f"{folder}/made"))
            # What `make install` has fetched is not fetched again.
            command = command.replace("--no-cache-dir", "--disable-pip-version-check")
            run = subprocess.run(
                ["sh", "-ec", command],
                cwd=folder,
                env=environment,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                text=True,
                check=False,
            )
            assert run.returncode == 0, f"RUN {command}\n{run.stdout}{run.stderr}"
    return folder / "made"


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


@pytest.mark.timeout(BUILD_SECONDS)
def test_the_build_makes_a_program_that_runs(built: Path, tmp_path: Path) -> None:
    """Far from the checkout, with the packs that come along and all that a worker imports."""
    version = project()["project"]["version"]
    for arguments, shown in ((["--version"], version), (["pack", "check", "kazakhstan-2023"], "")):
        run = subprocess.run(
            [built / "bin" / "scrutineer", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert shown in run.stdout
    imports = [str(built / "bin" / "python"), "-c", "import streams.worker.run"]
    subprocess.run(imports, cwd=tmp_path, check=True)


@pytest.mark.timeout(BUILD_SECONDS)
def test_the_image_has_what_it_needs_and_no_more(built: Path) -> None:
    """The pinned packages that the program asks for; no tool of development, not even pip."""
    made = {
        canonicalize_name(path.name.partition("-")[0])
        for path in built.glob("lib/*/site-packages/*.dist-info")
    }
    extras = project()["project"]["optional-dependencies"]
    tools = {canonicalize_name(Requirement(text).name) for text in extras["dev"]}
    needed = {
        canonicalize_name(Requirement(text).name) for text in project()["project"]["dependencies"]
    }
    assert not made & {*tools, "pip", "setuptools"}
    assert needed <= made <= {*pins(), "scrutineer"}
