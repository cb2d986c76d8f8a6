"""What docs/archive.md shows to whoever has no scrutineer works on an archive."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from streams.archive.reading import open_archive
from streams.archive.signing import keygen, private_key
from tests.archive.made import build, made_log
from tests.data import ROOT
from tests.test_docs import as_shown, blocks, execute
from tests.tools import tool
from tests.worker.sample import sample

PAGE = ROOT / "docs" / "archive.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an archive and the key that signed it, under the page's names."""
    keygen(tmp_path / "mission.key")
    log = made_log(sample(80, seed=1))
    build(str(tmp_path / "kept"), log, key=private_key(tmp_path / "mission.key"))
    return tmp_path


def test_a_few_lines_of_python_read_and_check_it(folder: Path) -> None:
    """Every record, and the same chain; a changed byte stops them."""
    (code,) = re.findall(
        r"<!-- read without scrutineer -->\n```python\n(.*?)```", PAGE.read_text(), re.DOTALL
    )
    (folder / "read.py").write_text(code)

    def run() -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "read.py", "kept"]
        return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)

    done = run()
    assert done.returncode == 0, done.stderr
    *records, chain = done.stdout.splitlines()
    assert len(records) == 80
    assert chain == f"chain {open_archive(str(folder / 'kept')).manifest.chain}"
    victim = next((folder / "kept" / "segments").rglob("*.avro"))
    victim.write_bytes(victim.read_bytes()[:-1] + b"\x00")
    assert "altered" in run().stderr


def test_what_if_is_asked_as_the_page_shows(folder: Path) -> None:
    """Two packs over one archive."""
    (block,) = blocks(PAGE, "run on an archive")
    for step in block:
        status, output = execute(step, folder)
        assert status == 0, output
        assert as_shown(step, output), output


def test_the_events_come_back_as_the_page_shows(folder: Path) -> None:
    """And would all be sent."""
    (block,) = blocks(PAGE, "write the events")
    for step in block:
        status, output = execute(step, folder)
        assert status == 0, output
        assert as_shown(step, output), output


def test_openssl_verifies_the_signature(folder: Path) -> None:
    """By the commands of the page."""
    for program in ("jq", "xxd", "openssl"):
        tool(program, program)
    (block,) = blocks(PAGE, "verify without scrutineer")
    for step in block:
        status, output = execute(step, folder)
        assert status == 0, output
        assert as_shown(step, output), output
