"""The election pack: what an election's events are held against, and how views judge."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from schemas.pack.hours import Polls
from schemas.pack.judgement import Judgement
from schemas.pack.models import (
    Category,
    Commission,
    Contest,
    Deployment,
    District,
    Publisher,
    Question,
    Region,
    Source,
    Station,
)

_HOUR = 3_600_000_000


@dataclass(slots=True, frozen=True, kw_only=True, eq=False)
class Pack:
    """One election, checked. Made by ``parse_pack``; two packs are compared by their digests.

    Times are microseconds since the epoch; ``time_zone`` is the one that the country's times are
    printed in. ``stations`` and ``commissions`` are None where the
    pack lists none: then reports from any are accepted. ``commission_counts`` says how many
    commissions of each level there are, listed or not. The digests are hex SHA-256: the
    acceptance digest covers what decides acceptance or identity, the judgement digest the rest.
    """

    id: str
    name: str
    country: str
    time_zone: str
    days: tuple[date, ...]
    contests: Mapping[str, Contest]
    main_contest: str
    regions: Mapping[str, Region]
    stations: Mapping[str, Station] | None
    commissions: Mapping[str, Commission] | None
    commission_counts: Mapping[str, int]
    districts: Mapping[str, District]
    categories: Mapping[str, Category]
    questions: Mapping[str, Question]
    deployment: tuple[Deployment, ...]
    sources: Mapping[str, Source]
    publishers: Mapping[str, Publisher]
    checkpoints: tuple[int, ...]
    checkpoint_tolerance: int
    future_tolerance: int
    restriction_future_tolerance: int
    polling: Mapping[str, Polls]
    embargo_until: datetime
    judgement: Judgement
    acceptance_digest: str
    judgement_digest: str

    def checkpoint(self, as_of: int) -> int:
        """The checkpoint nearest to ``as_of`` within the tolerance, else ``as_of`` itself.

        Of two equally near the earlier one.
        """
        place = bisect_left(self.checkpoints, as_of)
        near = self.checkpoints[max(place - 1, 0) : place + 1]
        best = min(near, key=lambda moment: abs(moment - as_of), default=as_of)
        return best if abs(best - as_of) <= self.checkpoint_tolerance else as_of

    def polls(self, region: str) -> Polls:
        """(open, close) of each day in ``region``; () where the pack does not know them.

        For the country: from the first opening to the last closing in any of its regions.
        """
        return self.polling.get(region, ())

    def phase_end(self, region: str, phase: str) -> int | None:
        """When ``phase`` is over in ``region``; None: never, or not known.

        Before the election until the first opening, opening until the last day's opening,
        voting until the last closing, counting and tabulation as many hours after that as
        ``judgement.phase_hours`` says.
        """
        polls = self.polls(region)
        if not polls:
            return None
        match phase:
            case "pre_election":
                return polls[0][0]
            case "opening":
                return polls[-1][0]
            case "voting":
                return polls[-1][1]
            case "counting":
                hours = self.judgement.phase_hours.counting
            case "tabulation":
                hours = self.judgement.phase_hours.tabulation
            case _:
                return None
        return polls[-1][1] + hours * _HOUR if hours else None

    def region_codes(self) -> list[str]:
        """The regions from which reports are expected, sorted: all but the country's row."""
        return sorted(code for code, region in self.regions.items() if region.kind != "country")
