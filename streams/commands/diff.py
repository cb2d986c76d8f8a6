"""`scrutineer diff`: what changed between two moments or two archives, and which events did it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from schemas.fields import rfc3339
from streams.archive.folding import AsOf
from streams.commands.inputs import Chosen, replayed
from streams.commands.replay import moment
from streams.errors import UserError
from streams.tables.views import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.archive.differing import Cause, Change
    from streams.archive.replay import Numbers
    from streams.tables.view import Row

_SHOWN: Final = 8
"""Events named below a row."""


@click.command("diff")
@click.argument("a", metavar="A[@TIME]")
@click.argument("b", metavar="B[@TIME]")
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the archives' own.")
@click.option(
    "--table",
    "names",
    multiple=True,
    type=click.Choice(sorted(TABLES)),
    help="Only this table; may be given several times.",
)
@click.option("--region", metavar="CODE", help="Only this region's rows.")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON document.")
@click.option("--jobs", type=click.IntRange(1), help="Processes. Default: the number of cores.")
def command(
    *,
    a: str,
    b: str,
    where: str | None,
    names: tuple[str, ...],
    region: str | None,
    as_json: bool,
    jobs: int | None,
) -> int:
    """Show what changed from A to B: rows of tables, and the events that can have done it.

    A and B are archives, files or the word kafka; with @TIME what was known then, as in
    kept@2023-03-19T14:00:00+06:00. Events are named by source and id. Exit status 1: something
    differs.
    """
    from streams.archive.differing import differences

    first, second = (_state(each, where, jobs, region) for each in (a, b))
    if (first.pack.id, first.pack.acceptance_digest) != (
        second.pack.id,
        second.pack.acceptance_digest,
    ):
        raise UserError(f"{a} and {b} are of different elections or packs: --pack names one")
    events, changes = differences(first, second, names, region)
    if as_json:
        found = _document(first, second, events, changes)
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for line in _lines(first, second, events, changes):
            click.echo(line)
    return int(bool(events or changes))


def _state(text: str, where: str | None, jobs: int | None, region: str | None) -> Numbers:
    source, time = _split(text)
    as_of = AsOf(known_at=moment(time, f"{source}@"))
    chosen = Chosen((source,), where, as_of, jobs, tell=False, accept_pack=False)
    return replayed(chosen, region)


def _split(text: str) -> tuple[str, str | None]:
    """The source and the time behind its last @, if that is one: names may have an @ too."""
    source, found, time = text.rpartition("@")
    if not found:
        return text, None
    try:
        datetime.fromisoformat(time)
    except ValueError:
        return text, None
    return source, time


def _lines(
    first: Numbers, second: Numbers, events: list[Cause], changes: list[Change]
) -> Iterator[str]:
    for change in changes:
        yield f"{change.table}: {_told(change.before, change.after)}"
        for cause in change.causes[:_SHOWN]:
            yield f"    {'-' if cause.gone else '+'} {cause.type} {cause.source} {cause.id}"
        if len(change.causes) > _SHOWN:
            yield f"    and {len(change.causes) - _SHOWN} more events (all: --json)"
    gone = sum(event.gone for event in events)
    yield f"{len(changes)} rows differ; events: {len(events) - gone} more, {gone} gone"
    for name, state in (("A", first), ("B", second)):
        yield f"{name}  {state.content_digest}  {rfc3339(state.now)} ({state.now_is})"
        if state.lost:
            yield f"{name}  NOT WHOLE: {state.lost} offsets are missing from what was salvaged"


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
        if before.get(key) != value
    ]
    return f"{' '.join(same)}: {', '.join(changed)}"


def _cell(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _document(
    first: Numbers, second: Numbers, events: list[Cause], changes: list[Change]
) -> dict[str, object]:
    return {
        "a": _about(first),
        "b": _about(second),
        "events": [event._asdict() for event in events],
        "changes": [
            {**change._asdict(), "causes": [cause._asdict() for cause in change.causes]}
            for change in changes
        ],
    }


def _about(state: Numbers) -> dict[str, object]:
    return {
        "election": state.pack.id,
        "content_digest": state.content_digest,
        "statement_digest": state.statement_digest,
        "lost": state.lost,
        "known_at": None if state.as_of.known_at is None else rfc3339(state.as_of.known_at),
        "now": rfc3339(state.now),
    }
