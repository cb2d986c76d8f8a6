"""The live view: it fits any terminal, and says in words what it shows in colour."""

from __future__ import annotations

import re
from typing import Any

import pytest
from rich.cells import cell_len

from streams.demo.board import build
from streams.demo.scene import Pipeline, age, clock
from streams.packs import load_pack
from tests.demo.scenes import MINUTE, SIZES, crowded_evening, evening, lines_of


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_fits(width: int, height: int) -> None:
    """No line is wider and the picture not higher than the terminal; the footer is there."""
    lines = lines_of(width, height)
    assert len(lines) <= height
    assert max(cell_len(line) for line in lines) <= width
    assert lines[-1].startswith("Ctrl-C")
    assert any("rejected events: " in line for line in lines)


@pytest.mark.parametrize("width", [80, 100, 120, 140, 200])
@pytest.mark.parametrize("crowded", [False, True])
def test_no_number_is_cut(width: int, crowded: bool) -> None:
    """Half a time or half a count would be read as another one; text gives way."""
    scene = crowded_evening() if crowded else evening()
    lines = lines_of(width, 40, scene)
    text = "\n".join(lines)
    assert max(cell_len(line) for line in lines) <= width
    assert not re.search(r"[\d.,:]…", text)
    newest = [clock(each.since, scene.zone) for each in scene.board.restrictions[:5]]
    for since in newest:
        assert re.search(rf"(^|  ){since}  KZ-\d\d", text, re.MULTILINE), since
    for column in ("INC 15m", "INC 1h", "OFFICIAL", "AGE", "SINCE"):
        assert column in text
    if crowded:
        cells = [r"123 CLUSTER", r"1,234", r"56,789", r"54\.19 %", r"10 h 05"]
        cells += [r"-12\.3 early, 1234"] if width in (100, 200) else []
        assert re.search(r"\s+".join([*cells, r"2: confl"]), text)
        assert "123,456 waiting" in text
        assert "country 54.19 % at 20:30" in text
        assert "12,345, " in text


def test_figures_that_do_not_fit_are_whole() -> None:
    """Where there is room for their table: both figures, with who published them."""
    text = "\n".join(lines_of(200, 60, crowded_evening()))
    assert re.search(r"21:30  Karaganda: conflicting \(past\) +49\.14 press  41\.07 cec", text)


@pytest.mark.parametrize(("width", "left_out"), [(60, {"FINDINGS"}), (40, {"AGE", "INC 15m"})])
def test_columns_that_do_not_fit_are_left_out_whole(width: int, left_out: set[str]) -> None:
    """On a screen that is too small for all of them."""
    lines = lines_of(width, 40, crowded_evening())
    header = next(line for line in lines if line.startswith("REGION"))
    assert not left_out & set(re.split(r"\s\s+", header.strip()))
    assert "OFFICIAL" in header
    assert any(re.search(r"123 CLUSTER .*54\.19 %", line) for line in lines)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 45)])
def test_it_says_what_is_real_and_what_is_not(width: int, height: int) -> None:
    """On every size people use, with the log's clock and its offset."""
    text = "\n".join(lines_of(width, height))
    assert "official figures: REAL" in text
    assert "observers: SIMULATED" in text
    assert "21:30 UTC+06:00" in text
    assert "worker live 6/6" in text


def test_without_colour_nothing_is_lost() -> None:
    """Clusters, open restrictions, findings, missing figures: all of them are words."""
    text = "\n".join(lines_of(140, 45))
    assert "CLUSTER" in text
    assert " open " in text
    assert "none" in text
    assert f"OPEN RESTRICTIONS ON OBSERVERS: {len(evening().board.restrictions)}" in text


WORDS = {"silent": "silent", "nothing_heard": "no reports", "not_expected": "no reports"}


