"""`scrutineer simulate`: observers' reports and the desk's decisions, made up from a seed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from schemas.pack import PACK_FILES, parse_pack
from streams.commands.outputs import refuse_reuse
from streams.errors import UserError
from streams.packs import load_pack, pack_directory
from streams.settings import load_settings
from streams.sources.jsonl import read_lines
from streams.sources.simulate import TEAMS, courses, simulate
from streams.sources.simulate.output import day_files, write_day


@click.command("simulate")
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the settings'.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same day, byte for byte.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory for observers.jsonl, desk.jsonl, planted.json and pack/.",
)
@click.option("--teams", type=click.IntRange(1, 100_000), default=TEAMS, show_default=True)
@click.option(
    "--stations", type=click.IntRange(1, 1_000_000), help="Default: as many as the pack counts."
)
@click.option(
    "--sample",
    type=click.IntRange(0, 100_000),
    help="Stations drawn at random in each region, whose observers report turnout at every "
    "checkpoint; 0 for none. Default: a twentieth of the teams.",
)
@click.option(
    "--official",
    metavar="FILE.jsonl",
    multiple=True,
    help="Official figures (events): the simulated truth follows them outside the planted gap.",
)
def command(
    *,
    where: str | None,
    seed: int,
    out: Path,
    teams: int,
    stations: int | None,
    sample: int | None,
    official: tuple[str, ...],
) -> None:
    """Make up an election day: what observers report and what the desk decides.

    Late, doubled, corrected, withdrawn and bad events are among them; planted.json says which.
    The made-up stations are in OUT/pack, which is the pack to use these events with.
    """
    directory = pack_directory(where if where is not None else load_settings().pack)
    pack = load_pack(directory)
    read: list[str | Path] = [*official, *(directory / name for name in PACK_FILES)]
    refuse_reuse([("--out:", path) for path in day_files(out)], read)
    figures = courses((line.raw for line in read_lines(official)), pack)
    day = simulate(pack, seed, teams=teams, stations=stations, sample=sample, official=figures)
    files = {
        name: (directory / name).read_text(encoding="utf-8")
        for name in PACK_FILES
        if (directory / name).is_file()
    }
    try:
        written = write_day(day, files, out)
    except OSError as error:
        raise UserError(f"{out}: cannot be written: {error.strerror}") from error
    parse_pack(written)
    counts, planted = day.planted["events"], day.planted
    click.echo(
        f"{counts['observer']} observers' events ({counts['invalid']} of them bad) from "
        f"{planted['teams']['number']} teams and {planted['drawn_stations']} drawn stations, and "
        f"{counts['desk']} of the desk in {out}; what was planted: {out / 'planted.json'}"
    )
    click.echo(f"bad events: {json.dumps(day.planted['invalid']['by_reason'])}")
