"""The small election's rules, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.rules.files import files
from tests.packs import small_pack
from tests.rules.promtool import write
from tests.rules.world import World


@pytest.fixture(scope="session")
def rule_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All rule files of the small election."""
    return write(tmp_path_factory.mktemp("rules"), files(small_pack()))


@pytest.fixture
def world(rule_files: list[Path], tmp_path: Path, request: pytest.FixtureRequest) -> World:
    """A world in which nothing has been scraped yet, with the rule files of the module."""
    chosen = [path for path in rule_files if path.name in request.module.FILES]
    return World(chosen, tmp_path)
