"""AsyncAPI's own schema: from the npm package of its makers once, then from the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.tools import tool

PACKAGE = "@asyncapi/specs@6.11.1"
SHA256 = "01af8744dc33c0c7eb2e908f6a955319ee58b70ecadc9387d1aeb16c0cd28928"
_MEMBER = "package/schemas/3.0.0-without-$id.json"


def asyncapi_schema() -> dict[str, Any]:
    """The JSON Schema (draft 7) of AsyncAPI 3.0 documents; skips without it, fails on CI."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scrutineer"
    archive = base / f"asyncapi-specs-{SHA256[:12]}.tgz"
    if not archive.is_file():
        _download(archive)
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == SHA256, f"{archive} was altered"
    with tarfile.open(archive) as members:
        file = members.extractfile(_MEMBER)
        assert file is not None
        schema: dict[str, Any] = json.load(file)
    return schema


def _download(archive: Path) -> None:
    npm = tool("npm", "npm")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        done = subprocess.run(
            [npm, "pack", "--silent", "--pack-destination", folder, PACKAGE],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        found = list(Path(folder).glob("*.tgz"))
        if done.returncode != 0 or not found:
            reason = f"npm could not fetch {PACKAGE}: {done.stderr[-500:]}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        found[0].replace(archive)
