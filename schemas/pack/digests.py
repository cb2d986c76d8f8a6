"""Digests of a pack: what decides acceptance or identity, and all the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Final

from schemas.canonical import canonical

_BATCH: Final = 10_000
_FORMAT: Final = 1
"""Part of both digests: grows when the meaning of a pack changes."""


def table(rows: Iterable[Sequence[object]], keys: int = 1) -> str:
    """Hex SHA-256 over the canonical rows in the order of their first ``keys`` cells.

    Those cells are unique texts, so that the order in the file does not matter. Rows are spelt
    in batches, as one at a time takes ten times as long and a million at once much memory.
    """
    digest = hashlib.sha256()
    ordered = sorted(rows, key=itemgetter(slice(keys)))
    for start in range(0, len(ordered), _BATCH):
        digest.update(canonical(ordered[start : start + _BATCH]))
    return digest.hexdigest()


def whole(parts: dict[str, object]) -> str:
    """Hex SHA-256 over the canonical JSON of ``parts``."""
    return hashlib.sha256(canonical({"format": _FORMAT, **parts})).hexdigest()
