"""docs/commands.md, from the commands' own help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import click

from streams.cli import COMMANDS, cli, load

WIDTH: Final = 88
_HEAD: Final = """\
<!-- Written by `make docs`. Change the help texts in streams/commands/. -->

# Commands

Exit status of all: 0 done; 1 a check found something; 2 a mistake in what was asked or given,
explained on the standard error; 130 interrupted.
"""


def page() -> str:
    """The page's text."""
    # A fixed width: the text must not depend on the terminal that `make docs` ran in.
    root = click.Context(
        cli,
        info_name="scrutineer",
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        **cli.context_settings,
    )
    parts = [_HEAD, _help(root)]
    for name in COMMANDS:
        parts.extend(_section(click.Context(load(name), root, info_name=name), 2))
    return "\n".join(parts)


def _section(context: click.Context, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} {context.command_path}\n"
    yield _help(context)
    command = context.command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _section(click.Context(inner, context, info_name=name), depth + 1)


def _help(context: click.Context) -> str:
    lines = context.get_help().splitlines()
    return "```text\n" + "".join(f"{line.rstrip()}\n" for line in lines) + "```\n"
