"""What the authorities publish: topic `<prefix>.official`."""

from __future__ import annotations

from typing import Final

from pydantic.dataclasses import dataclass

from schemas.fields import (
    CLOSED,
    Code,
    Count,
    PercentText,
    PlaceId,
    RegionCode,
    Revision,
    Timestamp,
    Url,
    closed,
    given,
)
from schemas.figures import ProtocolFigures

_A_FIGURE: Final = {"anyOf": [given("voted", "integer"), given("percent", "string")]}


@dataclass(slots=True, frozen=True, kw_only=True, config=closed(_A_FIGURE))
class OfficialTurnout:
    """A published turnout figure. Identity: (publisher, place, contest, checkpoint)."""

    region: RegionCode
    station: PlaceId | None = None
    publisher: Code
    as_of: Timestamp
    published: Timestamp | None = None
    source_url: Url | None = None
    contest: Code | None = None
    registered: Count | None = None
    voted: Count | None = None
    percent: PercentText | None = None
    revision: Revision = 0

    def __post_init__(self) -> None:
        """Refuse a figure that says nothing."""
        if self.voted is None and self.percent is None:
            raise ValueError("give 'voted', 'percent' or both")


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
class OfficialProtocol(ProtocolFigures):
    """Results as published. Identity: (publisher, place, contest).

    Without ``station`` or ``commission`` they are the region's: aggregated, not disaggregated.
    """

    region: RegionCode
    station: PlaceId | None = None
    commission: PlaceId | None = None
    publisher: Code
    published: Timestamp
    source_url: Url | None = None
    contest: Code
    revision: Revision = 0


@dataclass(slots=True, frozen=True, kw_only=True, config=CLOSED)
class Opening:
    """How many stations are open of how many. Identity: (publisher, region, ``as_of``)."""

    region: RegionCode
    publisher: Code
    as_of: Timestamp
    published: Timestamp | None = None
    source_url: Url | None = None
    revision: Revision = 0
    open: Count
    expected: Count | None = None
