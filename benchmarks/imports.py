"""Importing an export: records/s, and memory by its length.

A feed of ODK Central of the sample's form, each record with two problems and 1 KB of free text,
through the mapping that comes along, as `scrutineer import` does it: read, mapped, checked.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from streams.packs import load_pack
from streams.sources.importing.load import load_mapping
from streams.sources.importing.run import Import

SAMPLE: Final = Path(__file__).parent.parent / "docs" / "examples" / "import" / "odk-central.json"
LENGTHS: Final = (10_000, 50_000, 100_000)


def _feed(path: Path, count: int) -> None:
    record = json.loads(SAMPLE.read_text(encoding="utf-8"))["value"][1]
    record["problems"][0]["note"] = "x" * 1_000
    with path.open("w", encoding="utf-8") as stream:
        stream.write('{"value": [')
        for number in range(count):
            record["__id"] = f"uuid:7e570000-0000-4000-8000-{number:012d}"
            stream.write((",\n" if number else "") + json.dumps(record))
        stream.write("]}")


def _measure(path: Path) -> tuple[int, float, float]:
    """Events, processor seconds, and the most MiB that the process held. Runs in its own."""
    rules, pack = load_mapping("odk-central-visits"), load_pack("kazakhstan-2023")
    wrong: list[str] = []
    begin = time.process_time()
    count = sum(1 for _ in Import(rules, {}, pack, wrong.append).events(path))
    if wrong:
        raise RuntimeError(wrong[0])
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return count, time.process_time() - begin, most


def main() -> None:
    """Measure and print."""
    table = Table("records", "file, MiB", "processor, s", "records/s", "most memory, MiB")
    own = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.json"
        for count in LENGTHS:
            _feed(path, count)
            with own.Pool(1) as pool:
                made, seconds, most = pool.apply(_measure, (path,))
            size, speed = path.stat().st_size / 2**20, made / seconds
            table.add_row(
                f"{made:,}",
                f"{size:,.0f}",
                f"{seconds:.1f}",
                f"{speed:,.0f}",
                f"{most:.0f}",
            )
    Console().print(table)
