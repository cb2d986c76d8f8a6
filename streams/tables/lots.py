"""Work that an event leaves for whoever looks, done in small lots."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

LOT: Final = 256
"""So many may wait."""


def exhaust(steps: Iterator[None]) -> None:
    """Take all steps at once."""
    deque(steps, maxlen=0)
