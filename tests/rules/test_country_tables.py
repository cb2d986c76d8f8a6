"""The country's verdict from what workers export, against the row that a replay of it all shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.pack import Pack
from streams.metrics.moment import Moment
from streams.metrics.turnout_values import TURNOUT_FACTS
from streams.rules.files import files
from streams.tables.partition import Partition
from streams.tables.views import rows
from tests.rules.promtool import run, series, write
from tests.rules.test_country import LATER, live, sample
from tests.strategies import Record
from tests.tables.events import clock, counted, figure, us
from tests.turnout_packs import covered
from tests.turnout_strategies import accepted

BOTH = ("XX-A", "XX-B")
STRATUM = "election_turnout_stratum_"
OFFICIAL = "election_turnout_official_ratio"


def counts(*regions: str, contest: str = "list") -> list[Record]:
    """Four in ten have voted at every drawn station."""
    numbers = {"XX-A": (1, 2, 4, 5, 6), "XX-B": (1, 2, 3, 4, 5), "XX-C": (1, 2)}
    return [
        counted(
            f"{region}-{number}-{contest}",
            "14:00",
            400,
            f"{region[-1]}-{number}",
            region=region,
            registered=1000,
            contest=contest,
        )
        for region in regions
        for number in numbers[region]
    ]


def exported(part: Partition, regions: Iterable[str]) -> Iterator[dict[str, str]]:
    """The series of a worker that has these regions."""
    moment = Moment(part.pack, us("15:00"))
    for region in regions:
        for family, function in TURNOUT_FACTS.items():
            if family != OFFICIAL and not family.startswith(STRATUM):
                continue
            for values, value in dict(function(part.regions[region], moment)).items():
                names = ("contest", "checkpoint", "stratum")[: len(values)]
                labels = dict(zip(names, values, strict=True))
                yield {"series": series(family, region=region, **labels), "values": repr(value)}


def expected(part: Partition) -> list[dict[str, Any]]:
    """The verdicts of the table's rows of the country."""
    found = rows("turnout", [part], part.pack, us("15:00"), "XX")
    levels = (row for row in found if row["comparison"] == "level")
    return [_verdict(str(row["contest"]), str(row["verdict"])) for row in levels]


def _verdict(contest: str, verdict: str) -> dict[str, Any]:
    name = "country:election_turnout_verdict:level"
    where = {"checkpoint": clock("14:00"), "contest": contest}
    return sample({"__name__": name, **where, "verdict": verdict})


@pytest.mark.parametrize(
    ("pack", "records", "verdicts"),
    [
        (covered(*BOTH), counts(*BOTH), {"list": "official_above"}),
        (
            covered(*BOTH),
            [*counts("XX-A"), figure("10:00", "20.00", region="XX-B")],
            {"list": "incomplete_sample"},
        ),
        # Nobody counted in XX-B in the second contest: it has no strata of that.
        (
            covered(*BOTH),
            [*counts(*BOTH), *counts("XX-A", contest="district")],
            {"list": "official_above", "district": "incomplete_sample"},
        ),
        # Nobody was drawn in XX-C, whose worker died: that makes no sample complete.
        (covered(*BOTH, besides="XX-C"), counts(*BOTH), {"list": "incomplete_sample"}),
    ],
)
def test_the_countrys_verdict_is_that_of_its_row(
    pack: Pack, records: list[Record], verdicts: dict[str, str], tmp_path: Path
) -> None:
    """In every contest that anybody counted in, with the series of XX-A's and XX-B's worker."""
    published = [figure("14:00", "99.00", region="XX", contest=one) for one in verdicts]
    part = Partition(pack)
    for record in [*records, *published]:
        part.apply(accepted(record, pack))
    wanted = sorted(expected(part), key=lambda one: str(one["labels"]))
    assert wanted == [_verdict(contest, one) for contest, one in sorted(verdicts.items())]
    texts = files(pack)
    chosen = write(tmp_path, {name: texts[name] for name in ("pack.yml", "turnout.yml")})
    test = {
        "input_series": [*live("XX", *BOTH), *exported(part, ["XX", *BOTH])],
        "promql_expr_test": [
            {
                "expr": 'country:election_turnout_verdict:level{checkpoint=~".*T14.*"}',
                "eval_time": LATER,
                "exp_samples": wanted,
            }
        ],
    }
    assert run(chosen, [test], tmp_path) == ""
