"""The alert lines of the live view: whole numbers, in words, on any terminal."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from streams.demo.alerts import Alerts, Firing
from streams.demo.columns import whole
from streams.demo.scene import Scene
from tests.demo.scenes import MINUTE, SIZES, crowded_evening, evening, lines_of

ALL = [*SIZES, (80, 40), (200, 50), (120, 40)]


def fired(scene: Scene) -> Alerts:
    """More kinds of alerts than small terminals have lines for, in numbers of a large election."""
    now = scene.board.now or 0
    places = tuple(f"KZ-63-{number:04} East Kazakhstan" for number in range(400))
    regions = tuple(region.name for region in scene.board.regions)
    return Alerts(
        (
            Firing("ObserverRestrictionOpen", "page", 1_234, now - 2 * MINUTE, places),
            Firing("RestrictionsCluster", "page", 12, now - 4 * MINUTE, regions),
            Firing("UrgentReportRejected", "page", 2, None, ("election.observer",)),
            Firing("CriticalIncident", "page", 321, now - 6 * MINUTE, regions),
            Firing("TurnoutGap", "warning", 2, now - 80 * MINUTE, ("Pavlodar", "Abai")),
            Firing("OfficialFiguresConflict", "warning", 5, now, regions[:5]),
            Firing("EventsRejected", "warning", 13, now, ("election.observer not json",)),
            Firing("ResultsNotDisaggregated", "info", 21, now, regions),
        )
    )


@pytest.mark.parametrize(("width", "height"), ALL)
@pytest.mark.parametrize("crowded", [False, True])
def test_it_fits_and_no_number_is_cut(width: int, height: int, crowded: bool) -> None:
    """How many fire, and how many of the most urgent; what is below still has its place."""
    scene = crowded_evening() if crowded else evening()
    lines = lines_of(width, height, scene._replace(alerts=fired(scene)))
    text = "\n".join(lines)
    assert len(lines) <= height
    assert max(cell_len(line) for line in lines) <= width
    assert not re.search(r"[\d.,:]…", text)
    assert "ALERTS FIRING: 1,610" in text
    assert re.search(r"21:28  ObserverRestriction.* 1,234\b", text)
    assert any(line.startswith("East Kaz") for line in lines)
    assert "OPEN RESTRICTIONS ON OBSERVERS: " in text
    assert lines[-1].startswith("Ctrl-C")


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_it_says_what_where_and_since_when(width: int) -> None:
    """Place and region of the newest, and how many others there are."""
    scene = evening()
    lines = lines_of(width, 40, scene._replace(alerts=fired(scene)))
    (line,) = (each for each in lines if each.startswith("21:28  ObserverRestriction"))
    cells = re.split(r"\s\s+", line)
    if width >= 80:
        assert cells[2:4] == ["page", "1,234"]
        assert re.fullmatch(r"KZ-63-0000 East Kazakhstan.*, \+39\d|KZ-63-0000 East Kaz.*", cells[4])
    else:
        assert cells[2:] == ["page", "1,234", "KZ-63-0000 …"]
    assert any(line.startswith("--:--  UrgentReportRejected") for line in lines)


def test_alerts_that_have_no_line_are_named() -> None:
    """On one line, with how many of each."""
    scene = evening()
    small = lines_of(80, 24, scene._replace(alerts=fired(scene)))
    assert "and UrgentReportRejected 2, CriticalIncident 321, TurnoutGap 2, +3" in small
    large = "\n".join(lines_of(200, 80, scene._replace(alerts=fired(scene))))
    assert "and " not in large
    for each in fired(scene).firing:
        assert each.name in large


@pytest.mark.parametrize(("width", "height"), ALL)
def test_without_anybody_who_watches_the_picture_is_as_it_was(width: int, height: int) -> None:
    """No word of alerts, and no line less."""
    assert "ALERTS" not in "\n".join(lines_of(width, height))


def test_no_alert_is_a_word_too() -> None:
    """None that fires is not none that could."""
    text = "\n".join(lines_of(80, 24, evening()._replace(alerts=Alerts())))
    assert "ALERTS FIRING: 0" in text


def test_what_is_muted_is_counted() -> None:
    """Another alert stands for it."""
    scene = evening()
    alerts = fired(scene)._replace(muted=3)
    assert "ALERTS FIRING: 1,610, 3 MUTED" in "\n".join(
        lines_of(80, 24, scene._replace(alerts=alerts))
    )


@pytest.mark.parametrize("width", [40, 80, 200])
def test_old_alerts_are_not_shown_as_new_ones(width: int) -> None:
    """When Prometheus is silent, that stands in the place of the number."""
    scene = evening()
    alerts = fired(scene)._replace(problem="no answer for 12 s")
    text = "\n".join(lines_of(width, 24, scene._replace(alerts=alerts)))
    assert "ALERTS: no answer for 12 s" in text
    assert "FIRING" not in text


def test_parts_are_shown_whole() -> None:
    """What does not fit is counted; of nothing, nothing."""
    parts = ["Abai", "Akmola", "Atyrau"]
    assert whole(parts, 20) == "Abai, Akmola, Atyrau"
    assert whole(parts, 19) == "Abai, Akmola, +1"
    assert whole(parts, 15) == "Abai, +2"
    assert whole(parts, 5) == "Abai"
    assert whole(parts, 12, "and ") == "and Abai, +2"
    assert whole([], 20) == ""
