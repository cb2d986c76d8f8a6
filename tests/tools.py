"""Programs of the machine that some tests need."""

from __future__ import annotations

import os
import shutil

import pytest


def tool(name: str, package: str) -> str:
    """Path of the program ``name``; skips loudly without it, fails on CI.

    ``package``: the Debian package that brings it.
    """
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is missing: install the package {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
