"""`scrutineer turnout`: official against observed turnout, as a table for a report or a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.archive.replay import Replay
from streams.archive.turnout_report import About, Report, Section, markdown, report
from streams.commands.outputs import refuse_reuse
from streams.commands.replay import UNBOUNDED, counts, moment
from streams.errors import UserError
from streams.packs import load_pack
from streams.settings import load_settings
from streams.sources.jsonl import read_lines
from streams.tables.views import rows

if TYPE_CHECKING:
    from rich.console import Console

    from schemas.pack import Pack

_FORMATS: Final = ("text", "markdown", "json")


@click.command("turnout")
@click.argument("files", metavar="FILE.jsonl...", nargs=-1, required=True)
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the settings'.")
@click.option(
    "--until", metavar="TIME", help="Only what happened up to then, as 2023-03-19T14:00:00+06:00."
)
@click.option("--contest", metavar="CODE", help="Of this contest. Default: the pack's main one.")
@click.option("--region", metavar="CODE", help="Of this region alone.")
@click.option("--every", is_flag=True, help="All checkpoints, not each place's newest.")
@click.option("--stations", is_flag=True, help="Matched stations one by one. Internal.")
@click.option("--confirmed-only", is_flag=True, help="Only counts that the desk confirmed.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="What is printed.",
)
@click.option(
    "--plot",
    "picture",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the official series and the observed estimates, region by region: .svg or .png.",
)
def command(
    *,
    files: tuple[str, ...],
    where: str | None,
    until: str | None,
    contest: str | None,
    region: str | None,
    every: bool,
    stations: bool,
    confirmed_only: bool,
    form: str,
    picture: Path | None,
) -> None:
    """Official turnout against what observers counted, with how sure that is.

    The table is one that can stand in a report: each region and the country with both figures, the
    gap in percentage points, its interval or the word why there is none, and the number of
    stations. With --until it is what was known then.
    """
    pack = load_pack(where if where is not None else load_settings().pack)
    contest = _known(pack, region, contest)
    refuse_reuse([("--plot", picture)], files)
    replay = Replay(pack, moment(until))
    replay.fold((line.where, line.raw) for line in read_lines(files))
    found = rows("turnout", [replay.part], pack, replay.now, region, confirmed_only=confirmed_only)
    findings = rows("official_findings", [replay.part], pack, replay.now, region)
    about = About(pack, contest, replay.now, replay.content_digest)
    made = report(found, findings, about, every=every, stations=stations)
    if picture is not None:
        from streams.archive.turnout_plot import plot

        plot(found, pack, contest, [made.title, *made.notes], picture)
    _show(form, made, [row for row in found if row["contest"] == contest])
    click.echo(counts(replay), err=True)


def _known(pack: Pack, region: str | None, contest: str | None) -> str:
    if region is not None and region not in pack.regions:
        raise UserError(f"--region {region}: the pack {pack.id} has no such region")
    if contest is not None and contest not in pack.contests:
        known = ", ".join(pack.contests)
        raise UserError(f"--contest {contest}: the pack {pack.id} has {known}")
    return contest or pack.main_contest


def _show(form: str, made: Report, found: list[dict[str, object]]) -> None:
    if form == "json":
        click.echo(json.dumps(found, ensure_ascii=False))
    elif form == "markdown":
        click.echo(markdown(made), nl=False)
    else:
        from rich.console import Console

        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = UNBOUNDED
        _print(console, made)


def _print(console: Console, made: Report) -> None:
    console.print(made.title, style="bold", markup=False)
    for note in made.notes:
        console.print(note, markup=False)
    for section in made.sections:
        console.print()
        _table(console, section)
    console.print()
    for line in made.footer:
        console.print(line, style="dim", markup=False, soft_wrap=True)


def _table(console: Console, section: Section) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=section.title, title_justify="left", title_style="bold", box=None)
    last = len(section.head) - 1
    for number, name in enumerate(section.head):
        left = number < section.left or number == last
        table.add_column(name, justify="left" if left else "right", no_wrap=number != 1)
    for line in section.lines:
        table.add_row(*(Text(cell) for cell in line))
    console.print(table)
