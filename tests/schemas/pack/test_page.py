"""docs/pack.md is right: its example is a pack, its tables are complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from pydantic import BaseModel

from schemas.pack import PACK_FILES, Judgement, forms, parse_pack, places
from schemas.pack.csvfile import Columns
from tests.data import ROOT

PAGE = (ROOT / "docs" / "pack.md").read_text(encoding="utf-8")
COLUMNS = {
    "regions.csv": places.REGIONS,
    "stations.csv": places.STATIONS,
    "commissions.csv": places.COMMISSIONS,
    "districts.csv": places.DISTRICTS,
    "taxonomy.csv": forms.TAXONOMY,
    "questions.csv": forms.QUESTIONS,
    "deployment.csv": forms.DEPLOYMENT,
}


def example() -> dict[str, str]:
    """The files that the page shows, by the name before each block."""
    found = re.findall(r"`([a-z]+\.(?:toml|csv))`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    return dict(found)


def thresholds(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, object, str]]:
    """(key, default, meaning) of every value of a section."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from thresholds(kind, f"{prefix}{name}.")
        else:
            default = field.get_default(call_default_factory=True)
            yield prefix + name, default or "none", field.description or ""


def test_the_example_is_a_pack() -> None:
    """What a newcomer copies from the page has no faults, and means what the comments say."""
    pack = parse_pack(example())
    assert pack.id == "xx-2030-06-02"
    assert pack.days == (date(2030, 6, 2),)
    assert pack.region_codes() == ["XX-1", "XX-2", "XX-ABROAD"]
    assert len(pack.checkpoints) == 2
    assert pack.checkpoint(pack.checkpoints[0] + 600_000_000) == pack.checkpoints[0]


def test_the_exceptions_of_the_page_fit_the_example() -> None:
    """The second block can be put at the end of the first."""
    block = re.search(r"\n  ```toml\n(.*?)  ```", PAGE, re.DOTALL)
    assert block is not None
    files = example()
    files["election.toml"] += block[1].replace("\n  ", "\n")
    pack = parse_pack(files)
    assert pack.polls("XX-ABROAD") == ()
    assert pack.polls("XX-2") != pack.polls("XX-1")


@pytest.mark.parametrize(
    ("key", "default", "meaning"),
    [pytest.param(*row, id=row[0]) for row in thresholds(Judgement)],
)
def test_every_threshold_is_documented(key: str, default: object, meaning: str) -> None:
    """With its default and its meaning."""
    assert meaning
    assert f"| `{key}` | {default} | {meaning} |" in PAGE


@pytest.mark.parametrize(("file", "columns"), COLUMNS.items(), ids=COLUMNS)
def test_every_column_is_documented(file: str, columns: Columns) -> None:
    """In the row of its file, the optional ones after that word."""
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{file}`"))
    required, _, optional = row.split("|")[2].partition("optional")
    assert tuple(re.findall(r"`(\w+)`", required)) == columns.required
    assert tuple(re.findall(r"`(\w+)`", optional)) == columns.optional


def test_every_file_is_documented() -> None:
    """Those with columns are the tables of a pack."""
    assert {"election.toml", *COLUMNS} == set(PACK_FILES)
