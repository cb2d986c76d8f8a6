"""St Petersburg 2021 for tests: the built-in pack, completed with stations from the real data."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from streams.packs import pack_directory
from tests.data import data_dir

NAME = "st-petersburg-2021"
DISTRICTS = {
    "Адмиралтейский район": "SPB-ADMIRALTEYSKY",
    "Василеостровский район": "SPB-VASILEOSTROVSKY",
    "Васильеостровский район": "SPB-VASILEOSTROVSKY",  # as one report has it
    "Выборгский район": "SPB-VYBORGSKY",
    "Калининский район": "SPB-KALININSKY",
    "Кировский район": "SPB-KIROVSKY",
    "Колпинский район": "SPB-KOLPINSKY",
    "Красногвардейский район": "SPB-KRASNOGVARDEYSKY",
    "Красносельский район": "SPB-KRASNOSELSKY",
    "Кронштадтский район": "SPB-KRONSHTADTSKY",
    "Курортный район": "SPB-KURORTNY",
    "Московский район": "SPB-MOSKOVSKY",
    "Невский район": "SPB-NEVSKY",
    "Петроградский район": "SPB-PETROGRADSKY",
    "Петродворцовый район": "SPB-PETRODVORTSOVY",
    "Приморский район": "SPB-PRIMORSKY",
    "Пушкинский район": "SPB-PUSHKINSKY",
    "Фрунзенский район": "SPB-FRUNZENSKY",
    "Центральный район": "SPB-TSENTRALNY",
    "Голосование за рубежом": "SPB-ABROAD",
}
"""Region codes by the districts' names in the data. Written apart from the mappings' maps."""


def spb_rows(file: str) -> list[dict[str, str]]:
    """The rows of one of the data's files; skips where the data are missing."""
    with (data_dir(NAME) / file).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def spb_pack(folder: Path) -> Path:
    """A copy of the built-in pack in ``folder``, with a stations.csv made from the register."""
    where = folder / NAME
    shutil.copytree(pack_directory(NAME), where)
    with (where / "stations.csv").open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(("id", "region", "registered", "lat", "lon"))
        for row in spb_rows("uik_register.csv"):
            region = DISTRICTS[row["district"]]
            out.writerow((row["uik"], region, row["registered_federal"], row["lat"], row["lon"]))
    return where
