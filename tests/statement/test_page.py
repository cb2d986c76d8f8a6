"""The commands of docs/statement.md do what it shows."""

from __future__ import annotations

import shutil
from pathlib import Path

from streams.packs import pack_directory
from tests.data import ROOT
from tests.test_docs import Step, as_shown, blocks, execute
from tests.worker.sample import PACK

PAGE = ROOT / "docs" / "statement.md"


def do(step: Step, folder: Path) -> None:
    """Run it in the folder, as a reader would."""
    status, output = execute(step, folder)
    assert status == 0, f"$ {step.command}\n{output}"
    assert as_shown(step, output), f"$ {step.command}\n{output}"


def test_the_page_shows_what_comes(archive: str, tmp_path: Path) -> None:
    """Of an archive, and of one that a pack still keeps back."""
    (tmp_path / "kept").symlink_to(archive)
    later = Path(shutil.copytree(pack_directory(PACK), tmp_path / "later"))
    text = (later / "election.toml").read_text()
    (later / "election.toml").write_text(text.replace("2023-03-20T14:00", "2999-03-20T14:00"))
    (shown,) = blocks(PAGE, "run with an archive")
    (refused,) = blocks(PAGE, "refused before the embargo")
    for step in (*shown, *refused):
        do(step, tmp_path)
    assert "INTERNAL" in (tmp_path / "internal.html").read_text()
    assert "INTERNAL" not in (tmp_path / "statement.html").read_text()
