"""All tables of one region, kept up as its versions come in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from schemas.desk import Complaint, Notice, Triage
from schemas.fields import microseconds
from schemas.observer import Incident, ObservedProtocol, ObservedTurnout, Restriction, Visit
from schemas.official import OfficialProtocol, OfficialTurnout, Opening
from schemas.pack import Pack
from schemas.verdict import Accepted
from streams.tables.complaints import Complaints
from streams.tables.hashing import hashed_at_once, hashed_in_steps
from streams.tables.heard import Heard
from streams.tables.incidents import DISMISSED, Incidents
from streams.tables.ledger import Ledger
from streams.tables.official import OfficialTurnoutTable
from streams.tables.openings import Openings
from streams.tables.protocols import Protocols
from streams.tables.restrictions import Restrictions
from streams.tables.turnout import RegionTurnout
from streams.tables.versions import Outcome, Version, enlarge, find
from streams.tables.visits import Visits

Heads = dict[str, dict[str, Version]]
"""Source → report id → the current version, which carries the others."""


class RegionTables:
    """The versions of one region and every table that is a function of them.

    ``reports``: every observers' report, whatever its type. ``decisions``: the desk's, by the
    report they are about. ``several`` and ``decided_several``: the (source, report id) of those
    with more than one version. ``changes`` grows with every change of state, ``position`` with
    every record. ``last_official``: the newest moment (µs) of any official figure.
    ``notices``: by (source, notice id). ``journal``: see ``Partition``.
    """

    __slots__ = (
        "_digest",
        "_pack",
        "_put_down",
        "changes",
        "code",
        "complaints",
        "decided_several",
        "decisions",
        "heard",
        "incidents",
        "journal",
        "last_official",
        "notices",
        "official",
        "openings",
        "position",
        "protocols",
        "reports",
        "restrictions",
        "several",
        "turnout",
        "visits",
    )

    def __init__(self, code: str, pack: Pack, journal: list[Version] | None = None) -> None:
        self._pack = pack
        self.code = code
        self.journal = journal
        self.changes = 0
        self.position = 0
        self.last_official: int | None = None
        self.reports: Heads = {}
        self.decisions: Heads = {}
        self.several: set[tuple[str, str]] = set()
        self.decided_several: set[tuple[str, str]] = set()
        self.incidents = Incidents()
        self.restrictions = Restrictions()
        self.visits = Visits()
        self.protocols = Protocols()
        self.heard = Heard()
        self._put_down = self.heard.put_down
        self.official = OfficialTurnoutTable(pack)
        self.turnout = RegionTurnout(code, pack, self.official)
        self.openings = Openings()
        self.notices: Ledger[tuple[str, str]] = Ledger()
        self.complaints = Complaints()
        self._digest: tuple[int, str] | None = None

    def add(self, accepted: Accepted) -> Outcome:
        """Fold one accepted event of this region."""
        self.position += 1
        event, _, at, skewed = accepted
        time = microseconds(event.time) if skewed else at
        return self.put(Version(event.id, event.source, time, at, event.data))

    def put(self, version: Version) -> Outcome:
        """Fold one version of this region, of whatever kind, and keep it in the journal."""
        outcome = self.take(version)
        if outcome != "duplicate":
            self.changes += 1
            if self.journal is not None:
                self.journal.append(version)
        return outcome

    def take(self, version: Version) -> Outcome:
        """Put a version into the tables, where it may be already."""
        kind = version.data.__class__
        if kind is Incident or kind is Restriction:
            return self._report(version)
        return self._other(kind, version)

    def _other(self, kind: type, version: Version) -> Outcome:
        """Fold what is neither an incident nor a restriction, which are nearly everything."""
        data = version.data
        if kind is Triage:
            return self._decide(version)
        if kind is OfficialTurnout:
            self._official(data.as_of)
            outcome = self.official.add(version)
            self.turnout.published((data.station or "", data.contest or self._pack.main_contest))
            return outcome
        if kind is OfficialProtocol:
            self._official(data.published)
            return self.protocols.publish(version)
        if kind is Opening:
            self._official(data.as_of)
            return self.openings.put(version, self._pack)
        if kind is Notice:
            return self.notices.add((version.source, data.notice_id), version)
        if kind is Complaint:
            return self.complaints.add((version.source, data.complaint_id), version)
        return self._report(version)

    def _official(self, moment: datetime) -> None:
        at = microseconds(moment)
        if self.last_official is None or at > self.last_official:
            self.last_official = at

    def _report(self, new: Version) -> Outcome:
        source = new.source
        mine = self.reports.get(source)
        if mine is None:
            mine = self.reports[source] = {}
        report_id = new.data.report_id
        head = mine.get(report_id)
        if head is not None:
            return self._another(mine, head, new)
        mine[report_id] = new
        self._count(new, self.decision(source, report_id) if self.decisions else None)
        return "accepted"

    def _another(self, mine: dict[str, Version], head: Version, new: Version) -> Outcome:
        """Fold a version of a report that is known already."""
        known = find(head, new)
        if known is not None and known.at <= new.at:
            return "duplicate"
        source, report_id = new.source, new.data.report_id
        decision = self.decision(source, report_id)
        self._uncount(head, decision)
        if known is not None:
            # The same event, judged against an earlier record: the earlier time holds.
            known.at = new.at
            self._count(head, decision)
            self.changes += 1
            if self.journal is not None:
                self.journal.append(new)
            return "duplicate"
        current = mine[report_id] = enlarge(head, new)
        self.several.add((source, report_id))
        self._count(current, decision)
        return "accepted" if current is new else "superseded"

    def _decide(self, new: Version) -> Outcome:
        """Fold a decision, which its report may not have preceded."""
        about = new.data.about
        source, report_id = about.source, about.report_id
        mine = self.decisions.setdefault(source, {})
        head = mine.get(report_id)
        if head is None:
            current = new
        else:
            known = find(head, new)
            if known is not None:
                known.at = min(known.at, new.at)
                return "duplicate"
            current = enlarge(head, new)
            self.decided_several.add((source, report_id))
        report = self.report(source, report_id)
        if report is not None and current is new and not report.data.withdrawn:
            # That it was heard stays as it is, and looking for it there takes long.
            self._take_out(report, None if head is None else head.data)
            self._put_in(report, new.data)
        mine[report_id] = current
        return "accepted" if current is new else "superseded"

    def _count(self, version: Version, decision: Triage | None) -> None:
        """Put the contribution of a current version into every count."""
        data = version.data
        if data.withdrawn:
            return
        self._put_down(version)
        self._put_in(version, decision)

    def _put_in(self, version: Version, decision: Triage | None) -> None:
        data = version.data
        kind = data.__class__
        if kind is Incident:
            self.incidents.add(data, version.at, decision)
        elif kind is Restriction:
            self.restrictions.add(version, decision)
        elif kind is Visit:
            self.visits.add(version, decision)
        elif kind is ObservedProtocol:
            self.protocols.add(version, decision)
        elif kind is ObservedTurnout and not _dismissed(decision):
            self.turnout.add(version)

    def _uncount(self, version: Version, decision: Triage | None) -> None:
        """Take the contribution of a current version out of every count."""
        data = version.data
        if data.withdrawn:
            return
        self.heard.remove(version)
        self._take_out(version, decision)

    def _take_out(self, version: Version, decision: Triage | None) -> None:
        data = version.data
        kind = data.__class__
        if kind is Incident:
            self.incidents.remove(data, version.at, decision)
        elif kind is Restriction:
            self.restrictions.remove(version, decision)
        elif kind is Visit:
            self.visits.remove(version, decision)
        elif kind is ObservedProtocol:
            self.protocols.remove(version)
        elif kind is ObservedTurnout and not _dismissed(decision):
            self.turnout.remove(version)

    def decision(self, source: str, report_id: str) -> Triage | None:
        """The desk's current decision about a report, if there is one."""
        about = self.decisions.get(source)
        head = None if about is None else about.get(report_id)
        return None if head is None else head.data

    def report(self, source: str, report_id: str) -> Version | None:
        """The current version of a report, withdrawn or not."""
        return self.reports.get(source, {}).get(report_id)

    def _reported(self) -> Iterator[Version]:
        for mine in self.reports.values():
            for head in mine.values():
                yield from head

    def versions(self) -> Iterator[Version]:
        """Every version the region keeps."""
        yield from self._reported()
        for mine in self.decisions.values():
            for head in mine.values():
                yield from head
        yield from self._beside_reports()

    def _beside_reports(self) -> Iterator[Version]:
        yield from self.official.versions()
        yield from self.protocols.official.versions()
        yield from self.openings.versions()
        yield from self.notices.versions()
        yield from self.complaints.versions()

    def settle(self, pack: Pack) -> Iterator[None]:
        """The work that events left for whoever looks, in steps; events may come between them.

        Without it a look does all of it at once. What comes meanwhile may be left again.
        """
        yield from self.heard.settle()
        yield from self.official.settle()
        yield from self.protocols.settle(pack)
        yield from self.turnout.settle(pack)

    def digest(self) -> str:
        """SHA-256 (hex) over the sorted canonical lines of all versions, each with a newline."""
        if self._digest is None or self._digest[0] != self.changes:
            self._digest = (self.changes, hashed_at_once(self.versions()))
        return self._digest[1]

    def hashing(self) -> Iterator[str]:
        """The digest of this moment, in steps between which events may come.

        Yields "" while there is more to do, and the digest at last.
        """
        if self._digest is not None and self._digest[0] == self.changes:
            return iter((self._digest[1],))
        return self._hashing(self.changes, self._kept())

    def _kept(self) -> list[Version]:
        """``versions``, taken quickly: the loop stands still meanwhile, and there are many."""
        found: list[Version] = []
        for heads, several in (
            (self.reports, self.several),
            (self.decisions, self.decided_several),
        ):
            for mine in heads.values():
                found += mine.values()
            for source, report_id in several:
                found += heads[source][report_id].others or ()
        found += self._beside_reports()
        return found

    def _hashing(self, changes: int, versions: list[Version]) -> Iterator[str]:
        found = ""
        for found in hashed_in_steps(versions):
            yield found
        if self._digest is None or self._digest[0] < changes:
            self._digest = (changes, found)


def _dismissed(decision: Triage | None) -> bool:
    """Whether the desk took a report out of what is counted."""
    return decision is not None and decision.status in DISMISSED
