"""All families, in the order of the page."""

from __future__ import annotations

from typing import Final

from streams.metrics.declare import Family
from streams.metrics.election import ELECTION
from streams.metrics.fieldwork import FIELDWORK
from streams.metrics.pipeline import PIPELINE
from streams.metrics.turnout import TURNOUT

FAMILIES: Final[tuple[Family, ...]] = (*PIPELINE, *ELECTION, *FIELDWORK, *TURNOUT)

BY_NAME: Final = {family.name: family for family in FAMILIES}
