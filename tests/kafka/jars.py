"""Apache Kafka's jars for the tests: from Maven Central once, then from the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
POM = HERE / "pom.xml"
FOLDER_VARIABLE = "SCRUTINEER_KAFKA_HOME"
NEEDED = (
    "the tests on Apache Kafka need Java 17 or newer and Maven "
    "(apt install openjdk-17-jre-headless maven)"
)


def class_path() -> str:
    """The Java class path of a broker. Skips the test when it can't be had; fails it on CI.

    SCRUTINEER_KAFKA_HOME names a folder with the jars, or an unpacked Kafka (its ``libs``).
    """
    if shutil.which("java") is None:
        missing("java is not on the PATH")
    if folder := os.environ.get(FOLDER_VARIABLE):
        home = Path(folder)
        jars = home / "libs" if (home / "libs").is_dir() else home
        if not any(jars.glob("kafka-server-*.jar")):
            pytest.fail(f"{FOLDER_VARIABLE}={folder} holds no Kafka jars")
        return f"{jars}/*"
    return f"{_cached()}/*"


def missing(reason: str) -> None:
    """Skip, saying what to install; on CI a skipped proof is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}: {NEEDED}")
    pytest.skip(f"{reason}: {NEEDED}")


@contextmanager
def cache(purpose: str) -> Iterator[Path]:
    """The folder for what tests keep between runs; one test run at a time for a ``purpose``."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scrutineer"
    base.mkdir(parents=True, exist_ok=True)
    with (base / f"{purpose}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield base


def _cached() -> Path:
    with cache("jars") as base:
        jars = base / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
        if not jars.is_dir():
            _download(base, jars)
    return jars


def _download(base: Path, jars: Path) -> None:
    if shutil.which("mvn") is None:
        missing("mvn is not on the PATH")
    part = Path(tempfile.mkdtemp(prefix="kafka-part-", dir=base))
    try:
        done = subprocess.run(
            [
                *("mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"),
                f"-DoutputDirectory={part}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            missing(f"Maven could not fetch Apache Kafka: {(done.stdout + done.stderr)[-800:]}")
        part.rename(jars)
    finally:
        shutil.rmtree(part, ignore_errors=True)