@pytest.mark.parametrize(("state", "words"), [*WORDS.items(), ("reporting", "-")])
@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_no_report_is_not_no_incident(state: str, words: str, width: int) -> None:
    """In a word, in every column that would show a 0, on every size of the screen."""
    scene = evening()
    pack = load_pack("kazakhstan-2023")
    heard = [{"region": "KZ-10", "state": state}]
    heard += [{"region": code, "state": "reporting"} for code in pack.region_codes()[1:]]
    board = build(pack, scene.board.now, {}, heard)
    name = pack.regions["KZ-10"].name
    lines = lines_of(width, 40, scene._replace(board=board))
    (line,) = (each for each in lines if each.startswith(name))
    header = next(each for each in lines if each.startswith("REGION "))
    counts = sum(column in header for column in ("ACCESS", "INC 15m", "INC 1h"))
    assert counts == 3 or (width == 40 and counts >= 1)
    cells = re.split(r"\s\s+", line.removeprefix(name).strip())
    assert cells[: counts + 1] == [words] * counts + ["-"]


def test_a_gap_is_shown_with_its_verdict_and_its_basis() -> None:
    """Points, word and stations together; on a small screen what is alarming is a finding."""
    scene = evening()
    pack = load_pack("kazakhstan-2023")
    level = {"contest": "party-list", "comparison": "level", "checkpoint": "2023-03-19T12:10:00Z"}
    rows: list[dict[str, Any]] = [
        {**level, "region": "KZ-55", "verdict": "official_above", "gap": 0.0827, "n": 28},
        {**level, "region": "KZ-10", "verdict": "too_few", "gap": None, "n": 3},
    ]
    scene = scene._replace(board=build(pack, scene.board.now, {"turnout": rows}))
    wide = "\n".join(lines_of(110, 40, scene))
    assert "+8.3 ABOVE, 28" in wide
    assert "too few, 3" in wide
    assert any(
        "official" in line for line in lines_of(80, 40, scene) if line.startswith("Pavlodar")
    )


def test_how_many_regions_would_tell_is_said_beside_the_number() -> None:
    """No open restriction of 20 regions that report is not none of 2."""
    assert "OPEN RESTRICTIONS ON OBSERVERS: 53; 20 of 21 regions report" in lines_of(80, 24)


def test_what_does_not_fit_is_counted() -> None:
    """Regions and restrictions left out are numbers, not silence."""
    lines = lines_of(80, 24)
    shown = sum(any(line.startswith(r.name) for r in evening().board.regions) for line in lines)
    left = len(evening().board.regions) - shown
    assert f"{left} more regions, less urgent" in lines
    listed = sum(line[2:3] == ":" and line[:2].isdigit() for line in lines)
    assert f"{len(evening().board.restrictions) - listed} older ones" in lines


def test_a_larger_terminal_shows_more() -> None:
    """All regions, more restrictions, and the reasons of rejections as a list."""
    text = "\n".join(lines_of(140, 45))
    for region in evening().board.regions:
        assert region.name in text
    assert "more regions" not in text


def test_trouble_is_said_first() -> None:
    """In the place of "worker live"."""
    scene = evening()._replace(pipeline=Pipeline(problem="no answer for 3 s"))
    assert lines_of(80, 24, scene)[2].startswith("no answer for 3 s")


def test_before_the_first_event() -> None:
    """An empty board is a picture too."""
    empty = build(load_pack("kazakhstan-2023"), None, {})
    text = "\n".join(lines_of(80, 24, evening()._replace(board=empty)))
    assert "--:-- UTC+06:00" in text
    assert "rejected events: none" in text
    assert "OPEN RESTRICTIONS ON OBSERVERS: 0" in text


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 min"), (99, "99 min"), (100, "1 h 40"), (125, "2 h 05")]
)
def test_ages(minutes: int, words: str) -> None:
    """Short enough for a column; never negative."""
    assert age(0, minutes * MINUTE) == words
    assert age(5 * MINUTE, 0) == "0 min"
