"""Runs mappings on small CSV files of the small test pack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from streams.sources.importing.load import parse_mapping
from streams.sources.importing.run import Import, load_lookups
from tests.packs import small_pack

REPORTS = """\
[event]
type = "election.observer.incident.v1"
source = "urn:test:citizen"
id = "{id}"
time = "time"

[fields]
report_id = { column = "id" }
revision = { const = 0 }
region = { column = "region" }
observer_group = { const = "citizen" }
phase = { const = "voting" }
category = { column = "category" }
"""
"""Incidents from a file with the columns id, time, region, category."""

TURNOUT = """\
[event]
type = "election.official.turnout.v1"
source = "urn:test:official"
time = "time"

[fields]
publisher = { const = "commission" }
region = { column = "region" }
as_of = { column = "time", type = "time" }
"""
"""A figure by region and time; the figure itself is the test's to add."""

NOON = "2030-06-02T12:00:00Z"


class Outcome:
    """What came of a file: the events' bytes, the complaints, the summary."""

    def __init__(self, path: Path, mapping: str) -> None:
        rules = parse_mapping(mapping, "mapping.toml")
        self.complaints: list[str] = []
        tables = load_lookups(rules, path.parent, {})
        run = Import(rules, tables, small_pack(), self.complaints.append)
        self.raw = list(run.events(path))
        self.summary = run.summary

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events as JSON."""
        return [json.loads(raw) for raw in self.raw]

    @property
    def data(self) -> list[dict[str, Any]]:
        """Their data."""
        return [event["data"] for event in self.events]


def outcome(tmp_path: Path, mapping: str, *lines: str) -> Outcome:
    """Import a CSV file of these lines."""
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Outcome(path, mapping)
