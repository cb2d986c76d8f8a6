"""`scrutineer topics`: create the topics, or check those there are."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table

from streams.log.heads import check_heads
from streams.log.topics import Creation, Problem, check_topics, create_topics
from streams.settings import Settings, load_settings

_WIDTH = 150


@click.group("topics")
def command() -> None:
    """Create or check the input topics and those of dead letters and snapshots.

    Names, partitions and replication come from the settings' section `topics`.
    """


@command.command()
@click.option(
    "--alter",
    is_flag=True,
    help="Also set right the settings of topics that exist. Never changes partitions.",
)
def create(*, alter: bool) -> int:
    """Create the topics that are missing; say how those that exist differ.

    Exit status 1: something is still not as it should be.
    """
    settings = load_settings()
    done = asyncio.run(create_topics(settings, alter=alter))
    _report(settings, done)
    show(done.problems)
    return int(any(problem.kind == "wrong" for problem in done.problems))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Findings as a JSON array.")
def check(*, as_json: bool) -> int:
    """Compare the topics with what they should be; look whether the inputs still begin at offset 0.

    Exit status 1: something is not as it should be. What a broker does not tell is listed, and is
    no failure.
    """
    settings = load_settings()
    problems = asyncio.run(_check(settings))
    if as_json:
        click.echo(json.dumps([problem._asdict() for problem in problems], indent=2))
    else:
        show(problems)
    wrong = sum(problem.kind == "wrong" for problem in problems)
    if not wrong and not as_json:
        inputs = f"{settings.topics.partitions} partitions"
        untold = f"; {len(problems)} things the broker does not tell" if problems else ""
        click.echo(f"{', '.join(settings.topics.inputs)}: as they should be, {inputs}{untold}")
    return int(wrong > 0)


async def _check(settings: Settings) -> list[Problem]:
    return [*await check_topics(settings), *await check_heads(settings)]


def show(problems: Sequence[Problem]) -> None:
    """Print the findings as a table, nothing when there are none."""
    if not problems:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("topic", "what", "is", "should be", "what to do, or why it matters"):
        table.add_column(title, overflow="fold")
    for problem in problems:
        style = "dim" if problem.kind == "untold" else ""
        table.add_row(*(str(part) for part in problem[:5]), style=style)
    # A pipe has no width: wide enough that names stay whole for grep.
    width = None if sys.stdout.isatty() else _WIDTH
    Console(width=width, markup=False, highlight=False).print(table)


def _report(settings: Settings, done: Creation) -> None:
    copies = f"{settings.topics.partitions} partitions, replication {settings.topics.replication}"
    for topic in done.created:
        click.echo(f"created {topic}: {copies}")
    for topic, name in done.altered:
        click.echo(f"altered {topic}: {name}")
    if not done.created and not done.altered and not done.problems:
        click.echo("all topics are there and as they should be")
