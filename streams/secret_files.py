"""Files with secrets that more people can read than need to."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from streams.settings import Settings, fields

_KEY: Final = "broker.ssl_keyfile"


def secret_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Name and path of each setting that names a file with a secret."""
    names = {name for name, _ in fields()}
    for name in sorted(names):
        if name == _KEY or (name.endswith("_file") and name.removesuffix("_file") in names):
            value: Any = settings
            for part in name.split("."):
                value = getattr(value, part)
            if value is not None:
                yield name, value


def exposed(settings: Settings) -> list[tuple[str, Path]]:
    """Those that everybody on this machine can read: by the file's mode, and its folders'."""
    return [(name, path) for name, path in secret_files(settings) if _readable_by_all(path)]


def _readable_by_all(path: Path) -> bool:
    try:
        whole = path.resolve(strict=True)
        if not whole.stat().st_mode & stat.S_IROTH:
            return False
        return all(folder.stat().st_mode & stat.S_IXOTH for folder in whole.parents)
    except OSError:
        return False  # whoever reads it says what is wrong with it
