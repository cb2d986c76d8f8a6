"""What is wrong with the protocols of one place and contest: within, between and over time.

Functions of the set of versions, so that the order of arrival cannot matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Final, Literal, NamedTuple, get_args

from schemas.observer import ObservedProtocol
from streams.tables.arithmetic import CHECKS, FAULTS, Fault, FaultKind, check
from streams.tables.differences import Copy
from streams.tables.protocol_figures import (
    Published,
    contradictions,
    gives,
    place_of,
    spelled,
)
from streams.tables.versions import Version, revisions

VersionKind = Literal["publishers_differ", "corrected", "copy_corrected", "same_revision"]
FindingKind = FaultKind | VersionKind
FINDINGS: Final[tuple[FindingKind, ...]] = (*FAULTS, *get_args(VersionKind))
"""Every kind of finding, for counts that show zero."""


class Finding(NamedTuple):
    """``version`` by itself or against ``previous``; ``open``: true of what counts now.

    A fault in the arithmetic holds ``value`` against ``limit``. The other kinds name a
    ``figure``: ``value`` is that of ``version``, ``previous_value`` that of ``previous``; None: it
    has none.
    """

    kind: FindingKind
    open: bool
    version: Version
    figure: str | None
    value: int | None
    limit: int | None
    previous: Version | None
    previous_value: int | None

    @property
    def protocol(self) -> tuple[str, ...]:
        """Whose it is: (publisher,), or (source, report id) of a copy."""
        data = self.version.data
        if isinstance(data, ObservedProtocol):
            return self.version.source, data.report_id
        return (data.publisher,)


def findings(published: Published, copies: Iterable[Copy], home: Fraction) -> Iterator[Finding]:
    """All findings of one place and contest, open and past.

    - the faults of ``arithmetic.check``, of every version. Open: of the copies as they stand, and
      of the highest-ranked publisher whose current protocol has the figures for that check.
    - ``publishers_differ``: a publisher's figure, current (open) or past, that is not the figure
      that counts, which is another publisher's.
    - ``corrected``, ``copy_corrected``: a publisher, or an observer, changed a figure that an
      earlier revision gave, or dropped it. Open: the newest change of the figure, if it is what
      the current revision says and no higher-ranked publisher gives that figure.
    - ``same_revision``: one revision came with two figures; the one that is kept, and the other.
      Open: that revision is the current one, and no higher-ranked publisher gives that figure.

    Versions of one revision that say the same are one. A copy's versions are those of its current
    place and contest, without withdrawn ones.
    """
    yield from _published_faults(published, home)
    yield from _publishers_differ(published)
    for head in published.ranked:
        yield from _history("corrected", _distinct(head), partial(published.counts, head))
    for copy in copies:
        versions = _distinct(_versions_here(copy.version))
        for version in versions:
            for fault in check(version.data, home)[0]:
                yield _fault(fault, version, version is copy.version)
        yield from _history("copy_corrected", versions, lambda _: True)


def _distinct(versions: Iterable[Version]) -> list[Version]:
    """Ascending; of those with the same revision and figures only the last."""
    several = list(versions)
    if len(several) == 1:
        return several
    found: dict[object, Version] = {}
    for version in several:
        key = version.data.revision, frozenset(spelled(version.data).items())
        found.pop(key, None)
        found[key] = version
    return list(found.values())


def _versions_here(current: Version) -> Iterator[Version]:
    for version in current:
        data = version.data
        if (
            isinstance(data, ObservedProtocol)
            and not data.withdrawn
            and place_of(data) == place_of(current.data)
        ):
            yield version


def _fault(fault: Fault, version: Version, is_open: bool) -> Finding:
    return Finding(fault.kind, is_open, version, None, fault.value, fault.limit, None, None)


def _published_faults(published: Published, home: Fraction) -> Iterator[Finding]:
    decided: set[FaultKind] = set()
    for head in published.ranked:
        *past, current = _distinct(head)
        faults, missing = check(current.data, home)
        for fault in faults:
            yield _fault(fault, current, fault.kind not in decided)
        decided |= CHECKS.keys() - set(missing)
        for version in past:
            for fault in check(version.data, home)[0]:
                yield _fault(fault, version, False)


def _publishers_differ(published: Published) -> Iterator[Finding]:
    if len(published.ranked) < 2:
        return
    for head in published.ranked:
        for version in _distinct(head):
            for other in published.ranked:
                for figure, value, previous in contradictions(version.data, other.data):
                    if other is not head and published.counting(figure) is other:
                        is_open = version is head
                        values = figure, value, None, other, previous
                        yield Finding("publishers_differ", is_open, version, *values)


def _history(
    kind: VersionKind, versions: Sequence[Version], counts: Callable[[str], bool]
) -> Iterator[Finding]:
    """What the versions of one protocol, ascending, say of each other."""
    if len(versions) < 2:
        return
    current, steps = versions[-1], revisions(versions)
    kept = {version.data.revision: version for version in steps}
    for other in versions:
        version = kept[other.data.revision]
        for figure, value, previous in contradictions(version.data, other.data):
            is_open = version is current and counts(figure)
            yield Finding("same_revision", is_open, version, figure, value, None, other, previous)
    for figure in sorted({figure for version in steps for figure in spelled(version.data)}):
        changes = _changes(figure, steps)
        now = spelled(current.data).get(figure)
        for number, (version, given) in enumerate(changes, 1):
            value, before = (spelled(one.data).get(figure) for one in (version, given))
            is_open = number == len(changes) and value == now and counts(figure)
            yield Finding(kind, is_open, version, figure, value, None, given, before)


def _changes(figure: str, steps: Sequence[Version]) -> list[tuple[Version, Version]]:
    """(revision that changed or dropped a figure, the revision that had given it last)."""
    found = []
    given: Version | None = None
    for before, version in pairwise(steps):
        if gives(before.data, figure):
            given = before
        if given is None or not (given is before or gives(version.data, figure)):
            continue
        if spelled(version.data).get(figure) != spelled(given.data).get(figure):
            found.append((version, given))
    return found
