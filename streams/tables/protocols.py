"""Results protocols of one region: observers' copies and what was published, by place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from schemas.desk import Triage
from schemas.fields import microseconds
from schemas.pack import Pack
from streams.tables.differences import Copy, contradicted
from streams.tables.incidents import DISMISSED
from streams.tables.ledger import Ledger
from streams.tables.lots import exhaust
from streams.tables.protocol_figures import Place, Published, place_of
from streams.tables.protocol_findings import FindingKind, findings
from streams.tables.versions import Outcome, Version


class Tally(NamedTuple):
    """What metrics show of a region.

    ``copies``: that stand. ``different``: those of them that the published figures contradict.
    ``findings``: kind → protocols, copies and published ones, with an open finding of it.
    """

    copies: int
    different: int
    findings: Mapping[FindingKind, int]


class Protocols:
    """``copies``: place → (source, report id) → the current, not withdrawn copy.

    ``official``: (place, publisher) → every version; ``published``: place → publisher → head.
    """

    __slots__ = ("_fresh", "_sum", "_tallied_for", "_tallies", "copies", "official", "published")

    def __init__(self) -> None:
        self.copies: dict[Place, dict[tuple[str, str], Copy]] = {}
        self.official: Ledger[tuple[Place, str]] = Ledger()
        self.published: dict[Place, dict[str, Version]] = {}
        self._fresh: set[Place] = set()
        self._tallies: dict[Place, Tally] = {}
        self._tallied_for: Pack | None = None
        self._sum: Tally | None = None

    def add(self, version: Version, decision: Triage | None) -> None:
        """Put an observer's copy where it belongs."""
        place = place_of(version.data)
        status = "reported" if decision is None else decision.status
        copies = self.copies.setdefault(place, {})
        copies[version.source, version.data.report_id] = Copy(version, status)
        self._fresh.add(place)

    def remove(self, version: Version) -> None:
        """Take out what :meth:`add` put in."""
        place = place_of(version.data)
        copies = self.copies[place]
        del copies[version.source, version.data.report_id]
        if not copies:
            del self.copies[place]
        self._fresh.add(place)

    def publish(self, new: Version) -> Outcome:
        """Add a version of a published protocol."""
        place, publisher = place_of(new.data), new.data.publisher
        outcome = self.official.add((place, publisher), new)
        head = self.official.heads[place, publisher]
        self.published.setdefault(place, {})[publisher] = head
        self._fresh.add(place)
        return outcome

    def at(self, place: Place, pack: Pack) -> Published:
        """What is published of a place, by the rank of the publishers in the pack."""
        heads, known = self.published.get(place, {}), pack.publishers

        def rank(code: str) -> tuple[int, str]:
            return known[code].rank if code in known else len(known), code

        return Published(tuple(heads[code] for code in sorted(heads, key=rank)))

    def standing(self, place: Place, keep: frozenset[str] | None = None) -> list[Copy]:
        """The copies of a place that were not dismissed; only statuses in ``keep`` if given."""
        return [
            copy
            for _, copy in sorted(self.copies.get(place, {}).items())
            if (copy.status not in DISMISSED if keep is None else copy.status in keep)
        ]

    def stations(self, contest: str) -> tuple[int, int | None]:
        """How many stations have published results, and since when (µs) the first has.

        Results are votes by contestant: a protocol without any, or one that a correction has
        emptied, is none, and hides none of another publisher.
        """
        number, since = 0, None
        for (station, _, held), publishers in self.published.items():
            if not station or held != contest:
                continue
            moments = [
                microseconds(one.data.published)
                for head in publishers.values()
                if head.data.votes
                for one in head
                if one.data.votes
            ]
            if moments:
                number += 1
                since = min(moments if since is None else [since, *moments])
        return number, since

    def tally(self, pack: Pack) -> Tally:
        """The region's numbers; only places that changed are looked at again."""
        exhaust(self.settle(pack))
        if self._sum is None:
            found_of: Counter[FindingKind] = Counter()
            for one in self._tallies.values():
                found_of.update(one.findings)
            tallies = self._tallies.values()
            copies, different = (sum(t.copies for t in tallies), sum(t.different for t in tallies))
            self._sum = Tally(copies, different, found_of)
        return self._sum

    def settle(self, pack: Pack) -> Iterator[None]:
        """Look at the places that changed since the last look, one at a step."""
        if pack is not self._tallied_for:
            self._fresh.update(self.copies, self.published)
            self._tallied_for, self._sum = pack, None
        for place in list(self._fresh):
            if place not in self._fresh:
                continue
            self._fresh.remove(place)
            self._sum = None
            found = self._tally(place, pack)
            if found == _NOTHING:
                self._tallies.pop(place, None)
            else:
                self._tallies[place] = found
            yield

    def _tally(self, place: Place, pack: Pack) -> Tally:
        published, copies = self.at(place, pack), self.standing(place)
        different = sum(contradicted(published, copy) for copy in copies)
        found = findings(published, copies, home_share(pack))
        protocols = {(finding.kind, finding.protocol) for finding in found if finding.open}
        return Tally(len(copies), different, Counter(kind for kind, _ in protocols))


_NOTHING = Tally(0, 0, {})


def home_share(pack: Pack) -> Fraction:
    """The pack's largest share of voters at home that is no finding, exact as written."""
    return Fraction(repr(pack.judgement.alarms.home_voting_percent)) / 100
