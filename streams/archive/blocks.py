"""A Prometheus' folder of data: whether it may be written to, and putting blocks into it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from streams import processes
from streams.errors import UserError

HOURS: Final = 7200
"""Seconds of a block, which begins at a multiple of them."""
_LOCK: Final = "lock"
_WAL: Final = "wal"
_STAGING: Final = ".backfill-"
_ULID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_OWN: Final = frozenset({_WAL, "wbl", "chunks_head", "lock", "queries.active", "lost+found"})
_META: Final = "meta.json"
_STOP_SECONDS: Final = 10.0


def program(name: str) -> str:
    """The path of Prometheus' program ``name``. UserError: it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise UserError(
            f"there is no {name} on this machine: install Prometheus, of Debian the package "
            "prometheus, which has promtool too"
        )
    return found


@contextmanager
def staging(data: Path, start: int, end: int) -> Iterator[Path]:
    """A folder beside the blocks of ``data``, which no Prometheus can open meanwhile.

    ``start``, ``end``: the seconds that blocks are to be of. The folder goes when this ends, and
    ``data`` too if it was not there and nothing came of it.
    UserError: a Prometheus runs on it, it is something else, or it has blocks of that time.
    """
    new = not data.exists()
    _check(data, start, end)
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{data}: cannot be made: {error.strerror}") from None
    try:
        with _locked(data):
            for left in data.glob(f"{_STAGING}*"):
                shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=_STAGING, dir=data))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        if new and not any(data.iterdir()):
            data.rmdir()


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Hold Prometheus' own lock."""
    path = data / _LOCK
    there = path.exists()
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"{data}: a Prometheus runs on it: stop it first, or write to another folder"
            ) from None
        try:
            yield
        finally:
            if not there:
                path.unlink(missing_ok=True)


def _check(data: Path, start: int, end: int) -> None:
    if not data.exists():
        return
    if not data.is_dir():
        raise UserError(f"{data}: is no directory")
    for each in sorted(data.iterdir()):
        name = each.name
        if name in _OWN or name.startswith(_STAGING):
            continue
        if not (_ULID.fullmatch(name) and (each / _META).is_file()):
            raise UserError(
                f"{data}: has {name}, so it is no Prometheus' data: give its --storage.tsdb.path, "
                "or an empty folder"
            )
        first, last = _times(each)
        if first < end * 1000 and start * 1000 < last:
            raise UserError(
                f"{data}: block {name} is of the same time: two histories of one day would mix; "
                "write to an empty folder"
            )


def _times(block: Path) -> tuple[int, int]:
    """First millisecond, and the one after the last."""
    meta = json.loads((block / _META).read_text(encoding="utf-8"))
    return meta["minTime"], meta["maxTime"]


async def check_head(data: Path, folder: Path, start: int, end: int) -> None:
    """UserError: ``data`` has samples of seconds ``start`` to ``end`` that are in no block yet.

    promtool reads them from the write-ahead log, linked into ``folder``: so it can write, as some
    versions do when they only read, nowhere else.
    """
    wal = data / _WAL
    if not any(each.is_file() and each.stat().st_size for each in wal.rglob("*")):
        return
    (folder / "head").mkdir()
    (folder / "head" / _WAL).symlink_to(wal.resolve())
    times = [f"--min-time={start * 1000}", f"--max-time={end * 1000 - 1}"]
    arguments = [program("promtool"), "tsdb", "dump", *times, str(folder / "head")]
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as said:
        with os.fdopen(writing, "wb") as output:
            process = processes.start(arguments, os.environ, output)
        try:
            found = await asyncio.to_thread(_first_sample, said)
            status = 0 if found else await asyncio.to_thread(process.wait)
        finally:
            processes.stop(process, _STOP_SECONDS)
    if status:
        raise UserError(f"{wal}: promtool cannot read it: write to an empty folder")
    if found:
        raise UserError(
            f"{data}: Prometheus has samples of the same time that are in no block yet: two "
            "histories of one day would mix; write to an empty folder"
        )


def _first_sample(dump: IO[bytes]) -> bool:
    """Whether there is one among what promtool says; the rest is left unread."""
    return any(line.startswith(b"{") for line in dump)


async def make_block(text: Path, to: Path) -> None:
    """Make blocks of OpenMetrics ``text`` in the folder ``to``. UserError: promtool refuses.

    promtool ends when the caller is cancelled, and with this process however that ends.
    """
    arguments = ["tsdb", "create-blocks-from", "openmetrics", "--quiet", str(text), str(to)]
    said = text.with_name("promtool.log")
    with said.open("wb") as output:
        process = processes.start([program("promtool"), *arguments], os.environ, output)
    try:
        status = await asyncio.to_thread(process.wait)
    finally:
        processes.stop(process, _STOP_SECONDS)
    if status:
        told = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise UserError(f"promtool makes no block: {told[-1] if told else 'no reason given'}")


def publish(made: Path, data: Path) -> list[str]:
    """Move the blocks in ``made`` to ``data``: all of them or none. Returns their names."""
    blocks = sorted(each for each in made.iterdir() if _ULID.fullmatch(each.name))
    moved: list[Path] = []
    try:
        for block in blocks:
            target = data / block.name
            os.rename(block, target)
            moved.append(target)
    except OSError:
        for target in moved:
            shutil.rmtree(target, ignore_errors=True)
        raise
    return [block.name for block in blocks]
