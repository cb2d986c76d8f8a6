"""Results protocols of one region: observers' copies and what was published, by place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from schemas.desk import Triage
from schemas.fields import microseconds
from schemas.observer import ObservedProtocol
from schemas.official import OfficialProtocol
from schemas.pack import Pack
from streams.tables.arithmetic import FaultKind, check, figures
from streams.tables.incidents import DISMISSED
from streams.tables.ledger import Ledger
from streams.tables.versions import Outcome, Version

Place = tuple[str, str, str]
"""(station or "", commission or "" (always, where there is a station), contest)"""


class Copy(NamedTuple):
    """An observer's copy, with what the desk decided about it."""

    version: Version
    status: str


class Difference(NamedTuple):
    """A figure, or ``votes.<contestant>``, that a place's protocols do not agree about.

    ``official``: as published; None: not, or not with this contestant. ``observed``: (source,
    report id, figure) of each copy that has it; a contestant that a copy leaves out is None.
    """

    figure: str
    official: int | None
    observed: tuple[tuple[str, str, int | None], ...]


class Tally(NamedTuple):
    """What metrics show of a region.

    ``copies``: that stand. ``different``: those of them that the published protocol contradicts.
    ``faults``: kind → protocols with it, copies and published ones.
    """

    copies: int
    different: int
    faults: Mapping[FaultKind, int]


class Protocols:
    """``copies``: place → (source, report id) → the current, not withdrawn copy.

    ``official``: (place, publisher) → every version; ``published``: place → publisher → head.
    """

    __slots__ = ("_fresh", "_tallied_for", "_tallies", "copies", "official", "published")

    def __init__(self) -> None:
        self.copies: dict[Place, dict[tuple[str, str], Copy]] = {}
        self.official: Ledger[tuple[Place, str]] = Ledger()
        self.published: dict[Place, dict[str, Version]] = {}
        self._fresh: set[Place] = set()
        self._tallies: dict[Place, Tally] = {}
        self._tallied_for: Pack | None = None

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

    def headline(self, place: Place, pack: Pack) -> Version | None:
        """The published protocol that counts: the highest-ranked publisher's."""
        found = self.published.get(place)
        if not found:
            return None
        known = pack.publishers

        def rank(code: str) -> tuple[int, str]:
            return known[code].rank if code in known else len(known), code

        return found[min(found, key=rank)]

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
        emptied, is none.
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
        if pack is not self._tallied_for:
            self._fresh.update(self.copies, self.published)
            self._tallied_for = pack
        for place in self._fresh:
            found = self._tally(place, pack)
            if found == _NOTHING:
                self._tallies.pop(place, None)
            else:
                self._tallies[place] = found
        self._fresh.clear()
        faults: Counter[FaultKind] = Counter()
        for one in self._tallies.values():
            faults.update(one.faults)
        tallies = self._tallies.values()
        return Tally(sum(t.copies for t in tallies), sum(t.different for t in tallies), faults)

    def _tally(self, place: Place, pack: Pack) -> Tally:
        home = home_share(pack)
        headline = self.headline(place, pack)
        copies = self.standing(place)
        documents = [copy.version.data for copy in copies]
        different = 0
        if headline is not None:
            different = sum(bool(differences(headline, [copy])) for copy in copies)
            documents.append(headline.data)
        faults = Counter(fault.kind for data in documents for fault in check(data, home)[0])
        return Tally(len(copies), different, faults)


_NOTHING = Tally(0, 0, {})


def place_of(data: ObservedProtocol | OfficialProtocol) -> Place:
    """Where a protocol is of: its station, else its commission, else the region itself."""
    if data.station is not None:
        return data.station, "", data.contest
    return "", data.commission or "", data.contest


def home_share(pack: Pack) -> Fraction:
    """The pack's largest share of voters at home that is no finding, exact as written."""
    return Fraction(repr(pack.judgement.alarms.home_voting_percent)) / 100


def differences(headline: Version | None, copies: list[Copy]) -> list[Difference]:
    """The figures that a place's protocols, the published one and the copies, differ in."""
    official = {} if headline is None else dict(_spelled(headline.data))
    observed: dict[str, dict[tuple[str, str], int]] = {}
    with_votes: set[tuple[str, str]] = set()
    for version, _ in copies:
        key = (version.source, version.data.report_id)
        if version.data.votes is not None:
            with_votes.add(key)
        for name, value in _spelled(version.data):
            observed.setdefault(name, {})[key] = value
    votes_published = headline is not None and headline.data.votes is not None
    found = []
    for name in sorted(official.keys() | observed.keys()):
        mine: dict[tuple[str, str], int | None] = {**observed.get(name, {})}
        values: set[int | None] = set(mine.values())
        if name.startswith("votes."):
            mine |= dict.fromkeys(with_votes - mine.keys())
            values = set(mine.values())
            if votes_published:
                values.add(official.get(name))
        elif name in official:
            values.add(official[name])
        if len(values) > 1:
            shown = tuple((*key, mine[key]) for key in sorted(mine))
            found.append(Difference(name, official.get(name), shown))
    return found


def _spelled(data: ObservedProtocol | OfficialProtocol) -> Iterator[tuple[str, int]]:
    yield from figures(data)
    for contestant, votes in data.votes or ():
        yield f"votes.{contestant}", votes
