"""Where an archive is: a local directory, or any object store that fsspec knows.

A file appears whole or not at all, in both. Whoever writes does so within ``locked``.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from streams.errors import UserError

T = TypeVar("T")

LOCK: Final = ".lock"
SCRATCH: Final = ".unfinished"
_LOCAL: Final = "file://"
_TRIES: Final = 5
_FIRST_WAIT: Final = 1.0


class Store(Protocol):
    """Files by names with slashes, below one place that ``where`` names."""

    where: str

    def read(self, name: str) -> bytes:
        """A file's bytes. FileNotFoundError: there is none."""

    def names(self) -> list[str]:
        """Every file, sorted, but those that a writer keeps for itself."""

    def put(self, name: str, path: Path) -> None:
        """Move the finished local file ``path`` here, in the place of an older one."""

    def write(self, name: str, data: bytes) -> None:
        """Write a file in one step, in the place of an older one."""

    def remove(self, name: str) -> None:
        """Delete a file."""

    def locked(self) -> Any:
        """A context that yields a local folder for unfinished files, and keeps others out."""


def open_store(where: str) -> Store:
    """The store at ``where``: a path, or a URL such as s3://bucket/prefix.

    UserError: nothing here can open such a URL.
    """
    if "://" not in where or where.startswith(_LOCAL):
        return LocalStore(Path(where.removeprefix(_LOCAL)))
    return ObjectStore(where)


def refuse_inside(target: str, where: str, option: str) -> None:
    """UserError: the file or place ``target`` of ``option`` is in the local archive ``where``."""
    inner, outer = (each.removeprefix(_LOCAL) for each in (target, where))
    if "://" in inner or "://" in outer:
        return
    if Path(inner).resolve().is_relative_to(Path(outer).resolve()):
        raise UserError(f"{option} {target}: is in the archive {where}: write elsewhere")


class LocalStore:
    """A directory. It comes to be with its first file."""

    def __init__(self, root: Path) -> None:
        self.where = str(root)
        self._root = root

    def read(self, name: str) -> bytes:
        """``Store.read``."""
        with told(self._root / name):
            return (self._root / name).read_bytes()

    def names(self) -> list[str]:
        """``Store.names``."""
        found = (path for path in self._root.rglob("*") if path.is_file())
        names = (path.relative_to(self._root).as_posix() for path in found)
        return sorted(name for name in names if not _own(name))

    def put(self, name: str, path: Path) -> None:
        """``Store.put``. What is moved is on the disk before its name is."""
        target = self._root / name
        with told(target):
            new = [folder for folder in target.parents if not folder.exists()]
            target.parent.mkdir(parents=True, exist_ok=True)
            _sync(path)
            os.replace(path, target)
            _sync(target.parent)
            for folder in new:  # a folder is only there for good once it is in its own folder
                _sync(folder.parent)

    def write(self, name: str, data: bytes) -> None:
        """``Store.write``."""
        path = self._root / SCRATCH / name.replace("/", "_")
        with told(path):
            path.write_bytes(data)
        self.put(name, path)

    def remove(self, name: str) -> None:
        """``Store.remove``."""
        with told(self._root / name):
            (self._root / name).unlink()

    @contextmanager
    def locked(self) -> Iterator[Path]:
        """``Store.locked``. UserError: another process writes here."""
        scratch = self._root / SCRATCH
        with told(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            lock = (self._root / LOCK).open("w", encoding="ascii")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UserError(f"{self.where}: another process archives into it") from None
            shutil.rmtree(scratch, ignore_errors=True)
            with told(scratch):
                scratch.mkdir()
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch, ignore_errors=True)


class ObjectStore:
    """A prefix of an object store. An upload that fails for a moment is tried again."""

    def __init__(self, where: str, wait: Callable[[float], None] = time.sleep) -> None:
        import fsspec

        self.where = where.rstrip("/")
        self._wait = wait
        try:
            self._fs, root = fsspec.core.url_to_fs(where)
        except (ImportError, ValueError) as error:
            raise UserError(f"{where}: cannot be opened: {error}") from None
        except Exception as error:
            raise self._trouble(error) from error
        self._root = root.rstrip("/")

    def read(self, name: str) -> bytes:
        """``Store.read``."""
        data: bytes = self._insist(lambda: self._fs.cat_file(self._path(name)))
        return data

    def names(self) -> list[str]:
        """``Store.names``."""
        self._fs.invalidate_cache()
        found = self._insist(lambda: self._fs.find(self._root))
        names = (path.removeprefix(f"{self._root}/") for path in found)
        return sorted(name for name in names if not _own(name))

    def put(self, name: str, path: Path) -> None:
        """``Store.put``."""
        self._insist(lambda: self._fs.put_file(str(path), self._path(name)))
        path.unlink()

    def write(self, name: str, data: bytes) -> None:
        """``Store.write``."""
        self._insist(lambda: self._fs.pipe_file(self._path(name), data))

    def remove(self, name: str) -> None:
        """``Store.remove``."""
        self._insist(lambda: self._fs.rm_file(self._path(name)))

    @contextmanager
    def locked(self) -> Iterator[Path]:
        """``Store.locked``, without a lock: see ``writing.py`` for what notices another writer."""
        with tempfile.TemporaryDirectory(prefix="scrutineer-archive-") as folder:
            yield Path(folder)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _insist(self, action: Callable[[], T]) -> T:
        wait = _FIRST_WAIT
        for attempt in range(1, _TRIES + 1):
            try:
                return action()
            except FileNotFoundError:
                raise
            except Exception as error:
                # Each store's client has errors of its own, and few of them say what they are.
                if attempt == _TRIES:
                    raise self._trouble(error) from error
            self._wait(wait)
            wait *= 2
        raise AssertionError("unreachable")

    def _trouble(self, error: Exception) -> UserError:
        return UserError(f"{self.where}: {type(error).__name__}: {error}")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What the system refuses is the user's to mend, but for a file that is not there.

    ``path`` is named where the error names no file, as that of a disk that is full.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"{error.filename or path}: {error.strerror or error}") from error


def _own(name: str) -> bool:
    return name == LOCK or name.startswith(f"{SCRATCH}/")


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
