"""`scrutineer replay`: the tables and the digest of event files, without a broker."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from schemas.fields import microseconds, rfc3339
from schemas.verdict import Rejected
from streams.archive.replay import NOT_CHECKED, Replay
from streams.errors import UserError
from streams.packs import load_pack
from streams.settings import load_settings
from streams.sources.jsonl import read_lines
from streams.tables.basis import NOT_OF_REPORTS, asked, basis, in_words
from streams.tables.views import TABLES, document, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

ROWS: Final = 10
_NAMED: Final = 3
"""Regions named beside a table; the last lines name all."""
UNBOUNDED: Final = 400
"""Columns of an output that is no terminal."""
_FIRST_YEAR, _LAST_YEAR = 1970, 8999
"""Those of an event's time: they leave room for any offset."""
_LEAST_TELLING: Final = (
    "previous_source_url",
    "source_url",
    "clock_skew",
    "previous_revision",
    "versions",
    "source",
    "fields",
    "type",
    "revision",
    "commission",
    "regions",
    "contest",
    "as_of",
    "published",
    "report_id",
    "ended_unlifted",
    "median_seconds",
    "withdrawn",
    "severity",
    "publisher",
    "previous_publisher",
    "lifted",
    "duplicate_of",
    "observer_group",
    "phase",
    "status",
)


@click.command("replay")
@click.argument("files", metavar="FILE.jsonl...", nargs=-1, required=True)
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the settings'.")
@click.option(
    "--until", metavar="TIME", help="Only what happened up to then, as 2023-03-19T14:00:00+06:00."
)
@click.option(
    "--table",
    "names",
    multiple=True,
    type=click.Choice(sorted(TABLES)),
    help="Only this table; may be given several times.",
)
@click.option("--region", metavar="CODE", help="Only this region's rows.")
@click.option(
    "--confirmed-only",
    is_flag=True,
    help="Only reports that the desk confirmed, resolved or escalated.",
)
@click.option(
    "--rows",
    "limit",
    type=click.IntRange(1),
    default=ROWS,
    show_default=True,
    help="Rows shown of a table.",
)
@click.option("--rejected", "tell", is_flag=True, help="List every rejected line on stderr.")
@click.option("--json", "as_json", is_flag=True, help="All rows as one JSON document.")
def command(
    *,
    files: tuple[str, ...],
    where: str | None,
    until: str | None,
    names: tuple[str, ...],
    region: str | None,
    confirmed_only: bool,
    limit: int,
    tell: bool,
    as_json: bool,
) -> None:
    """Compute the tables from files of events, without a broker.

    The result is the same as that of live workers on the same events, and so is the content
    digest. '-' is standard input; .gz is unpacked. --until goes by when events happened.
    """
    pack = load_pack(where if where is not None else load_settings().pack)
    if region is not None and region not in pack.regions:
        raise UserError(f"--region {region}: the pack {pack.id} has no such region")
    replay = Replay(pack, moment(until), _tell if tell else None)
    replay.fold((line.where, line.raw) for line in read_lines(files))
    if as_json:
        chosen = document(
            [replay.part], pack, replay.now, names or None, region, confirmed_only=confirmed_only
        )
        click.echo(json.dumps(chosen, ensure_ascii=False))
        click.echo(counts(replay), err=True)
        return
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = UNBOUNDED
    heard = basis(replay.part.regions, asked(pack, region), pack, replay.now)
    rests_on = in_words(heard, _NAMED)
    for name in names or TABLES:
        found = rows(name, [replay.part], pack, replay.now, region, confirmed_only=confirmed_only)
        of_reports = name not in NOT_OF_REPORTS
        _print_table(console, name, found, limit, rests_on if of_reports else None)
    _print_summary(console, replay, in_words(heard))
    if confirmed_only:
        console.print("Reports: only what the desk confirmed, resolved or escalated.")


def moment(text: str | None) -> int | None:
    """The moment of --until in µs. UserError: it is none."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UserError(
            f"--until {text}: write a time with its offset, such as 2023-03-19T14:00:00+06:00"
        )
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise UserError(f"--until {text}: events are of the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return microseconds(found)


def _tell(place: str, verdict: Rejected) -> None:
    click.echo(f"{place}: {verdict.reason}: {verdict.detail}", err=True)


def counts(replay: Replay) -> str:
    """How many lines were read, and what they came to."""
    parts = [f"{replay.read} lines"]
    parts += [f"{number} {outcome}" for outcome, number in replay.outcomes.items()]
    if replay.later:
        parts.append(f"{replay.later} later than --until")
    text = ", ".join(parts)
    if replay.reasons:
        told = ", ".join(f"{reason} {number}" for reason, number in replay.reasons.items())
        text += f"\nrejected: {told}"
    return text


def _print_table(
    console: Console,
    name: str,
    found: Sequence[dict[str, object]],
    limit: int,
    rests_on: str | None,
) -> None:
    """The first rows, in as many columns as the console is wide.

    ``rests_on``: who reports, beside a count of reports, also one of none: 0 may be silence.
    """
    if found:
        _print_rows(console, name, found, limit)
    elif rests_on is not None:
        console.print(f"{name}: 0", style="bold")
    if rests_on is not None:
        console.print(f" {rests_on}", style="dim", markup=False)
    if found or rests_on is not None:
        console.print()


def _print_rows(
    console: Console, name: str, found: Sequence[dict[str, object]], limit: int
) -> None:
    from rich.table import Table

    shown = found[:limit]
    columns = [key for key in shown[0] if any(row[key] not in (None, "") for row in shown)]
    widths = {key: max(len(key), *(len(_cell(row[key])) for row in shown)) for key in columns}
    left_out = _left_out(widths, console.width)
    rest = [f"and {len(found) - len(shown)} more rows"] if len(found) > len(shown) else []
    rest += [f"not shown: {', '.join(left_out)}"] if left_out else []
    table = Table(title=f"{name}: {len(found)}", title_justify="left", title_style="bold", box=None)
    for column in columns:
        if column not in left_out:
            numeric = all(isinstance(row[column], int | float | None) for row in shown)
            table.add_column(column, justify="right" if numeric else "left", no_wrap=True)
    for row in shown:
        table.add_row(*(_cell(row[key]) for key in columns if key not in left_out))
    console.print(table)
    if rest:
        console.print(f" {'; '.join(rest)} (all: --json)", style="dim", markup=False)


def _left_out(widths: dict[str, int], width: int) -> list[str]:
    """Columns to leave out, the least telling first, so that the others fit."""
    left_out: list[str] = []
    for column in _LEAST_TELLING:
        if sum(size + 2 for key, size in widths.items() if key not in left_out) <= width:
            break
        if column in widths:
            left_out.append(column)
    return left_out


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float() | str():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _print_summary(console: Console, replay: Replay, heard: str) -> None:
    pack = replay.pack
    when = rfc3339(replay.now) if replay.now else "no event"
    for line in (
        f"election        {pack.id}: {pack.name}",
        f"now             {when}" + (" (--until)" if replay.until is not None else " (newest)"),
        *counts(replay).splitlines(),
        f"observers       {heard}",
        f"content digest  {replay.content_digest}",
        NOT_CHECKED[0].upper() + NOT_CHECKED[1:] + ".",
    ):
        console.print(line, markup=False, soft_wrap=True)
