"""The commands of docs/grafana.md, as an operator would type them."""

from __future__ import annotations

from pathlib import Path

from tests.data import ROOT
from tests.grafana.conftest import write_board
from tests.grafana.server import EDITOR, serving
from tests.test_docs import as_shown, blocks, execute


def test_the_page_does_what_it_shows(tmp_path: Path) -> None:
    """One block after the other, with two dashboards and a Grafana that has nothing yet."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "grafana-token").write_text(f"{EDITOR}\n", encoding="utf-8")
    (tmp_path / "dashboards").mkdir()
    boards = tmp_path / "dashboards" / "json"
    write_board(boards, "room", title="Operations room")
    write_board(boards, "turnout", title="Turnout gap")
    found = list(blocks(ROOT / "docs" / "grafana.md", "run with grafana"))
    assert len(found) == 3
    with serving() as server:
        for step in (step for block in found for step in block):
            here = f"127.0.0.1:{server.server_port}"
            real = step._replace(
                command=step.command.replace("127.0.0.1:3000", here),
                shown=[line.replace("127.0.0.1:3000", here) for line in step.shown],
            )
            status, output = execute(real, tmp_path)
            assert status == 0, f"$ {real.command}\n{output}"
            assert as_shown(real, output), f"$ {real.command}\n{output}"
        assert not server.faults
