"""Folding the partitions of a log side by side, this process working along with its helpers."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final, NamedTuple

from schemas.pack import Pack, parse_pack
from schemas.verdict import Rejected
from streams.archive.folding import AsOf, Folded, Log, fold, no_garbage
from streams.archive.states import dump, load
from streams.errors import UserError

WORTH_IT: Final = 50_000
"""Records for which it pays to start another process."""

Rest = tuple[int, int, list[tuple[str, Rejected]]]
"""What a helper says beside the state: ``read``, ``later`` and ``rejections`` of ``Folded``."""

_LOOK_SECONDS: Final = 0.1
_SWITCH_SECONDS: Final = 0.0001


class Work(NamedTuple):
    """What all processes are told."""

    log: Log
    texts: Mapping[str, str]
    as_of: AsOf
    tell: bool


class StoppedError(Exception):
    """The others are no longer waited for."""


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fold_all(
    work: Work, pack: Pack, jobs: int | None, progress: Callable[[int], None]
) -> list[Folded]:
    """Every partition's state, by number. ``pack`` is that of ``work.texts``.

    ``jobs``: processes, this one included; None: as many as there are cores, if it is worth it.
    ``progress`` is told how many records have been read so far. Raises what reading raises.
    """
    sizes = {
        number: sum(work.log.count((topic, number)) for topic in work.log.topics)
        for number in range(work.log.partitions)
    }
    if jobs is None:
        jobs = min(cores(), 1 + sum(sizes.values()) // WORTH_IT)
    helpers = min(jobs, len(sizes)) - 1
    largest_first = sorted(sizes, key=lambda number: -sizes[number])
    with no_garbage():
        if helpers < 1:
            return _alone(work, pack, progress)
        return _together(work, pack, largest_first, helpers, progress)


def _alone(work: Work, pack: Pack, progress: Callable[[int], None]) -> list[Folded]:
    seen = 0

    def tick(count: int) -> None:
        nonlocal seen
        seen += count
        progress(seen)

    return [
        fold(work.log, number, pack, work.as_of, tick, tell=work.tell)
        for number in range(work.log.partitions)
    ]


def _together(
    work: Work,
    pack: Pack,
    numbers: list[int],
    helpers: int,
    progress: Callable[[int], None],
) -> list[Folded]:
    context = multiprocessing.get_context("spawn")
    done, stop = context.Value("q", 0), context.Event()
    pool = ProcessPoolExecutor(helpers, context, _begin, (work, done, stop))
    team = _Team(pool, pack, numbers, helpers)

    def tick(count: int) -> None:
        with done.get_lock():
            done.value += count
        progress(done.value)
        team.look(0)

    interval = sys.getswitchinterval()
    # What a helper sends comes in by a thread of the pool's, 64 kB at a turn, and the helper waits.
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        team.look(0)
        while not team.idle():
            if team.load():
                team.look(0)  # who became free meanwhile
            elif (number := team.take()) is not None:
                team.found[number] = fold(work.log, number, pack, work.as_of, tick, tell=work.tell)
            else:
                team.look(_LOOK_SECONDS)
                progress(done.value)
    except BrokenProcessPool:
        raise UserError(
            "a helping process was killed, for lack of memory perhaps: try fewer --jobs"
        ) from None
    finally:
        sys.setswitchinterval(interval)
        stop.set()
        pool.shutdown(cancel_futures=True)
    return [team.found[number] for number in sorted(team.found)]


class _Team:
    """Who does what: whoever is free takes the largest partition that is left.

    This process loads what is back before it takes another: at the end it would do so alone.
    """

    def __init__(
        self, pool: ProcessPoolExecutor, pack: Pack, numbers: list[int], helpers: int
    ) -> None:
        self._pool = pool
        self._pack = pack
        self._left = deque(numbers)
        self._helpers = helpers
        self._out: dict[Future[tuple[bytes, Rest]], int] = {}
        self._back: deque[tuple[int, bytes, Rest]] = deque()
        self.found: dict[int, Folded] = {}

    def idle(self) -> bool:
        """Whether all is found."""
        return not (self._left or self._out or self._back)

    def take(self) -> int | None:
        """The next partition, for this process; None: all are taken."""
        return self._left.popleft() if self._left else None

    def load(self) -> bool:
        """Load a partition that is back; False: there is none."""
        if not self._back:
            return False
        number, raw, rest = self._back.popleft()
        self.found[number] = Folded(load(raw, self._pack), *rest)
        return True

    def look(self, seconds: float) -> None:
        """Take in what helpers have done, waiting so long, and give them more.

        Raises what a helper raised.
        """
        ready = wait(self._out, seconds, return_when=FIRST_COMPLETED).done if self._out else ()
        for future in ready:
            self._back.append((self._out.pop(future), *future.result()))
        while self._left and len(self._out) < self._helpers:
            number = self._left.popleft()
            self._out[self._pool.submit(_fold_there, number)] = number


class _Helper:
    """What a helping process keeps."""

    work: Work
    pack: Pack
    done: Any
    stop: Any


def _begin(work: Work, done: Any, stop: Any) -> None:
    """Set up a helping process. Ctrl-C at the terminal is the first process's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # as in ``no_garbage``, for all of a helper's life
    _Helper.work, _Helper.done, _Helper.stop = work, done, stop
    _Helper.pack = parse_pack(work.texts)


def _fold_there(number: int) -> tuple[bytes, Rest]:
    work = _Helper.work
    found = fold(work.log, number, _Helper.pack, work.as_of, _tick, tell=work.tell)
    return dump(found.part), (found.read, found.later, found.rejections)


def _tick(count: int) -> None:
    if _Helper.stop.is_set():
        raise StoppedError
    with _Helper.done.get_lock():
        _Helper.done.value += count
