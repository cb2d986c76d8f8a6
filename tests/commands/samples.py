"""Commands that end in every way a command can, for the tests of the command line."""

from __future__ import annotations

import os

import click

from schemas.pack import parse_pack
from streams.errors import UserError


@click.command()
def mistaken() -> None:
    """End with the user's mistake."""
    raise UserError("no such thing: look there")


@click.command()
def faulty_pack() -> None:
    """End with the faults of an election pack."""
    parse_pack({})


@click.command()
def interrupted() -> None:
    """End as on Ctrl-C."""
    raise KeyboardInterrupt


@click.command()
def failed_check() -> int:
    """End as a check that found something."""
    return 1


@click.command()
def defective() -> None:
    """End with a defect of the program."""
    raise ZeroDivisionError


@click.command()
def configured() -> None:
    """Say which settings file is in force."""
    click.echo(os.environ.get("SCRUTINEER_CONFIG", "none"))
