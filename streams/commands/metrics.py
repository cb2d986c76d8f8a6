"""``scrutineer metrics``: what the metrics mean."""

from __future__ import annotations

import click


@click.command(name="metrics")
@click.option("--markdown", "as_markdown", is_flag=True, help="Write the reference page.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def command(as_markdown: bool, names: tuple[str, ...]) -> None:
    """List the metrics of worker and archiver: meaning, unit, labels, and what to do.

    NAME narrows the list to metrics whose name contains it.
    """
    from streams.metrics.reference import markdown

    if as_markdown:
        click.echo(markdown(), nl=False)
        return
    _list(names)


def _list(names: tuple[str, ...]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from streams.errors import UserError
    from streams.metrics.archiver import ARCHIVER
    from streams.metrics.families import FAMILIES
    from streams.metrics.reference import signature

    known = (*FAMILIES, *ARCHIVER)
    chosen = [f for f in known if not names or any(name in f.name for name in names)]
    if not chosen:
        raise UserError(
            f"no metric's name contains {' or '.join(names)}; "
            "`scrutineer metrics` without a name lists all"
        )
    console = Console(highlight=False, soft_wrap=False)
    for family in chosen:
        head = Text(signature(family), style="bold")
        head.append(f"  {family.kind}, {family.unit}", style="not bold")
        console.print(head)
        console.print(Padding(Text(family.meaning), (0, 0, 0, 2)))
        if family.zeros:
            console.print(Padding(Text(f"At 0: {family.zeros}"), (0, 0, 0, 2)))
        console.print(Padding(Text(f"When it looks wrong: {family.remedy}"), (0, 0, 1, 2)))
