"""What imports before this one wrote, so that this one goes on from there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import Any

from streams.errors import UserError
from streams.sources.importing.revisions import Version
from streams.sources.importing.rows import Envelope, Made, make
from streams.sources.importing.table import RowError

Report = tuple[str, str]
"""(source, report_id)."""


class Earlier:
    """The newest version of each report in files of events, and each report's time."""

    def __init__(self) -> None:
        self._newest: dict[Report, tuple[Version, str]] = {}

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
            time = str(event["time"])
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
        if known is None or revision >= known[0][1]["revision"]:
            self._newest[report] = (version, time)

    def versions(self) -> Iterator[tuple[str, Version]]:
        """The newest versions with their sources."""
        for (source, _), (version, _) in self._newest.items():
            yield source, version

    def news(self, made: Made, election: str) -> list[Made]:
        """What the log lacks of an event with a revision of its own: nothing, it, or a move too.

        Raises ``RowError`` where the revision is known with another content.
        """
        known = self._newest.get((made.source, str(made.data.get("report_id"))))
        if known is None:
            return [made]
        (kind, data), _ = known
        revision = int(made.data["revision"])
        if revision < data["revision"] or (kind, data) == (made.type, made.data):
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
        for (source, name), ((kind, data), time) in self._newest.items():
            if (source, name) not in reported and not data.get("withdrawn"):
                revision = data["revision"] + 1
                withdrawn: dict[str, Any] = {**data, "revision": revision, "withdrawn": True}
                envelope = Envelope(source, time, election)
                yield make(kind, envelope, withdrawn, f"{name}-{revision}-gone")
