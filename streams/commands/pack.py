"""`scrutineer pack`: look at an election pack."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from schemas.pack import Pack, PackError, report
from streams.packs import load_pack


@click.group("pack")
def command() -> None:
    """Check a description of an election, and see what its figures say."""


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


_WORDS: Final[dict[report.Finding, str]] = {
    "within": "within 10 %",
    "above_permissible": "above 10 %",
    "above_limit": "above 15 %",
    "unknown": "unknown",
}


@command.command("report")
@click.argument("where", metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def report_(where: str, *, as_json: bool) -> None:
    """Compare the electorates of districts, and the registers with the sums of their parts.

    DIR is an election pack's directory or the name of a built-in one. A district should not
    deviate from the mean by more than 10 %, and never by more than 15 % (Venice Commission, Code
    of Good Practice in Electoral Matters, I.2.2). What the pack does not know stays unknown.
    """
    pack = load_pack(where)
    if as_json:
        click.echo(json.dumps(document(pack), indent=2, ensure_ascii=False))
        return
    console = Console(width=120, highlight=False)
    for contest in report.districts(pack):
        _show_districts(console, pack, contest)
    _show_registers(console, pack)


def document(pack: Pack) -> dict[str, Any]:
    """The report, JSON-ready. Shares in percent, to two digits; ``mean_exact`` as a fraction."""
    return {
        "election": pack.id,
        "districts": [_districts_row(contest) for contest in report.districts(pack)],
        "registers": [_register_row(register) for register in report.registers(pack)],
    }


def _districts_row(contest: report.Districts) -> dict[str, Any]:
    return {
        "contest": contest.contest,
        "number": contest.number,
        "known": contest.known,
        "basis": contest.basis,
        "mean": None if contest.mean is None else round(float(contest.mean), 2),
        "mean_exact": None if contest.mean is None else str(contest.mean),
        "permissible_percent": _percent(report.PERMISSIBLE),
        "limit_percent": _percent(report.LIMIT),
        "counts": {finding: contest.count(finding) for finding in _WORDS},
        "districts": [
            {
                "code": each.district.code,
                "name": each.district.name,
                "region": each.district.region,
                "electorate": each.district.electorate,
                "deviation_percent": _percent(each.share),
                "finding": each.finding,
            }
            for each in contest.deviations
        ],
    }


def _register_row(register: report.Register) -> dict[str, Any]:
    return {
        "region": register.region.code,
        "name": register.region.name,
        "registered": register.region.registered,
        "registered_below": register.below,
        "registered_listed": register.listed,
        "registered_in_districts": register.in_districts,
        "stations": register.region.stations,
        "stations_below": register.stations_below,
        "stations_listed": register.stations_listed,
    }


def _percent(share: Fraction | None) -> float | None:
    return None if share is None else round(float(share * 100), 2)


def _show_districts(console: Console, pack: Pack, contest: report.Districts) -> None:
    table = Table(title=f"Districts of {contest.contest}", title_justify="left")
    for heading in ("district", "region", "electorate", "deviation", ""):
        justify: Any = "right" if heading in {"electorate", "deviation"} else "left"
        table.add_column(heading, justify=justify)
    for each in contest.deviations:
        share = "unknown" if each.share is None else f"{_percent(each.share):+.1f} %"
        district = each.district
        region = district.region or "unknown"
        table.add_row(district.name, region, _figure(district.electorate), share, _word(each))
    console.print(table)
    console.print(_basis(pack, contest))
    counts = ", ".join(f"{contest.count(finding)} {word}" for finding, word in _findings())
    console.print(f"Of {contest.number} districts: {counts}.\n")


def _findings() -> list[tuple[report.Finding, str]]:
    return [
        ("above_limit", _WORDS["above_limit"]),
        ("above_permissible", "above 10 % but not 15 %"),
        ("within", _WORDS["within"]),
        ("unknown", _WORDS["unknown"]),
    ]


def _word(deviation: report.Deviation) -> str:
    return "" if deviation.finding == "unknown" else _WORDS[deviation.finding]


def _basis(pack: Pack, contest: report.Districts) -> str:
    """How the mean was come by, and what it cannot say."""
    known = f"the electorates of {contest.known} of {contest.number} districts are known"
    if contest.mean is None:
        return f"No mean: {known}, and no register of the whole country."
    mean = f"{float(contest.mean):,.1f}"
    if contest.basis == "districts":
        return f"Mean electorate: {mean}, of all {contest.number} districts."
    total = _figure(pack.regions[pack.country].registered)
    return (
        f"The districts' own mean cannot be computed: {known}. In its place: {total} voters "
        f"registered in the whole country / {contest.number} districts = {mean}; right if every "
        "registered voter belongs to a district."
    )


def _show_registers(console: Console, pack: Pack) -> None:
    table = Table(title="Registers", title_justify="left")
    headings = ("registered", "sum of regions", "of stations", "of districts", "stations", "listed")
    table.add_column("region")
    for heading in headings:
        table.add_column(heading, justify="right")
    for each in report.registers(pack):
        region = each.region
        figures = (region.registered, each.below, each.listed, each.in_districts)
        stations = (region.stations, each.stations_listed)
        shown = [_figure(figure) for figure in (*figures, *stations)]
        table.add_row(f"{region.code} {region.name}", *shown)
    console.print(table)
    regions = [each.region for each in report.registers(pack) if each.region.kind != "country"]
    known = [region.registered for region in regions if region.registered is not None]
    console.print(
        f"The registers of {len(known)} of {len(regions)} regions are known; they sum to "
        f"{sum(known):,}. A sum with an unknown part is unknown."
    )


def _figure(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
