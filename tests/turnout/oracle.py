"""An independent implementation's answers on 1,000 random designs, for the level estimator.

`oracle.csv` holds what svy 0.35 (survey estimation by Taylor linearisation, PyPI) made of them. To
make it again: install `svy` in an environment of its own (800 MB, hence not a dependency) and run
`python -m tests.turnout.oracle > tests/turnout/oracle.csv` in the repository.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).parent / "oracle.csv"
DESIGNS = 1000
SEED = 20230319


class Layer(NamedTuple):
    """One stratum: K stations, and voters and registered of those that reported."""

    population: int
    voters: list[int]
    registered: list[int]


def designs() -> Iterator[list[Layer]]:
    """One to five strata of 2 to 40 stations of unequal size; some are counted completely."""
    rng = random.Random(SEED)

    def between(low: int, high: int) -> int:
        return low + int(rng.random() * (high - low + 1))

    for _ in range(DESIGNS):
        layers = []
        for _ in range(between(1, 5)):
            k = between(2, 40)
            registered = [between(20, 3000) for _ in range(k)]
            turnout = rng.random()
            voters = [
                min(m, max(0, int(m * (turnout + 0.3 * (rng.random() - 0.5))))) for m in registered
            ]
            layers.append(Layer(k + int(rng.random() * 3) * between(1, 200), voters, registered))
        yield layers


def answers() -> list[tuple[float, float]]:
    """What the oracle said: estimate and standard error by design."""
    with FILE.open(encoding="ascii", newline="") as stream:
        return [(float(p), float(se)) for p, se in csv.reader(stream)]


def _ask(svy: Any, polars: Any, layers: list[Layer]) -> tuple[float, float]:
    rows = [
        {
            "stratum": f"s{h}",
            "psu": f"{h}-{i}",
            "size": float(layer.population),
            "weight": layer.population / len(layer.voters),
            "a": float(a),
            "m": float(m),
        }
        for h, layer in enumerate(layers)
        for i, (a, m) in enumerate(zip(layer.voters, layer.registered, strict=True))
    ]
    design = svy.Design(stratum="stratum", psu="psu", wgt="weight", pop_size="size")
    (row,) = svy.Sample(polars.DataFrame(rows), design=design).estimation.ratio("a", "m").estimates
    return row.est, row.se


def main() -> None:
    """Write the oracle's answers to standard output."""
    import importlib

    svy, polars = importlib.import_module("svy"), importlib.import_module("polars")
    out = csv.writer(sys.stdout, lineterminator="\n")
    for layers in designs():
        out.writerow(_ask(svy, polars, layers))


if __name__ == "__main__":
    main()
