"""Who shows what is another worker's is found, and who cannot know yet is left alone."""

from __future__ import annotations

import pytest

from tests.chaos import recovery
from tests.chaos.ownership import LATEST, Look, calm_seconds, is_behind, lags
from tests.chaos.recovery import Recovery
from tests.chaos.sampler import Sampler
from tests.chaos.schedule import Fault, Trouble
from tests.chaos.sender import Journal

LONG = 2 * int(LATEST)


def said(life: str, *moments: tuple[int, int | None], page: str = "/state") -> list[Look]:
    """(second, position), of one topic; None: it is not shown."""
    return [
        Look(at, life, page, () if position is None else (("t", position),))
        for at, position in moments
    ]


def calm(looks: list[Look], *troubles: Trouble) -> dict[tuple[str, str], float]:
    """(process, page) → the most calm seconds that it stood still behind another."""
    found: dict[tuple[str, str], float] = {}
    for lag in lags(sorted(looks), troubles):
        key = lag.life, lag.page
        found[key] = max(lag.calm, found.get(key, 0.0))
    return found


NEW = said("w2.1", *((at, 10 + at) for at in range(1, LONG + 2)))
"""Who has the partition now, and gets on with it."""


@pytest.mark.parametrize("page", ["/state", "/metrics"])
def test_who_never_drops_it_is_found(page: str) -> None:
    """From the first look at which another was ahead; on whatever page."""
    old = said("w1.1", *((at, 5) for at in range(LONG + 2)), page=page)
    assert calm(old + NEW) == {("w1.1", page): LONG}


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param(said("w1.1", (0, 5), (2, 5), (3, None), (LONG, None)), id="drops"),
        pytest.param(said("w1.1", *((at, 5 + at) for at in range(LONG))), id="moves"),
        pytest.param(said("w1.1", (0, 5), (1, 5)), id="dies"),
        pytest.param(said("w1.1", (0, 5), (1, 5)) + said("w1.2", (LONG, 10 + LONG)), id="anew"),
        pytest.param(said("w1.1", (0, None), (LONG, 99)), id="is ahead"),
    ],
)
def test_who_gives_it_up_or_gets_on_is_not(looks: list[Look]) -> None:
    """Two may show a partition for a moment; a process that has ended shows nothing."""
    assert max(calm(looks + NEW).values(), default=0) <= 2


def test_two_at_one_place_are_nobodys_defect_on_the_way() -> None:
    """At the log's end nothing moves: neither lags. Whether both are there in the end is judged."""
    looks = said("w1.1", (0, 5), (LONG, 5)) + said("w2.1", (0, 5), (LONG, 5))
    assert calm(looks) == {}


@pytest.mark.parametrize(
    ("positions", "others", "behind"),
    [
        ((("a", 1), ("b", 2)), (("a", 1), ("b", 3)), True),
        ((("a", 2), ("b", 2)), (("a", 1), ("b", 3)), False),
        ((("a", 1),), (("a", 1),), False),
        ((), (("a", 1),), False),
        ((("a", 1),), (), False),
    ],
)
def test_behind_is_who_has_less_of_the_log(
    positions: tuple[tuple[str, int], ...], others: tuple[tuple[str, int], ...], behind: bool
) -> None:
    """In no topic further, in one less far."""
    assert is_behind(positions, others) == behind


@pytest.mark.parametrize(
    ("troubles", "seconds"),
    [
        ([], 50),
        # Any fault stops the clock, while it lasts and for as long again.
        ([Trouble("leader-kill", "b1", 10, 15)], 40),
        ([Trouble("leader-kill", "b1", 10, 15), Trouble("worker-stop", "w3.1", 12, 18)], 36),
        ([Trouble("leader-kill", "b1", 45, 60)], 45),
        ([Trouble("leader-kill", "b1", -10, -4)], 48),
        ([Trouble("leader-kill", "b1", 51, 60)], 50),
        # One of its own begins it anew.
        ([Trouble("worker-freeze", "w1.1", 10, 20)], 20),
        ([Trouble("worker-freeze", "w1.1", 10, 20), Trouble("leader-kill", "b1", 35, 40)], 10),
        ([Trouble("worker-link-down", "w1.1", 20, 40)], 0),
    ],
)
def test_faults_excuse(troubles: list[Trouble], seconds: float) -> None:
    """Of fifty seconds."""
    assert calm_seconds("w1.1", 0, 50, troubles) == seconds


async def test_what_nobody_shows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is something acknowledged, and no worker has it: the fault's recovery has a limit."""
    monkeypatch.setattr(recovery, "WHOLE_SECONDS", 0.6)
    journal, told = Journal(), list[str]()
    monkeypatch.setattr(journal, "ends", lambda: {("t", 0): 1})
    measuring = Recovery([], Sampler([], 1), journal, told.append)
    measuring.begin(Fault(0, "worker-kill", 1, 1), 0.0, calm=True)
    assert await measuring.measured() == ["not whole 1 s after the last fault"]
    assert not told
