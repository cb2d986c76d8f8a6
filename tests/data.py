"""Where the real data sets are that tests may read and the project never carries."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def data_dir(name: str) -> Path:
    """The folder of the data set ``name``; skips loudly where it is missing, fails on CI."""
    base = Path(os.environ.get("SCRUTINEER_DATA", str(ROOT.parent / "shared" / "data")))
    where = base / name
    if not where.is_dir():
        reason = f"data set '{name}' is not at {where}: set SCRUTINEER_DATA to the folder with it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return where
