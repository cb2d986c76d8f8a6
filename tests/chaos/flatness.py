"""Whether a worker takes no more of the machine the longer it runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, Final

from tests.chaos.sampler import Memory

WINDOWS: Final = 4
GROWTH: Final = 0.10
"""Share by which memory may be larger in the last window than in the first."""
ROOM: Final = 16 * 2**20
"""Bytes that it may be larger in any case."""
FILES: Final = 12
"""File descriptors more: a connection to each broker, and who asks for pages."""
LEAST: Final = 20
"""Looks at a window without which nothing can be said of it."""

Json = dict[str, Any]


def windows(looks: Sequence[Memory]) -> list[list[Memory]]:
    """The looks by equal parts of their time."""
    first, last = looks[0].at, looks[-1].at
    found: list[list[Memory]] = [[] for _ in range(WINDOWS)]
    for look in looks:
        part = int((look.at - first) / max(last - first, 1e-9) * WINDOWS)
        found[min(part, WINDOWS - 1)].append(look)
    return found


def flatness(memory: Iterable[Memory], since: float) -> tuple[Json, list[str]]:
    """Figures of the process that ran longest from ``since`` (monotonic) on, and what grew.

    ``since``: when the tables had come to their full size. In MB and descriptors: the medians of
    each quarter, of the looks at it when it had as many partitions as it mostly had.
    """
    lives: dict[str, list[Memory]] = defaultdict(list)
    for look in memory:
        if look.at >= since:
            lives[look.life].append(look)
    if not lives:
        return {}, ["memory: nobody was looked at after the tables were full"]
    life, looks = max(lives.items(), key=lambda item: item[1][-1].at - item[1][0].at)
    ((mostly, _),) = Counter(look.partitions for look in looks).most_common(1)
    looks = [look for look in looks if look.partitions == mostly]
    parts = windows(looks)
    if min(map(len, parts)) < LEAST:
        return {}, [f"memory: too few looks at {life} to say anything: {list(map(len, parts))}"]
    resident = [median(look.usage.resident for look in part) for part in parts]
    files = [median(look.usage.files for look in part) for part in parts]
    figures = {
        "process": life,
        "partitions": mostly,
        "minutes": round((looks[-1].at - looks[0].at) / 60, 1),
        "resident_mb": [round(each / 2**20, 1) for each in resident],
        "files": files,
        "most_resident_mb": round(max(look.usage.resident for look in looks) / 2**20, 1),
        "most_files": max(look.usage.files for look in looks),
    }
    problems = []
    if resident[-1] > resident[0] * (1 + GROWTH) + ROOM:
        problems.append(f"memory of {life} grew: MB by quarter {figures['resident_mb']}")
    if files[-1] > files[0] + FILES:
        problems.append(f"file descriptors of {life} grew: by quarter {files}")
    return figures, problems
