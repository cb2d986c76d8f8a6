"""Folding the partitions of a log side by side, this process working along with its helpers."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final, NamedTuple

from schemas.pack import Pack, parse_pack
from streams.archive.folding import AsOf, Folded, Log, fold, no_garbage
from streams.archive.states import dump, load
from streams.errors import UserError

WORTH_IT: Final = 25_000
"""Records for which it pays to start another process."""

_LOOK_SECONDS: Final = 0.1


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
    if helpers < 1:
        return _alone(work, pack, progress)
    context = multiprocessing.get_context("spawn")
    done, stop = context.Value("q", 0), context.Event()
    pool = ProcessPoolExecutor(helpers, context, _begin, (work, done, stop))
    try:
        futures = {number: pool.submit(_fold_there, number) for number in largest_first}

        def tick(count: int) -> None:
            with done.get_lock():
                done.value += count
            progress(done.value)

        return _together(work, pack, futures, tick)
    except BrokenProcessPool:
        raise UserError(
            "a helping process was killed, for lack of memory perhaps: try fewer --jobs"
        ) from None
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


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
    work: Work, pack: Pack, futures: dict[int, Future[Any]], tick: Callable[[int], None]
) -> list[Folded]:
    found: dict[int, Folded] = {}
    for number, future in futures.items():
        if future.cancel():  # nobody has begun with it
            found[number] = fold(work.log, number, pack, work.as_of, tick, tell=work.tell)
    waiting = {future: number for number, future in futures.items() if number not in found}
    while waiting:
        ready, _ = wait(waiting, _LOOK_SECONDS, return_when="FIRST_COMPLETED")
        tick(0)
        for future in ready:
            raw, rest = future.result()
            with no_garbage():
                found[waiting.pop(future)] = Folded(load(raw, pack), *rest)
    return [found[number] for number in sorted(found)]


class _Helper:
    """What a helping process keeps."""

    work: Work
    pack: Pack
    done: Any
    stop: Any


def _begin(work: Work, done: Any, stop: Any) -> None:
    """Set up a helping process. Ctrl-C at the terminal is the first process's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Helper.work, _Helper.done, _Helper.stop = work, done, stop
    _Helper.pack = parse_pack(work.texts)


def _fold_there(number: int) -> tuple[bytes, tuple[int, int, list[Any]]]:
    work = _Helper.work
    found = fold(work.log, number, _Helper.pack, work.as_of, _tick, tell=work.tell)
    return dump(found.part), (found.read, found.later, found.rejections)


def _tick(count: int) -> None:
    if _Helper.stop.is_set():
        raise StoppedError
    with _Helper.done.get_lock():
        _Helper.done.value += count
