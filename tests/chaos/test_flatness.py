"""What grows is told, and what goes up and down is not taken for growth."""

from __future__ import annotations

import math

import pytest

from tests.chaos.flatness import flatness
from tests.chaos.sampler import Memory
from tests.chaos.workers import Usage

MB = 2**20


def looks(
    resident: list[float], files: list[int], life: str = "w1.1", partitions: int = 2
) -> list[Memory]:
    """One look a second, in MB and descriptors."""
    pairs = zip(resident, files, strict=True)
    return [
        Memory(life, float(at), Usage(int(r * MB), f), partitions)
        for at, (r, f) in enumerate(pairs)
    ]


def waves(count: int) -> list[float]:
    """200 MB, 40 more or less."""
    return [200 + 40 * math.sin(at / 7) for at in range(count)]


def test_up_and_down_is_flat() -> None:
    """Partitions come and go, and so does memory."""
    figures, problems = flatness(looks(waves(400), [30 + at % 5 for at in range(400)]), 0)
    assert problems == []
    assert (figures["process"], figures["most_files"]) == ("w1.1", 34)
    assert len(figures["resident_mb"]) == 4


@pytest.mark.parametrize(
    ("memory", "told"),
    [
        (looks([200 + at / 5 for at in range(400)], [30] * 400), "memory of w1.1 grew"),
        (looks(waves(400), [30 + at // 10 for at in range(400)]), "file descriptors of w1.1 grew"),
        (looks(waves(40), [30] * 40), "too few looks"),
        ([], "nobody was looked at"),
    ],
)
def test_growth_is_told(memory: list[Memory], told: str) -> None:
    """Memory and descriptors, and where there is too little to say."""
    _, problems = flatness(memory, 0)
    assert any(told in problem for problem in problems), problems


def test_more_partitions_take_more() -> None:
    """A worker that has others' as well for a while is not one that grows."""
    usual = looks([200.0] * 400, [30] * 400)
    more = looks([600.0] * 400, [30] * 400, partitions=6)
    figures, problems = flatness([*usual[:300], *more[300:350], *usual[350:]], 0)
    assert (figures["partitions"], problems) == (2, [])


def test_what_was_before_the_tables_were_full_does_not_count() -> None:
    """They grow until then."""
    growing = looks([100.0 + at for at in range(100)] + [200.0] * 300, [30] * 400)
    assert flatness(growing, 0)[1]
    assert flatness(growing, 100)[1] == []


def test_the_longest_life_is_judged() -> None:
    """Short ones say nothing of growth."""
    short = looks([500.0] * 50, [90] * 50, "w2.7")
    figures, problems = flatness([*short, *looks(waves(400), [30] * 400)], 0)
    assert (figures["process"], problems) == ("w1.1", [])
