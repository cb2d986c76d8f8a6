"""`scrutineer replay`: the tables and the digests of files, archives or Kafka, without a worker."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import click

from schemas.fields import microseconds, rfc3339
from streams.archive.folding import AsOf
from streams.archive.pack_changes import thresholds
from streams.archive.replay import NOT_CHECKED, LogReplay, Numbers, Replay
from streams.commands.inputs import Chosen, replayed
from streams.errors import UserError
from streams.tables.basis import NOT_OF_REPORTS, asked, basis, in_words
from streams.tables.digest import positions_of
from streams.tables.views import TABLES, document, rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
@click.argument("inputs", metavar="FILE.jsonl...|ARCHIVE...|kafka", nargs=-1, required=True)
@click.option(
    "--pack",
    "where",
    metavar="DIR",
    help="Election pack. Default: the archive's own; of files and Kafka the settings'.",
)
@click.option(
    "--known-at",
    metavar="TIME",
    help="Only what the room could know then, by the log's timestamps (archive, kafka).",
)
@click.option(
    "--happened-by", metavar="TIME", help="Only what happened up to then, by the events' times."
)
@click.option("--until", metavar="TIME", help="The same as --happened-by.")
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
@click.option("--rejected", "tell", is_flag=True, help="List every rejected event on stderr.")
@click.option("--json", "as_json", is_flag=True, help="All rows as one JSON document.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Processes for an archive or Kafka. Default: as many as there are cores.",
)
@click.option(
    "--accept-pack",
    is_flag=True,
    help="Judge an archive by a pack that accepts other events than were accepted on the day.",
)
def command(
    *,
    inputs: tuple[str, ...],
    where: str | None,
    known_at: str | None,
    happened_by: str | None,
    until: str | None,
    names: tuple[str, ...],
    region: str | None,
    confirmed_only: bool,
    limit: int,
    tell: bool,
    as_json: bool,
    jobs: int | None,
    accept_pack: bool,
) -> None:
    """Compute the tables from files of events, an archive or Kafka, without a worker.

    The result is the same as that of live workers on the same events, and so is the content
    digest; from an archive or Kafka the statement digest too, at the same positions. Of several
    archives of one log each fills what another lacks. '-' is standard input; .gz is unpacked.

    Moments: --known-at goes by when the log got an event, --happened-by by when it happened.
    """
    as_of = _as_of(known_at, happened_by, until)
    chosen = Chosen(inputs, where, as_of, jobs, tell=tell, accept_pack=accept_pack)
    replay = replayed(chosen, region)
    if as_json:
        printed = saved(replay, names, region, confirmed_only=confirmed_only)
        click.echo(json.dumps(printed, ensure_ascii=False))
        click.echo(counts(replay), err=True)
        return
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = UNBOUNDED
    pack = replay.pack
    known = {code: one for part in replay.parts for code, one in part.regions.items()}
    heard = basis(known, asked(pack, region), pack, replay.now)
    rests_on = in_words(heard, _NAMED)
    for name in names or TABLES:
        found = rows(
            name, replay.parts, replay.pack, replay.now, region, confirmed_only=confirmed_only
        )
        of_reports = name not in NOT_OF_REPORTS
        _print_table(console, name, found, limit, rests_on if of_reports else None)
    _print_summary(console, replay, in_words(heard))
    if confirmed_only:
        console.print("Reports: only what the desk confirmed, resolved or escalated.")


def saved(
    replay: Numbers, names: Sequence[str], region: str | None, *, confirmed_only: bool = False
) -> dict[str, object]:
    """What --json prints: all that another replay can be compared with later, by any version."""
    found = document(
        replay.parts, replay.pack, replay.now, names or None, region, confirmed_only=confirmed_only
    )
    return {
        **{name: value for name, value in found.items() if name != "tables"},
        "known_at": as_printed(replay.as_of.known_at),
        "happened_by": as_printed(replay.as_of.happened_by),
        "statement_digest": replay.statement_digest,
        "lost": replay.lost,
        "version": version("scrutineer"),
        "judgement": thresholds(replay.pack),
        "tables": found["tables"],
    }


def as_printed(moment: int | None) -> str | None:
    """A moment in µs as JSON has it; None: of none."""
    return None if moment is None else rfc3339(moment)


def _as_of(known_at: str | None, happened_by: str | None, until: str | None) -> AsOf:
    if happened_by is not None and until is not None:
        raise UserError("--until and --happened-by are the same: give one of them")
    happened = moment(until) if until is not None else moment(happened_by, "--happened-by")
    return AsOf(moment(known_at, "--known-at"), happened)


def moment(text: str | None, option: str = "--until") -> int | None:
    """The moment of an option in µs. UserError: it is none."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UserError(
            f"{option} {text}: write a time with its offset, such as 2023-03-19T14:00:00+06:00"
        )
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise UserError(f"{option} {text}: events are of the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return microseconds(found)


def counts(replay: Numbers) -> str:
    """How many events were read, and what they came to."""
    parts = [f"{replay.read} {'lines' if isinstance(replay, Replay) else 'records'}"]
    parts += [f"{number} {outcome}" for outcome, number in replay.outcomes.items()]
    if replay.later:
        parts.append(f"{replay.later} later than --until or --happened-by")
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


def _print_summary(console: Console, replay: Numbers, heard: str) -> None:
    pack = replay.pack
    when = f"{rfc3339(replay.now)} ({replay.now_is})" if replay.now else "no event"
    lines = [
        f"election        {pack.id}: {pack.name}",
        f"now             {when}",
        *counts(replay).splitlines(),
        f"observers       {heard}",
        f"content digest  {replay.content_digest}",
    ]
    if (statement := replay.statement_digest) is not None:
        lines.append(f"statement       {statement}")
    if isinstance(replay, LogReplay):
        lines += _positions(replay)
    else:
        lines.append(NOT_CHECKED[0].upper() + NOT_CHECKED[1:] + ".")
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _positions(replay: LogReplay) -> Iterator[str]:
    for topic, offsets in positions_of(replay.parts, replay.topics).items():
        told = " ".join(f"{number}:{offset}" for number, offset in offsets.items())
        yield f"{topic} up to  {told}"
    if replay.lost:
        yield f"NOT WHOLE: {replay.lost} offsets are missing from what was salvaged"
