"""SHA-256 over the sorted canonical lines of versions: at once, or in steps."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence

from streams.tables.lots import LOT
from streams.tables.versions import Version


def hashed_at_once(versions: Iterable[Version]) -> str:
    """SHA-256 (hex) over the sorted canonical lines of ``versions``, each with a newline."""
    sha = hashlib.sha256()
    for line in sorted(version.line() for version in versions):
        sha.update(line)
        sha.update(b"\n")
    return sha.hexdigest()


def hashed_in_steps(versions: Sequence[Version]) -> Iterator[str]:
    """The same: yields "" while there is more to do, and the digest at last."""
    runs: list[list[bytes]] = []
    for first in range(0, len(versions), LOT):
        runs.append(sorted(version.line() for version in versions[first : first + LOT]))
        yield ""
    sha = hashlib.sha256()
    for number, line in enumerate(heapq.merge(*runs)):
        sha.update(line)
        sha.update(b"\n")
        if number % LOT == 0:
            yield ""
    yield sha.hexdigest()
