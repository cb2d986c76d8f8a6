"""Kafka Streams' program: jars by Maven, compiled here, kept in the user's cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Final

from benchmarks.peers.job import WARM, Job
from streams.errors import UserError
from tests.kafka.jars import cache

HERE: Final = Path(__file__).resolve().parent / "kafkastreams"


def command(job: Job) -> list[str]:
    """The program's command line. UserError: Java's compiler or Maven is missing."""
    for tool in ("javac", "mvn"):
        if shutil.which(tool) is None:
            raise UserError(f"Kafka Streams needs {tool} (apt install openjdk-17-jdk maven)")
    sources = [HERE / "pom.xml", HERE / "Job.java"]
    name = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    with cache("kafka-streams") as base:
        home = base / f"kafka-streams-{name}"
        if not (home / "classes" / "Job.class").exists():
            _make(home)
    return [
        *("java", "-Xms512m", "-Xmx2g", "-cp", f"{home / 'classes'}:{home / 'jars'}/*", "Job"),
        *job.arguments(),
        str(WARM),
    ]


def _make(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    (home / "classes").mkdir(parents=True)
    fetch = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
    compile_ = ["javac", "-cp", f"{home / 'jars'}/*", "-d", str(home / "classes")]
    for step in (
        [*fetch, f"-DoutputDirectory={home / 'jars'}"],
        [*compile_, str(HERE / "Job.java")],
    ):
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(f"{step[0]}: {(done.stdout + done.stderr)[-600:]}")
