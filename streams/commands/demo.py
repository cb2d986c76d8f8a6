"""`scrutineer demo`: a real election day in a minute, on this machine alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import click

from streams.commands.numbers import Finite
from streams.errors import UserError

USUAL_PORT: Final = 6066


@click.command("demo")
@click.option(
    "--seconds",
    type=Finite(1, 3600),
    default=60.0,
    show_default=True,
    help="How long the day takes.",
)
@click.option("--seed", default=1, show_default=True, help="Other seeds, other observers.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help=f"Port of the worker's pages. Default: {USUAL_PORT}, or any free one.",
)
@click.option("--no-ui", is_flag=True, help="Lines instead of the live view, and end at once.")
@click.option(
    "--keep",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep events, logs and tables there.",
)
@click.option(
    "--no-monitoring",
    is_flag=True,
    help="Without Prometheus and Alertmanager, though they are installed.",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    seconds: float,
    seed: int,
    port: int | None,
    no_ui: bool,
    keep: Path | None,
    no_monitoring: bool,
) -> None:
    """Play Kazakhstan, 19 March 2023, through broker, worker and tables.

    The official turnout figures are those published on the day. The observers are simulated, for
    no observer's report of that day was published by station. Starts a broker and a worker of its
    own on this machine, and Prometheus and Alertmanager where they are installed, and stops them
    again. Without a terminal the last line is the result as JSON. Ends with 0, 1 when live tables
    and replay differ or the worker fails, 130 on Ctrl-C.
    """
    from rich.console import Console

    from streams.demo.audience import Audience, Plain, Terminal
    from streams.demo.course import Options
    from streams.demo.run import run

    console = Console(highlight=False)
    seen = console.is_terminal and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    audience: Audience = Terminal(console) if seen and not no_ui else Plain()
    options = Options(seconds, seed, _ports(port), keep, monitoring=not no_monitoring)
    ctx.exit(run(options, audience))


def _ports(wanted: int | None) -> list[int]:
    """Ports to try: another program may take one before the worker does."""
    from streams.embedded import free_port, is_free

    if wanted is not None:
        if not is_free(wanted):
            raise UserError(
                f"--port {wanted} is taken on 127.0.0.1: choose another, or leave it out"
            )
        return [wanted]
    usual = [USUAL_PORT] if is_free(USUAL_PORT) else []
    return [*usual, *(free_port() for _ in range(3))]
