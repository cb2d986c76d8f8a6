"""`scrutineer pack`: look at an election pack."""

from __future__ import annotations

from collections import Counter

import click

from schemas.pack import Pack, PackError
from streams.packs import load_pack


@click.group("pack")
def command() -> None:
    """Check a description of an election."""


@command.command("check")
@click.argument("where", metavar="DIR")
def check(where: str) -> int:
    """Check the election pack in DIR, or the built-in one of that name.

    Shows every fault as FILE:LINE: MESSAGE and exits with 1, or sums up the pack and exits with 0.
    """
    try:
        pack = load_pack(where)
    except PackError as error:
        click.echo(str(error))
        number = len(error.problems)
        click.echo(f"{number} problem{'s' if number > 1 else ''} in {where}", err=True)
        return 1
    width = max(len(label) for label, _ in summary(pack))
    for label, value in summary(pack):
        click.echo(f"{label:<{width}}  {value}")
    return 0


def summary(pack: Pack) -> list[tuple[str, str]]:
    """What a pack holds, as lines of (label, value)."""
    authorities = Counter(source.authority for source in pack.sources.values())
    return [
        ("election", f"{pack.id} ({pack.name})"),
        ("days", ", ".join(day.isoformat() for day in pack.days)),
        ("regions", f"{len(pack.region_codes())} and {pack.country} as a whole"),
        ("stations", _stations(pack)),
        ("contests", f"{len(pack.contests)}, the main one is {pack.main_contest}"),
        ("districts", _districts(pack)),
        ("checkpoints", str(len(pack.checkpoints))),
        ("publishers", ", ".join(pack.publishers)),
        ("sources", ", ".join(f"{count} {name}" for name, count in sorted(authorities.items()))),
        ("forms", f"{len(pack.categories)} categories, {len(pack.questions)} questions"),
        ("acceptance digest", pack.acceptance_digest),
        ("judgement digest", pack.judgement_digest),
    ]


def _stations(pack: Pack) -> str:
    if pack.stations is not None:
        return f"{len(pack.stations):,} listed"
    total = pack.regions[pack.country].stations
    counted = "" if total is None else f" (there are {total:,})"
    return f"none listed{counted}: reports may name any"


def _districts(pack: Pack) -> str:
    known = sum(district.electorate is not None for district in pack.districts.values())
    return f"{len(pack.districts)}, {known} with a known electorate"
