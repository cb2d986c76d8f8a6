"""Who sends most: events by the source they name, in bounded memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Container, Mapping
from typing import Annotated, Final, NamedTuple

import msgspec
from datasketches import frequent_items_error_type, frequent_strings_sketch

TOP: Final = 20
"""Sources that are told."""

WINDOW: Final = 300.0
"""Seconds of one sketch: what is told is of the last whole window and of the one under way."""

UNLISTED: Final = "unlisted"
"""Stands for all sources that the pack does not list: what anybody makes up becomes no label."""

UNREADABLE: Final = "unreadable"
"""Stands for events in which no source could be found."""

_LG_SIZE: Final = 10
"""Log2 of the sketch's size: up to 768 sources are counted exactly, and of more each is told to
within 0.35 % of all events."""

_PENDING: Final = 1_000


class _Named(msgspec.Struct):
    """What is read of a rejected event: the source at its top, whatever stands beside or before."""

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class Senders(NamedTuple):
    """``events``: source → events of the window, of those that sent most, the most first.

    ``error``: by how many events each of these may be too high.
    """

    events: Mapping[str, int]
    error: int


NOBODY: Final = Senders({}, 0)


class SenderCounts:
    """Counts sources with two sketches of frequent items that take turns.

    Misra and Gries 1982; Anderson et al. 2017, as in Apache DataSketches.
    ``listed``: the sources that may be named. ``clock``: seconds, never set back.
    """

    __slots__ = ("_began", "_clock", "_listed", "_now", "_pending", "_previous", "_waiting")

    def __init__(self, listed: Container[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._listed = listed
        self._clock = clock
        self._began = clock()
        self._pending: Counter[str] = Counter()
        self._waiting = 0
        self._now = frequent_strings_sketch(_LG_SIZE)
        self._previous = frequent_strings_sketch(_LG_SIZE)

    def count(self, source: str) -> None:
        """Count an event that names ``source``."""
        self._pending[source] += 1
        self._waiting += 1
        if self._waiting >= _PENDING:
            self._take()

    def count_raw(self, raw: bytes) -> None:
        """Count an event that was rejected: by its own source, not by one that its data names."""
        try:
            source = msgspec.json.decode(raw, type=_Named).source
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            source = UNREADABLE
        self.count(source)

    def top(self) -> Senders:
        """Who sent most, lately."""
        self._take()
        both = frequent_strings_sketch(_LG_SIZE)
        both.merge(self._previous)
        both.merge(self._now)
        found = both.get_frequent_items(frequent_items_error_type.NO_FALSE_NEGATIVES)
        events = {source: int(upper) for source, _, _, upper in found[:TOP]}
        error = max((int(upper - lower) for _, _, lower, upper in found[:TOP]), default=0)
        return Senders(events, error)

    def close(self) -> None:
        """Let go of the sketches: their library complains of any that are there at Python's end."""
        del self._now, self._previous

    def _take(self) -> None:
        """Bring what was counted into the sketch of its window."""
        passed = self._clock() - self._began
        if passed >= WINDOW:
            idle = passed >= 2 * WINDOW
            self._previous = frequent_strings_sketch(_LG_SIZE) if idle else self._now
            self._now = frequent_strings_sketch(_LG_SIZE)
            self._began += passed // WINDOW * WINDOW
        for source, events in self._pending.items():
            known = source == UNREADABLE or source in self._listed
            self._now.update(source if known else UNLISTED, events)
        self._pending.clear()
        self._waiting = 0
