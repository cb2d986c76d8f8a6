"""The day of the yardstick, archived once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streams.archive.signing import keygen
from tests.statement.day import archived, late, stated


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mission's private key."""
    path = tmp_path_factory.mktemp("key") / "mission"
    keygen(path)
    return path


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory, key: Path) -> str:
    """The day, signed."""
    return archived(tmp_path_factory.mktemp("day") / "a", key, tuple(late()))


@pytest.fixture(scope="session")
def public(archive: str) -> Any:
    """What may be published, as JSON."""
    return stated(archive)


@pytest.fixture(scope="session")
def internal(archive: str) -> Any:
    """What the mission itself gets, as JSON."""
    return stated(archive, "--internal")
