"""Rows of a file to events, by a mapping."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from streams.sources.importing.model import PACK_ZONE, Require
from streams.sources.importing.model import Mapping as Rules
from streams.sources.importing.revisions import Revisions
from streams.sources.importing.table import LookupTable, Row, RowError
from streams.sources.importing.value_model import HASH, REVISION
from streams.sources.importing.values import Values

if TYPE_CHECKING:
    from schemas.pack import Pack

VISIT: Final = "election.observer.visit.v1"


class Made(NamedTuple):
    """An event made from a row: its type, its identity in the log, its data and its bytes."""

    type: str
    source: str
    id: str
    time: str
    data: dict[str, Any]
    raw: bytes


class Envelope(NamedTuple):
    """What the events of a row have in common."""

    source: str
    time: str
    election: str


def make(kind: str, envelope: Envelope, data: dict[str, Any], identity: str) -> Made:
    """The event, its bytes in the one order of keys. Raises ``RowError``."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": identity,
        "source": envelope.source,
        "type": kind,
        "time": envelope.time,
        "datacontenttype": "application/json",
        "election": envelope.election,
    }
    if "report_id" in data:
        event["subject"] = data["report_id"]
    event["data"] = data
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise RowError("holds half a character (a lone surrogate), which is no text") from error
    return Made(kind, envelope.source, identity, envelope.time, data, raw)


class Skip(NamedTuple):
    """Why the mapping leaves a row out."""

    reason: str


class Mapper:
    """Applies one mapping; remembers nothing but what ``revisions`` does.

    ``reported``, where it is a set, gets every report seen: (source, report_id).
    """

    def __init__(
        self,
        rules: Rules,
        lookups: Mapping[str, LookupTable],
        pack: Pack,
        revisions: Revisions | None,
    ) -> None:
        self._rules = rules
        self._election = pack.id
        self.reported: set[tuple[str, str]] | None = None
        zone = pack.time_zone if rules.file.timezone == PACK_ZONE else rules.file.timezone
        self._values = Values(lookups, ZoneInfo(zone) if zone else None)
        self._pattern = re.compile(rules.split.pattern or "") if rules.split else None
        self._revisions = revisions
        self._hashed = any(f"{{{HASH}}}" in (v.template or "") for _, v in rules.values())

    def events(self, row: Row) -> Skip | list[Made]:
        """The events of ``row``, or why it has none. Raises ``RowError``."""
        for check in self._rules.require:
            _require(check, row.columns[check.column])
        for rule in self._rules.filter:
            if rule.drops(row.columns):
                return Skip(rule.reason)
        return [made for part in self._parts(row.columns) for made in self._made(part)]

    def _parts(self, columns: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """The row once for each of its parts, with the columns that the part brings."""
        split = self._rules.split
        if split is None or self._pattern is None:
            yield self._with_hash({**columns})
            return
        if taken := sorted(split.makes() & columns.keys()):
            raise RowError(f"column '{taken[0]}': [split] makes a column of that name as well")
        parts = [part.strip() for part in columns[split.column].split(split.separator)]
        if not any(parts):
            if split.empty is None:
                raise RowError(f"column '{split.column}': is empty, and [split] has no 'empty'")
            yield self._with_hash({**columns, **split.empty})
            return
        for part in filter(None, parts):
            fitted = self._pattern.fullmatch(part) if split.pattern else None
            if split.pattern and fitted is None:
                raise RowError(
                    f"column '{split.column}': '{part[:40]}' does not fit [split] pattern"
                )
            named = fitted.groupdict(default="") if fitted else {}
            yield self._with_hash({**columns, **named, split.as_: part})

    def _with_hash(self, columns: dict[str, str]) -> dict[str, str]:
        if self._hashed:
            content = json.dumps(columns, sort_keys=True, ensure_ascii=False)
            known = hashlib.sha256(content.encode(errors="surrogatepass"))
            columns[HASH] = known.hexdigest()[:32]
        return columns

    def _made(self, row: dict[str, str]) -> Iterator[Made]:
        event = self._rules.event
        kind = str(self._values.make(event.type, row))
        source = str(self._values.make(event.source, row))
        time = str(self._values.make(event.time, row))
        data = self._data(kind, row)
        envelope = Envelope(source, time, self._election)
        if self.reported is not None and "report_id" in data:
            self.reported.add((source, str(data["report_id"])))
        if self._revisions is None:
            row[REVISION] = str(data.get("revision", 0))
            yield make(kind, envelope, data, self._id(row))
            return
        for version, numbered in self._revisions.number(kind, source, data):
            row[REVISION] = str(numbered["revision"])
            moved = numbered.get("withdrawn") and not data.get("withdrawn")
            identity = self._id(row) + ("-moved" if moved else "")
            yield make(version, envelope, numbered, identity)

    def _id(self, row: Mapping[str, str]) -> str:
        try:
            return str(self._values.make(self._rules.event.id, row))
        except RowError as error:
            raise RowError(f"id: {error}") from error

    def _data(self, kind: str, row: Mapping[str, str]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, value in self._rules.fields.items():
            if value.only_for and kind not in value.only_for:
                continue
            try:
                made = self._values.make(value, row)
            except RowError as error:
                raise RowError(f"{name}: {error}") from error
            if made is not None:
                *outer, last = name.split(".")
                inside = data
                for step in outer:
                    inside = inside.setdefault(step, {})
                inside[last] = made
        if kind == VISIT:
            data.setdefault("answers", {})  # none of the form's questions was answered
        return data


def _require(check: Require, text: str) -> None:
    if text not in check.one_of:
        raise RowError(f"column '{check.column}': '{text[:40]}': {check.reason}")
