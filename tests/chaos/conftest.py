"""What the runs need of the machine."""

from __future__ import annotations

import os

import pytest

from tests.chaos.sandbox import why_not
from tests.kafka.jars import class_path


@pytest.fixture
def sandbox() -> None:
    """Skips loudly where there can be no namespaces of our own; fails on CI."""
    if (reason := why_not()) is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def jars() -> None:
    """Apache Kafka, fetched before there is no network."""
    class_path()
