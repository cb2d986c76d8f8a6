"""The election of the chaos runs: the small pack on a day that is over, with regions enough.

A broker stamps records with the time it is, and an event must not be later than its record.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from schemas.pack import Pack, parse_pack
from schemas.routing import partition_of
from tests.packs import SMALL_FILES

YEAR: Final = "2024"
DAY: Final = f"{YEAR}-06-02"
PARTITIONS: Final = 6
COUNTRY: Final = "XX"
MORE: Final = ("D", "E", "G", "I", "J", "M", "W", "Y")
"""With A, B, C and ABROAD, two regions or more on each of the six partitions."""
REGIONS: Final = ("XX-A", "XX-B", "XX-C", "XX-ABROAD", *(f"XX-{letter}" for letter in MORE))
STATIONS: Final = MappingProxyType(
    {
        "XX-A": ("A-1", "A-2", "A-3"),
        "XX-B": ("B-1", "B-2"),
        "XX-C": ("C-1", "C-2"),
        "XX-ABROAD": ("ABROAD-1",),
        **{f"XX-{letter}": (f"{letter}-1", f"{letter}-2") for letter in MORE},
    }
)
COMMISSIONS: Final = MappingProxyType(
    {"XX-A": "A", "XX-B": "B", "XX-C": "C", **{f"XX-{letter}": letter for letter in MORE}}
)


def routed(region: str) -> int:
    """The partition of a region."""
    return partition_of(region, PARTITIONS)


def _files() -> dict[str, str]:
    regions = "".join(f"XX-{x},Land {x},XX,,3000,2\n" for x in MORE)
    stations = "".join(f"{x}-{n},XX-{x},1500,{x},yes,,\n" for x in MORE for n in (1, 2))
    commissions = "".join(f"{x},XX-{x},Commission of {x},regional\n" for x in MORE)
    more = {"regions.csv": regions, "stations.csv": stations, "commissions.csv": commissions}
    return {
        name: text.replace("2030", YEAR) + more.get(name, "") for name, text in SMALL_FILES.items()
    }


@cache
def chaos_pack() -> Pack:
    """``small_pack`` of six years before with eight regions more, each of two stations."""
    return parse_pack(_files())


def write_pack(folder: Path) -> Path:
    """Write the pack where a worker can read it; returns ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _files().items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
