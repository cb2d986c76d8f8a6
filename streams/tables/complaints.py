"""Complaints of one region: filed, decided, published, and how many are overdue or came late."""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple, get_args

from schemas.desk import Complaint, ComplaintOutcome
from schemas.fields import microseconds
from schemas.pack import Pack
from streams.tables.ledger import Ledger

OUTCOMES: Final[tuple[ComplaintOutcome, ...]] = get_args(ComplaintOutcome)
_HOUR: Final = 3_600_000_000


class Course(NamedTuple):
    """How a region's complaints stand.

    ``overdue``: undecided for longer than the pack's ``complaint_hours`` after they were filed.
    ``late``: decided, but longer than that after. ``outcomes``: of the decided that say one.
    """

    filed: int
    decided: int
    published: int
    overdue: int
    late: int
    outcomes: dict[str, int]


class Complaints(Ledger[tuple[str, str]]):
    """Every complaint by (source, complaint id)."""

    __slots__ = ()

    def course(self, pack: Pack, now: int) -> Course:
        """The counts at ``now`` (µs), of the current complaints that were not withdrawn."""
        standing: list[Complaint] = [
            head.data for head in self.heads.values() if not head.data.withdrawn
        ]
        outcomes = Counter(data.outcome for data in standing if data.outcome is not None)
        return Course(
            len(standing),
            sum(data.decided is not None for data in standing),
            sum(data.published is not None for data in standing),
            sum(due < now for due in self._due(standing, pack)),
            sum(
                data.decided is not None and microseconds(data.decided) > _limit(data, pack)
                for data in standing
            ),
            {name: outcomes[name] for name in OUTCOMES if outcomes[name]},
        )

    def next_overdue(self, pack: Pack, now: int) -> int | None:
        """The first moment (µs) after ``now`` at which one more is overdue."""
        standing = [head.data for head in self.heads.values() if not head.data.withdrawn]
        later = [due + 1 for due in self._due(standing, pack) if due >= now]
        return min(later, default=None)

    def _due(self, standing: list[Complaint], pack: Pack) -> list[int]:
        return [_limit(data, pack) for data in standing if data.decided is None]


def _limit(data: Complaint, pack: Pack) -> int:
    """The last moment (µs) at which a decision is in time."""
    return microseconds(data.filed) + pack.judgement.alarms.complaint_hours * _HOUR
