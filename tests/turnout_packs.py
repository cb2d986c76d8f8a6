"""Packs of the small country that differ in how turnout is sampled and judged."""

from __future__ import annotations

from functools import cache

from schemas.pack import Pack, parse_pack
from tests.packs import SMALL_FILES

_STATIONS = "id,region,registered,stratum,urban,lat,lon\n"
_LISTED = (
    *(
        (f"A-{i}", "XX-A", 1500 if i < 3 else 1000, "town" if i < 4 else "country")
        for i in range(1, 9)
    ),
    *((f"B-{i}", "XX-B", (2000, 1000, 0, "", 800, 900)[i - 1], "") for i in range(1, 7)),
    ("C-1", "XX-C", 2000, ""),
    ("C-2", "XX-C", 900, ""),
    ("ABROAD-1", "XX-ABROAD", "", ""),
)
"""XX-A: 3 stations in town, 5 in the country; XX-B: 6, XX-C: 2, without strata."""
_DRAWN = {
    "urn:test:citizen": ("A-1", "A-2", "A-4", "A-5", "A-6", "B-1", "B-2", "B-3", "B-4", "B-5"),
    "urn:test:party": ("A-1", "B-1"),
}
"""2 of 3 and 3 of 5 in XX-A, 5 of 6 in XX-B."""

PACKS = ("as it comes", "sampled", "in part", "strict", "no sample", "no stations")


def stations() -> str:
    """The text of a stations.csv with several strata."""
    return _STATIONS + "".join(
        f"{name},{region},{registered},{stratum},,,\n"
        for name, region, registered, stratum in _LISTED
    )


def drawn(everywhere: bool) -> str:
    """The text of a deployment.csv with a sample of XX-A and XX-B, perhaps of XX-C."""
    rows = [(name, source, "yes") for source, names in _DRAWN.items() for name in names]
    rows += [("A-3", "urn:test:citizen", "no"), ("A-2", "urn:test:party", "no")]
    if everywhere:
        rows += [("C-1", "urn:test:citizen", "yes"), ("C-2", "urn:test:citizen", "yes")]
    lines = [f"{name},{source},{sample},,voting\n" for name, source, sample in rows]
    return "station,source,sample,stratum,phases\n" + "".join(lines)


def changed(judgement: str = "", checkpoint: str = "", **files: str | None) -> Pack:
    """The small pack with thresholds (TOML lines) and other files; None: without the file.

    ``checkpoint``: one more, as in the TOML list.
    """
    texts = dict(SMALL_FILES)
    election = texts["election.toml"].replace("14:00:00Z,", f"14:00:00Z,{checkpoint}")
    texts["election.toml"] = f"{election}\n[judgement.turnout]\n{judgement}\n"
    for name, text in files.items():
        texts.pop(f"{name}.csv")
        if text is not None:
            texts[f"{name}.csv"] = text
    return parse_pack(texts)


@cache
def covered(*regions: str, besides: str = "") -> Pack:
    """Only these regions have stations, and a sample of them: nothing of the country is left out.

    ``besides``: one more has stations, of which none was drawn.
    """
    there = (*regions, besides)
    listed = [row for row in stations().splitlines() if row.split(",")[1] in there]
    rows = [row for row in drawn(everywhere=True).splitlines() if f"XX-{row[0]}" in regions]
    head, plan = _STATIONS, "station,source,sample,stratum,phases"
    return changed(
        stations=head + "\n".join([*listed, "ABROAD-1,XX-ABROAD,,,,,"]) + "\n",
        deployment="\n".join([plan, *rows]) + "\n",
    )


@cache
def turnout_packs() -> dict[str, Pack]:
    """Packs that every generated event of turnout is accepted with, by what is different.

    With thresholds as they come, so few stations as the events speak of are seldom enough to judge.
    """
    listed, two = stations(), "minimum_stations = 2\n"
    strict = "match_minutes = 0\nmatched_votes = 1\nmatched_percent = 0\ninterval_hours = 2\n"
    loose = "minimum_stations = 1\nsample_percent = 30\nalpha = 0.5\nmargin_points = 10\n"
    before = "2030-06-02T05:00:00Z, 2030-06-02T06:00:00Z,"  # polls are closed between them
    everywhere, some = drawn(everywhere=True), drawn(everywhere=False)
    packs = (
        changed(stations=listed, deployment=everywhere),
        changed(two, stations=listed, deployment=everywhere),
        changed(loose, "2030-06-02T20:50:00Z,", stations=listed, deployment=some),
        changed(two + strict + "homogeneity = 0", stations=listed, deployment=everywhere),
        changed(two, stations=listed, deployment=None),
        changed(loose, before, stations=None, deployment=None),
    )
    return dict(zip(PACKS, packs, strict=True))
