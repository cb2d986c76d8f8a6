"""docs/commands.md, from the commands' own help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import click

from streams.cli import COMMANDS, cli, load

_HEAD: Final = """\
<!-- Written by `make docs`. Change the help texts in streams/commands/. -->

# Commands

Exit status of all: 0 done; 1 a check found something; 2 a mistake in what was asked or given,
explained on the standard error; 130 interrupted.
"""


def page() -> str:
    """The page's text."""
    parts = [_HEAD, _help("scrutineer", cli, None)]
    for name in COMMANDS:
        parts.extend(_section(f"scrutineer {name}", load(name), 2))
    return "\n".join(parts)


def _section(path: str, command: click.Command, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} {path}\n"
    yield _help(path, command, None)
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _section(f"{path} {name}", inner, depth + 1)


def _help(path: str, command: click.Command, parent: click.Context | None) -> str:
    # A fixed width: the text must not depend on the terminal that `make docs` ran in.
    context = click.Context(
        command, parent, info_name=path, terminal_width=88, max_content_width=88
    )
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"```text\n{text}\n```\n"
