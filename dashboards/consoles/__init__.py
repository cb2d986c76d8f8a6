"""The seven dashboards, one module each: ``console()`` makes it."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.console import Console
from dashboards.consoles import (
    access,
    coverage,
    incidents,
    operations,
    pipeline,
    results,
    turnout,
)


def all_consoles() -> Iterator[Console]:
    """Every dashboard, in the order of the day's questions."""
    for module in (operations, access, incidents, turnout, coverage, results, pipeline):
        yield module.console()
