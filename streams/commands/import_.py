"""`scrutineer import`: an export turned into events."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Final, cast

import click

from streams.commands.outputs import copy_to, refuse_reuse
from streams.commands.progress import Bar
from streams.errors import UserError
from streams.packs import load_pack
from streams.settings import load_settings
from streams.sources.importing.earlier import Earlier
from streams.sources.importing.load import load_mapping
from streams.sources.importing.run import Import, load_lookups

SHOWN: Final = 20
_SHOW_EVERY: Final = 500
_IN_MEMORY: Final = 32 * 1024 * 1024


class Complaints:
    """Shows the first wrong rows on stderr, or writes all of them to a file."""

    def __init__(self, sink: IO[bytes] | None) -> None:
        self._sink = sink
        self._number = 0

    def __call__(self, message: str) -> None:
        """Take one ``file:line: what``."""
        self._number += 1
        if self._sink is not None:
            self._sink.write(message.encode(errors="surrogateescape") + b"\n")
        elif self._number <= SHOWN:
            click.echo(message, err=True)
        elif self._number == SHOWN + 1:
            click.echo("… and more; --skip-invalid FILE lists all of them", err=True)


@click.command("import")
@click.argument("mapping", metavar="MAPPING")
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the settings'.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: stdout."
)
@click.option(
    "--lookup",
    "lookups",
    metavar="NAME=FILE",
    multiple=True,
    help="Where the mapping's second file NAME is. Default: beside FILE.",
)
@click.option(
    "--previous",
    metavar="EVENTS",
    multiple=True,
    type=click.Path(path_type=Path),
    help="What imports with this mapping wrote before, the oldest first: only what is new or "
    "other than there becomes an event, with the next revision.",
)
@click.option(
    "--complete",
    is_flag=True,
    help="With --previous: the files are all there is, so that reports they have no longer are "
    "withdrawn.",
)
@click.option(
    "--withdraw-at-most",
    "most",
    metavar="N",
    type=click.IntRange(0),
    help="With --complete: if more would be, nothing is withdrawn. Default: a tenth of the reports "
    "that were imported before, 10 at least.",
)
@click.option(
    "--skip-invalid",
    metavar="OUT",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Leave wrong rows out and list them, with reasons, in OUT.",
)
def command(
    *,
    mapping: str,
    files: tuple[Path, ...],
    where: str | None,
    output: Path | None,
    lookups: tuple[str, ...],
    previous: tuple[Path, ...],
    complete: bool,
    most: int | None,
    skip_invalid: Path | None,
) -> int:
    """Turn FILE into events (JSON Lines) as MAPPING says.

    MAPPING is a TOML file or the name of one that comes with the project. FILE is CSV, JSON or a
    workbook, as the mapping says; several are the pages of one export. Nothing is written when a
    row is wrong, unless --skip-invalid says so. Counts go to stderr.
    """
    if complete and not previous:
        raise UserError("--complete: withdraws what --previous has, which is not given")
    if most is not None and not complete:
        raise UserError("--withdraw-at-most: goes with --complete, without which nothing is")
    rules = load_mapping(mapping)
    pack = load_pack(where if where is not None else load_settings().pack)
    given = dict(map(_pair, lookups))
    folder = files[0].parent
    beside = [folder / spec.file for spec in rules.lookups.values()]
    refuse_reuse(
        [("--output", output), ("--skip-invalid", skip_invalid)],
        [mapping, *files, *previous, *given.values(), *beside],
    )
    tables = load_lookups(rules, folder, given)
    earlier = Earlier.load(previous, rules.event.types()) if previous else None
    # Events and complaints wait until the last row has been read.
    with _waiting() as events, _waiting() as wrong:
        complain = Complaints(None if skip_invalid is None else wrong)
        run = Import(rules, tables, pack, complain, earlier)
        with Bar("importing", None) as bar:
            _fill(events, run.events(*files), lambda: bar.update(run.summary.rows))
        if complete:
            _fill(events, run.withdrawals(most))
        click.echo(run.summary.text(), err=True)
        if skip_invalid is not None:
            copy_to(skip_invalid, wrong)
        elif run.summary.bad:
            click.echo("nothing was written: mend the rows or the mapping", err=True)
            return 1
        _write(events, output)
    return 0


def _pair(text: str) -> tuple[str, Path]:
    name, sign, path = text.partition("=")
    if not (name and sign and path):
        raise UserError(f"--lookup {text}: write it as NAME=FILE")
    return name, Path(path)


def _waiting() -> IO[bytes]:
    return cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))


def _fill(
    waiting: IO[bytes], events: Iterable[bytes], show: Callable[[], None] = lambda: None
) -> None:
    for number, raw in enumerate(events):
        waiting.write(raw + b"\n")
        if number % _SHOW_EVERY == 0:
            show()


def _write(events: IO[bytes], output: Path | None) -> None:
    if output is not None:
        copy_to(output, events)
        return
    events.seek(0)
    shutil.copyfileobj(events, click.get_binary_stream("stdout"))
