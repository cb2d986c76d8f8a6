"""A simulated day on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from schemas.pack import PACK_FILES
from streams.sources.simulate.generate import Simulation
from streams.sources.simulate.packing import simulated_pack
from streams.sources.simulate.wire import Stream

FILES: Final[dict[Stream, str]] = {"observer": "observers.jsonl", "desk": "desk.jsonl"}
"""File of each stream, in the order in which its events arrive."""
PLANTED: Final = "planted.json"
PACK: Final = "pack"


def day_files(out: Path) -> list[Path]:
    """Every file that ``write_day`` may write in ``out``."""
    return [
        *(out / name for name in FILES.values()),
        out / PLANTED,
        *(out / PACK / name for name in PACK_FILES),
    ]


def write_day(day: Simulation, files: Mapping[str, str], out: Path) -> dict[str, str]:
    """Write events, planted.json and pack/ into ``out``; ``files``: the election's own pack.

    Returns the texts of the written pack. Raises ``OSError`` where it can't write.
    """
    pack = simulated_pack(files, day)
    (out / PACK).mkdir(parents=True, exist_ok=True)
    for name, text in pack.items():
        (out / PACK / name).write_text(text, encoding="utf-8", newline="\n")
    for stream, name in FILES.items():
        (out / name).write_bytes(b"".join(raw + b"\n" for raw in day.stream(stream)))
    (out / PLANTED).write_text(json.dumps(day.planted, indent=1) + "\n", encoding="utf-8")
    return pack
