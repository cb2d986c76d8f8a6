"""What imports before this one wrote, so that this one goes on from there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import Any, Final, NamedTuple

from streams.errors import UserError
from streams.sources.importing.revisions import Version
from streams.sources.importing.rows import Envelope, Made, make
from streams.sources.importing.table import RowError

Report = tuple[str, str]
"""(source, report_id)."""
_GONE: Final = "-gone"
"""How the id ends of what withdraws a report that an export has no longer."""


class Known(NamedTuple):
    """The newest version of a report that was imported before, and its time.

    ``gone``: it was withdrawn because an export had it no longer.
    """

    version: Version
    time: str
    gone: bool


class Earlier:
    """The newest version of each report in files of events, and each report's time.

    ``older``: how many reports have shown up in a version before that one. ``again``: those that
    were withdrawn as gone, and have shown up as they were.
    """

    def __init__(self) -> None:
        self._newest: dict[Report, Known] = {}
        self.older = 0
        self.again: list[Made] = []

    @classmethod
    def load(cls, paths: Iterable[Path], types: Set[str]) -> Earlier:
        """Read files that imports wrote, the oldest first. ``types``: of the mapping's events.

        Raises ``UserError`` with file:line for what is no event of a report, or of another type:
        all reports of another mapping would be withdrawn as gone from this one's files.
        """
        earlier = cls()
        for path in paths:
            try:
                with path.open(encoding="utf-8") as stream:
                    for number, line in enumerate(stream, 1):
                        earlier._take(line, types, f"{path}:{number}")
            except UnicodeError as error:
                raise UserError(f"{path}: not UTF-8: {error}") from error
            except OSError as error:
                raise UserError(f"{path}: cannot be read: {error.strerror}") from error
        return earlier

    def _take(self, line: str, types: Set[str], where: str) -> None:
        try:
            event = json.loads(line)
            data = event["data"]
            report = (str(event["source"]), str(data["report_id"]))
            revision, version = int(data["revision"]), (str(event["type"]), data)
            time, gone = str(event["time"]), str(event["id"]).endswith(_GONE)
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(
                f"{where}: no event of an observer's report; --previous takes what imports with "
                "this mapping wrote"
            ) from error
        if version[0] not in types:
            raise UserError(
                f"{where}: {version[0]}, of which this mapping writes none; --previous takes what "
                "imports with this mapping wrote"
            )
        known = self._newest.get(report)
        # A report that moved is withdrawn and reported again, both with one revision.
        if known is None or revision >= known.version[1]["revision"]:
            self._newest[report] = Known(version, time, gone)

    @property
    def standing(self) -> int:
        """How many reports are not withdrawn."""
        return sum(not known.version[1].get("withdrawn") for known in self._newest.values())

    def versions(self) -> Iterator[tuple[str, Version]]:
        """The newest versions with their sources."""
        for (source, _), known in self._newest.items():
            yield source, known.version

    def news(self, made: Made, election: str) -> list[Made]:
        """What the log lacks of an event with a revision of its own: nothing, it, or a move too.

        Raises ``RowError`` where the revision is known with another content.
        """
        known = self._newest.get((made.source, str(made.data.get("report_id"))))
        if known is None:
            return [made]
        kind, data = known.version
        revision = int(made.data["revision"])
        if (kind, data) == (made.type, made.data):
            return []
        if revision < data["revision"]:
            if (kind, _said(data)) != (made.type, _said(made.data)):
                self.older += not data.get("withdrawn")
            elif known.gone and not made.data.get("withdrawn"):
                self.again.append(made)
            return []
        if revision == data["revision"]:
            raise RowError(
                f"revision {revision} of report '{made.data['report_id']}' was imported before "
                "with another content"
            )
        if data["region"] == made.data["region"] or data.get("withdrawn"):
            return [made]
        moved = {**data, "revision": revision, "withdrawn": True}
        envelope = Envelope(made.source, made.time, election)
        return [make(kind, envelope, moved, f"{made.id}-moved"), made]

    def gone(self, reported: set[Report], election: str) -> Iterator[Made]:
        """Withdrawals of what is not among the ``reported``."""
        for (source, name), ((kind, data), time, _) in self._newest.items():
            if (source, name) not in reported and not data.get("withdrawn"):
                revision = data["revision"] + 1
                withdrawn: dict[str, Any] = {**data, "revision": revision, "withdrawn": True}
                envelope = Envelope(source, time, election)
                yield make(kind, envelope, withdrawn, f"{name}-{revision}{_GONE}")

    def back(self, election: str) -> Iterator[Made]:
        """The reports that are there ``again``, above the revision that withdrew them."""
        for made in {(made.source, made.data["report_id"]): made for made in self.again}.values():
            name = str(made.data["report_id"])
            revision = self._newest[made.source, name].version[1]["revision"] + 1
            envelope = Envelope(made.source, made.time, election)
            data = {**made.data, "revision": revision}
            yield make(made.type, envelope, data, f"{name}-{revision}-back")


def _said(data: dict[str, Any]) -> dict[str, Any]:
    """What a version says, whichever it is."""
    return {name: value for name, value in data.items() if name not in ("revision", "withdrawn")}
