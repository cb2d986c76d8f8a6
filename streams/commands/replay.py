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
from streams.tables.views import TABLES, document, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

ROWS: Final = 15


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
@click.option("--rows", "limit", default=ROWS, show_default=True, help="Rows shown of a table.")
@click.option("--rejected", "tell", is_flag=True, help="List every rejected line on stderr.")
@click.option("--json", "as_json", is_flag=True, help="All rows as one JSON document.")
def command(
    *,
    files: tuple[str, ...],
    where: str | None,
    until: str | None,
    names: tuple[str, ...],
    region: str | None,
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
    replay = Replay(pack, _moment(until), _tell if tell else None)
    replay.fold((line.where, line.raw) for line in read_lines(files))
    if as_json:
        chosen = document([replay.part], pack, replay.now, names or None, region)
        click.echo(json.dumps(chosen, ensure_ascii=False))
        click.echo(_counts(replay), err=True)
        return
    from rich.console import Console

    console = Console(highlight=False)
    for name in names or TABLES:
        _print_table(console, name, rows(name, [replay.part], pack, replay.now, region), limit)
    _print_summary(console, replay)


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UserError(
            f"--until {text}: write a time with its offset, such as 2023-03-19T14:00:00+06:00"
        )
    return microseconds(moment)


def _tell(place: str, verdict: Rejected) -> None:
    click.echo(f"{place}: {verdict.reason}: {verdict.detail}", err=True)


def _counts(replay: Replay) -> str:
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
    console: Console, name: str, found: Sequence[dict[str, object]], limit: int
) -> None:
    """The first rows, without columns that say nothing in any of them."""
    from rich.table import Table

    if not found:
        return
    shown = found[:limit]
    columns = [key for key in shown[0] if any(row[key] is not None for row in shown)]
    rest = len(found) - len(shown)
    caption = f"and {rest} more (--rows, or --json for all)" if rest else None
    table = Table(title=name, title_justify="left", caption=caption, caption_justify="left")
    for column in columns:
        numeric = all(isinstance(row[column], int | float | None) for row in shown)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in shown:
        table.add_row(*(_cell(row[column]) for column in columns))
    console.print(table)


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


def _print_summary(console: Console, replay: Replay) -> None:
    pack = replay.pack
    when = rfc3339(replay.now) if replay.now else "no event"
    for line in (
        f"election        {pack.id}: {pack.name}",
        f"now             {when}" + (" (--until)" if replay.until is not None else " (newest)"),
        *_counts(replay).splitlines(),
        f"content digest  {replay.content_digest}",
        NOT_CHECKED[0].upper() + NOT_CHECKED[1:] + ".",
    ):
        console.print(line, markup=False, soft_wrap=True)
