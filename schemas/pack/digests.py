"""Digests of a pack: what decides acceptance or identity, and all the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from schemas.canonical import canonical

_FORMAT: Final = 1
"""Part of both digests: grows when the meaning of a pack changes."""


def table(rows: Iterable[Sequence[object]]) -> str:
    """Hex SHA-256 over the sorted canonical rows: their order in the file does not matter."""
    digest = hashlib.sha256()
    for line in sorted(canonical(list(row)) for row in rows):
        digest.update(line + b"\n")
    return digest.hexdigest()


def whole(parts: dict[str, object]) -> str:
    """Hex SHA-256 over the canonical JSON of ``parts``."""
    return hashlib.sha256(canonical({"format": _FORMAT, **parts})).hexdigest()
