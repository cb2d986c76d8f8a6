"""Real Apache Kafka for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from streams.settings import Settings
from tests.kafka.harness import KafkaCluster
from tests.kafka.secured import Guarded, guarded_broker
from tests.worker.process import WorkerProcess

Start = Callable[..., WorkerProcess]


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaCluster]:
    """One broker that the tests share: take ``kafka.settings()`` for topics of your own."""
    with KafkaCluster(1) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A broker that asks for TLS, a login and ACLs, with a user for each role."""
    with guarded_broker(tmp_path_factory.mktemp("guarded")) as found:
        yield found


@pytest.fixture
def kafka_cluster() -> Iterator[Callable[..., KafkaCluster]]:
    """``kafka_cluster(3)`` starts brokers of the test's own, to be killed at will."""
    with ExitStack() as stack:

        def start(brokers: int = 1, *args: Any, **kwargs: Any) -> KafkaCluster:
            return stack.enter_context(KafkaCluster(brokers, *args, **kwargs))

        yield start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """``start(settings)`` runs a worker, which does not outlive the test.

    ``program``: what Python runs instead of ours, with something planted.
    """
    workers: list[WorkerProcess] = []

    def begin(
        settings: Settings, *arguments: str, program: Sequence[str] = ("-m", "streams")
    ) -> WorkerProcess:
        worker = WorkerProcess(settings, tmp_path, *arguments)
        worker.program = tuple(program)
        worker.start()
        workers.append(worker)
        return worker

    yield begin
    for worker in workers:
        worker.__exit__()
