"""The content digest, in two levels, so that the digests of several workers combine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from streams.tables.partition import Partition


def region_digests(parts: Iterable[Partition]) -> dict[str, str]:
    """Region → SHA-256 (hex) over its sorted canonical lines, each with a newline."""
    tables = {code: table for part in parts for code, table in part.regions.items()}
    return {code: tables[code].digest() for code in sorted(tables)}


def content_digest(acceptance: str, regions: Mapping[str, str]) -> str:
    """SHA-256 (hex) over the acceptance digest and the sorted lines "code digest".

    The same for any order, duplication, batching and partition count of the same events.
    """
    lines = [acceptance, *(f"{code} {regions[code]}" for code in sorted(regions))]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
