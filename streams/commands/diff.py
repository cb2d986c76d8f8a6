"""`scrutineer diff`: what changed between two moments, archives, packs or results, and why."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final, NamedTuple

import click

from schemas.fields import rfc3339
from streams.archive.differing import AGES, Cause, Change, differences, of_documents
from streams.archive.folding import AsOf
from streams.archive.pack_changes import PackChange, judgement_changes, pack_changes
from streams.archive.replay import Numbers
from streams.commands.inputs import Chosen, replayed, texts_of
from streams.commands.replay import as_printed, moment, saved
from streams.errors import UserError
from streams.tables.view import Row
from streams.tables.views import TABLES

_SHOWN: Final = 8
"""Events named below a row."""
_PACKS: Final = 20
"""Differences of the packs that are listed."""
_SAVED: Final = ".json"


@click.command("diff")
@click.argument("a", metavar="A[@TIME]")
@click.argument("b", metavar="B[@TIME]")
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the archives' own.")
@click.option("--pack-a", metavar="DIR", help="What if A were judged by this pack?")
@click.option("--pack-b", metavar="DIR", help="What if B were judged by this pack?")
@click.option(
    "--happened-by",
    metavar="TIME",
    help="Of both sides only what happened up to then, by the events' times.",
)
@click.option("--happened-by-a", metavar="TIME", help="The same of A.")
@click.option("--happened-by-b", metavar="TIME", help="The same of B.")
@click.option(
    "--table",
    "names",
    multiple=True,
    type=click.Choice(sorted(TABLES)),
    help="Only this table, and events that feed it; may be given several times.",
)
@click.option("--region", metavar="CODE", help="Only this region's rows and events.")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON document.")
@click.option("--jobs", type=click.IntRange(1), help="Processes. Default: the number of cores.")
def command(
    *,
    a: str,
    b: str,
    where: str | None,
    pack_a: str | None,
    pack_b: str | None,
    happened_by: str | None,
    happened_by_a: str | None,
    happened_by_b: str | None,
    names: tuple[str, ...],
    region: str | None,
    as_json: bool,
    jobs: int | None,
) -> int:
    """Show what changed from A to B: rows of tables, and what can have done it.

    A and B are archives, files or the word kafka; with @TIME what was known then, as in
    kept@2023-03-19T14:00:00+06:00; with --happened-by what had happened by then, however late it
    became known. Or they are what `scrutineer replay --json` printed, by any version, in a file
    that ends with .json. Events are named by source and id, differences of the packs (--pack-a,
    --pack-b) by file and key. Exit status 1: something differs, of the table and the region that
    are asked for.
    """
    both = moment(happened_by, "--happened-by")
    first, second = (
        _side(
            each,
            pack if pack is not None else where,
            pack is not None,
            both if by is None else moment(by, option),
            region,
            jobs=jobs,
        )
        for each, pack, by, option in (
            (a, pack_a, happened_by_a, "--happened-by-a"),
            (b, pack_b, happened_by_b, "--happened-by-b"),
        )
    )
    _check_same(a, b, first, second, chosen=pack_a is not None or pack_b is not None)
    found = _found(first, second, names, region)
    if as_json:
        click.echo(json.dumps(_document(first, second, found), ensure_ascii=False))
    else:
        for line in _lines(first, second, found):
            click.echo(line)
    return int(bool(found.events or found.changes))


class Found(NamedTuple):
    """All that differs."""

    events: list[Cause]
    changes: list[Change]
    packs: list[PackChange]


class State(NamedTuple):
    """A state that is computed now, and the texts of the pack that it was judged by."""

    numbers: Numbers
    texts: dict[str, str]

    @property
    def pack(self) -> tuple[str, str]:
        """Election and acceptance digest."""
        return self.numbers.pack.id, self.numbers.pack.acceptance_digest

    @property
    def about(self) -> dict[str, object]:
        """What it is, in short."""
        numbers = self.numbers
        as_of = numbers.as_of
        return {
            "election": numbers.pack.id,
            "content_digest": numbers.content_digest,
            "statement_digest": numbers.statement_digest,
            "lost": numbers.lost,
            "known_at": as_printed(as_of.known_at),
            "happened_by": as_printed(as_of.happened_by),
            "now": rfc3339(numbers.now),
            "now_is": numbers.now_is,
            "version": version("scrutineer"),
        }


class Saved(NamedTuple):
    """What a replay printed."""

    document: Mapping[str, Any]

    @property
    def pack(self) -> tuple[str, str]:
        """``State.pack``."""
        return self.document["election"], self.document["acceptance"]

    @property
    def about(self) -> dict[str, object]:
        """``State.about``."""
        keys = (
            "election",
            "content_digest",
            "statement_digest",
            "known_at",
            "happened_by",
            "now",
            "version",
            "lost",
        )
        return {**{key: self.document.get(key) for key in keys}, "now_is": "saved"}

    def tables(self, names: Sequence[str], region: str | None) -> dict[str, list[Row]]:
        """The rows of those ``names`` or all, of one region or all."""
        return {
            name: [row for row in rows if region is None or row.get("region") == region]
            for name, rows in self.document["tables"].items()
            if not names or name in names
        }


def _side(
    text: str,
    where: str | None,
    chosen: bool,
    happened_by: int | None,
    region: str | None,
    *,
    jobs: int | None,
) -> State | Saved:
    """``chosen``: the pack is meant for this side, so it may accept other events."""
    source, time = _split(text)
    if source.endswith(_SAVED):
        if time is not None:
            raise UserError(f"{text}: {source} is a result already, of the moment asked for then")
        if where is not None:
            raise UserError(f"{text}: is a result already, no pack judges it anew")
        if happened_by is not None:
            raise UserError(
                f"{text}: is a result already, of all events that were asked for then: "
                "--happened-by-a and --happened-by-b are each for one side"
            )
        return _read(source)
    as_of = AsOf(moment(time, f"{source}@"), happened_by)
    asked = Chosen((source,), where, as_of, jobs, tell=False, accept_pack=chosen)
    return State(replayed(asked, region), texts_of(asked))


def _read(path: str) -> Saved:
    """UserError: it is none that a replay printed."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        found = None
    keys = {"election", "acceptance", "content_digest", "now", "tables"}
    if not isinstance(found, dict) or not keys <= found.keys():
        raise UserError(f"{path}: is not what `scrutineer replay --json` prints")
    return Saved(found)


