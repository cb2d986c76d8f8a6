"""What is committed is what the Python says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dashboards.__main__ import FOLDER, PAGE, files
from tests.data import ROOT


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path: object) -> None:
    """`make dashboards` would change nothing."""
    wanted = {str(file): text for file, text in files().items()}
    committed = {str(file): file.read_text(encoding="utf-8") for file in files()}
    assert committed[str(path)] == wanted[str(path)], "out of date: run `make dashboards`"


def test_no_file_is_left_over() -> None:
    """Every JSON file is of a dashboard that there is."""
    assert set(FOLDER.iterdir()) == {path for path in files() if path != PAGE}


def test_the_files_do_not_depend_on_the_process() -> None:
    """Another process, with another seed of hashes, makes the same bytes."""
    code = "from dashboards.__main__ import files; print('\\0'.join(files().values()), end='')"
    made = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
    )
    assert made.stdout.decode() == "\0".join(files().values())
