"""Pictures of the terminal view, for the tests."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo

from rich.console import Console

from schemas.pack import parse_pack
from streams.archive.replay import Replay
from streams.demo.board import TABLES, Finding, Gap, Official, build
from streams.demo.scene import Pipeline, Scene
from streams.demo.screen import Screen
from streams.packs import load_pack, pack_directory
from streams.sources.simulate import simulate
from streams.sources.simulate.packing import simulated_pack
from streams.tables.basis import basis
from streams.tables.views import rows

MINUTE = 60_000_000
SIZES = [(80, 24), (60, 16), (100, 30), (119, 40), (120, 24), (140, 45), (200, 60), (40, 16)]


@cache
def evening() -> Scene:
    """The evening of a simulated day in Kazakhstan."""
    where = pack_directory("kazakhstan-2023")
    day = simulate(load_pack(where), 1, teams=300)
    files = {path.name: path.read_text() for path in where.glob("*.*") if path.suffix != ".md"}
    pack = parse_pack(simulated_pack(files, day))
    replay = Replay(pack)
    replay.fold((line.id, line.raw) for line in day.lines)
    now = day.world.ends - 90 * MINUTE
    heard = basis(replay.part.regions, pack.region_codes(), pack, now)
    tables = {name: rows(name, [replay.part], pack, now) for name in TABLES}
    board = build(pack, now, tables, heard)
    return Scene(
        title=pack.name,
        zone=ZoneInfo("Asia/Almaty"),
        begins=day.world.places[0].opens,
        ends=day.world.ends,
        board=board,
        pipeline=Pipeline(6, 6, 4_321, 133.0, 3),
        footer="Ctrl-C stops everything.",
    )


def lines_of(width: int, height: int, scene: Scene | None = None) -> list[str]:
    """What a terminal of this size shows; of the evening where no other scene is given."""
    console = Console(width=width, height=height, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(Screen(scene or evening()), end="")
    return capture.get().splitlines()


def crowded_evening() -> Scene:
    """Every number as long as a large election makes it."""
    scene = evening()
    hour, now = 60 * MINUTE, scene.board.now or 0
    findings = [
        Finding(now - hour * n, "Karaganda", "conflicting", n > 1, "49.14", "press", "41.07", "cec")
        for n in range(3)
    ]
    findings.append(Finding(now - 3 * hour, "Karaganda", "overdue", True, "none", "", "", ""))
    regions = [
        region._replace(
            open=123,
            cluster=True,
            quarter=1_234 + number,
            hour=56_789,
            official=Official("54.19", now - 10 * hour - 5 * MINUTE, None),
            findings=("conflicting (past)", "fall"),
            gap=Gap(-12.3, "incomplete_sample", 1_234),
        )
        for number, region in enumerate(scene.board.regions)
    ]
    board = scene.board._replace(
        country=Official("54.19", now - hour, None),
        regions=regions,
        findings=findings,
        rejected=[(reason, 12_345) for reason, _ in scene.board.rejected],
    )
    return scene._replace(board=board, pipeline=Pipeline(6, 6, 1_234_567, 12_345.0, 123_456))
