"""All families of a worker, in the order of its page, and those of everybody."""

from __future__ import annotations

from typing import Final

from streams.metrics.archiver import ARCHIVER
from streams.metrics.declare import Family
from streams.metrics.election import ELECTION
from streams.metrics.fieldwork import FIELDWORK
from streams.metrics.pipeline import PIPELINE
from streams.metrics.turnout import TURNOUT

FAMILIES: Final[tuple[Family, ...]] = (*PIPELINE, *ELECTION, *FIELDWORK, *TURNOUT)

BY_NAME: Final = {family.name: family for family in FAMILIES}

DECLARED: Final = {family.name: family for family in (*FAMILIES, *ARCHIVER)}
"""What rules and dashboards may ask for: the archiver's too."""