def _saved(side: State | Saved, region: str | None) -> Saved:
    """As if it had been printed and read again."""
    if isinstance(side, Saved):
        return side
    return Saved(json.loads(json.dumps(saved(side.numbers, (), region))))


def _judged_otherwise(one: Saved, other: Saved) -> list[PackChange]:
    """Thresholds that differ, where both results say theirs."""
    a, b = (side.document.get("judgement") for side in (one, other))
    return judgement_changes(a, b) if a and b else []


def _found(
    first: State | Saved, second: State | Saved, names: Sequence[str], region: str | None
) -> Found:
    if isinstance(first, State) and isinstance(second, State):
        packs = pack_changes(first.texts, second.texts, (first.numbers.pack, second.numbers.pack))
        return Found(*differences(first.numbers, second.numbers, names, region, packs), packs)
    one, other = (_saved(side, region) for side in (first, second))
    packs = _judged_otherwise(one, other)
    mine, theirs = (side.tables(names, region) for side in (one, other))
    return Found([], of_documents(mine, theirs, packs), packs)


def _check_same(
    a: str, b: str, first: State | Saved, second: State | Saved, *, chosen: bool
) -> None:
    """UserError: the two have not enough in common."""
    if first.pack[0] != second.pack[0]:
        raise UserError(f"{a} is of election {first.pack[0]}, {b} of {second.pack[0]}")
    both = isinstance(first, State) and isinstance(second, State)
    if both and not chosen and first.pack != second.pack:
        raise UserError(
            f"{a} and {b} are of packs that accept different events: --pack names one for both, "
            "--pack-a and --pack-b one for each"
        )


def _split(text: str) -> tuple[str, str | None]:
    """The source and the time behind its last @, if that is one: names may have an @ too."""
    source, found, time = text.rpartition("@")
    if not found or os.path.exists(text):
        return text, None
    try:
        datetime.fromisoformat(time)
    except ValueError:
        return text, None
    return source, time


def _lines(first: State | Saved, second: State | Saved, found: Found) -> Iterator[str]:
    for change in found.changes:
        yield f"{change.table}: {_told(change.before, change.after)}"
        for cause in change.causes[:_SHOWN]:
            yield f"    {'-' if cause.gone else '+'} {cause.type} {cause.source} {cause.id}"
        if len(change.causes) > _SHOWN:
            yield f"    and {len(change.causes) - _SHOWN} more events (all: --json)"
        yield from (f"    {each}" for each in change.packs)
    for each in found.packs[:_PACKS]:
        yield f"pack: {each}"
    if len(found.packs) > _PACKS:
        yield f"pack: and {len(found.packs) - _PACKS} more (all: --json)"
    if isinstance(first, Saved) or isinstance(second, Saved):
        yield f"{len(found.changes)} rows differ; of saved results the events are not known"
    else:
        gone = sum(event.gone for event in found.events)
        more = len(found.events) - gone
        yield f"{len(found.changes)} rows differ; events: {more} more, {gone} gone"
    versions = {side.about["version"] for side in (first, second)}
    for name, side in (("A", first), ("B", second)):
        about = side.about
        by = f", scrutineer {about['version']}" if len(versions) > 1 else ""
        yield f"{name}  {about['content_digest']}  {about['now']} ({about['now_is']}){by}"
        if about["lost"]:
            yield f"{name}  NOT WHOLE: {about['lost']} offsets are missing from what was salvaged"


def _told(before: Row | None, after: Row | None) -> str:
    """One line: what the rows share, then what became what; or a row that came or went."""
    if before is None or after is None:
        row = after if before is None else before
        assert row is not None
        text = " ".join(f"{key}={_cell(value)}" for key, value in row.items() if value is not None)
        return f"{'+' if before is None else '-'} {text}"
    same = [
        f"{key}={_cell(value)}"
        for key, value in after.items()
        if before.get(key) == value and value is not None
    ]
    changed = [
        f"{key} {_cell(before.get(key))} → {_cell(value)}"
        for key, value in after.items()
        if before.get(key) != value and key not in AGES
    ]
    return f"{' '.join(same)}: {', '.join(changed)}"


def _cell(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _document(first: State | Saved, second: State | Saved, found: Found) -> dict[str, object]:
    return {
        "a": first.about,
        "b": second.about,
        "packs": [each._asdict() for each in found.packs],
        "events": [event._asdict() for event in found.events],
        "changes": [
            {
                **change._asdict(),
                "causes": [cause._asdict() for cause in change.causes],
                "packs": [each._asdict() for each in change.packs],
            }
            for change in found.changes
        ],
    }
