"""`scrutineer statement`: the figures of a preliminary statement, from an archive."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.archive.folding import AsOf
from streams.archive.replay import LogReplay
from streams.commands.inputs import Chosen, is_archive, replayed
from streams.commands.outputs import create, unwritable
from streams.commands.replay import moment
from streams.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.pack import Pack
    from streams.archive.reading import Archives
    from streams.archive.statement.model import Archived, Statement

_FORMATS: Final = ("markdown", "html", "json")


@click.command("statement")
@click.argument("inputs", metavar="ARCHIVE...", nargs=-1, required=True)
@click.option("--known-at", metavar="TIME", help="The cut-off: only what the mission knew then.")
@click.option(
    "--happened-by", metavar="TIME", help="Only what happened up to then, by the events' times."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="markdown",
    show_default=True,
    help="markdown for drafting, html for the press office, json for analysts.",
)
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the archive's own.")
@click.option(
    "--internal",
    is_flag=True,
    help="For the mission itself: nothing withheld, places and ids named; never to be published.",
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file. Default: the standard output.",
)
@click.option("--jobs", type=click.IntRange(1), help="Processes. Default: the number of cores.")
@click.option(
    "--accept-pack",
    is_flag=True,
    help="Judge the archive by a pack that accepts other events than were accepted on the day.",
)
def command(
    *,
    inputs: tuple[str, ...],
    known_at: str | None,
    happened_by: str | None,
    form: str,
    where: str | None,
    internal: bool,
    output: Path | None,
    jobs: int | None,
    accept_pack: bool,
) -> None:
    """Write the figures of a preliminary statement: sentences and tables, each with its basis.

    Public unless --internal: no place below a region, no id, no text of observers, no figure of
    fewer reports than the pack's public_minimum_cell, none of observers' counts of voters while
    polls are open, and nothing at all before the pack's embargo_until. The same archive, pack and
    cut-off give the same bytes.
    """
    from streams.archive.statement.making import made, refuse_embargoed
    from streams.archive.store import refuse_inside

    as_of = AsOf(moment(known_at, "--known-at"), moment(happened_by, "--happened-by"))
    archives = _opened(inputs)
    if output is not None:
        for each in inputs:
            refuse_inside(str(output), each, "--output")
    chosen = Chosen(inputs, where, as_of, jobs, tell=False, accept_pack=accept_pack)
    packs, clock = _packs(archives, where), time.time_ns() // 1000
    _refuse_to_come(as_of, known_at, happened_by, clock)
    if not internal:
        for pack in packs:
            refuse_embargoed(pack, clock)
    replay = replayed(chosen, None)
    assert isinstance(replay, LogReplay)
    if not replay.now:
        raise UserError(
            f"{', '.join(inputs)}: holds no event, so that there is no moment to speak of"
        )
    total = sum(archives.count(place) for place in archives.head.places())
    least = max(pack.judgement.public_min_cell for pack in packs)
    about = _about(archives)
    statement = made(replay, about, total, public=not internal, at_least=least)
    _write(_text(statement, form), output)


def _refuse_to_come(as_of: AsOf, known_at: str | None, happened_by: str | None, clock: int) -> None:
    """UserError: a moment is after ``clock``, the wall clock in µs: "0 published by then"."""
    if as_of.known_at is not None and as_of.known_at > clock:
        raise UserError(f"--known-at {known_at}: is still to come: nobody knows yet what was known")
    if as_of.happened_by is not None and as_of.happened_by > clock:
        raise UserError(
            f"--happened-by {happened_by}: is still to come: nobody knows yet what will happen"
        )


def _opened(inputs: Sequence[str]) -> Archives:
    from streams.archive.reading import Archives, open_archive

    for each in inputs:
        if not is_archive(each):
            raise UserError(f"{each}: a statement is made from an archive, whose digests it names")
    return Archives([open_archive(each) for each in inputs])


def _packs(archives: Archives, where: str | None) -> list[Pack]:
    """Every pack that may say what is public: no other one does so sooner, or of fewer reports."""
    from schemas.pack import parse_pack
    from streams.packs import load_pack

    own = [parse_pack(archive.pack_texts()) for archive in archives.archives]
    return own if where is None else [*own, load_pack(where)]


def _about(archives: Archives) -> tuple[Archived, ...]:
    """UserError: a signature is not of its manifest."""
    from schemas.fields import rfc3339
    from streams.archive.manifest import MANIFEST
    from streams.archive.signing import signature_problem
    from streams.archive.statement.model import Archived

    found = []
    for each in archives.archives:
        manifest = each.manifest
        if wrong := signature_problem(manifest, None):
            raise UserError(f"{each.where}/{MANIFEST}: {wrong}. See scrutineer archive verify")
        records = sum(link.segment.count for link in manifest.segments)
        signer = manifest.signature.public_key if manifest.signature else None
        stamps = (link.segment.latest for link in manifest.segments)
        newest = max(stamps, default=None)
        try:
            told = None if newest is None else rfc3339(newest * 1000)
        except OverflowError:
            raise UserError(
                f"{each.where}/{MANIFEST}: its newest record is of {newest} ms, a time that no "
                "calendar has. Whose is that? See scrutineer archive verify"
            ) from None
        found.append(Archived(manifest.chain, len(manifest.segments), records, signer, told))
    return tuple(found)


def _text(statement: Statement, form: str) -> str:
    from streams.archive.statement import document, html, markdown

    printers = {"markdown": markdown.text, "html": html.text, "json": document.text}
    return printers[form](statement)


def _write(text: str, output: Path | None) -> None:
    """All of it, as UTF-8 wherever the console is. UserError: it can't be written."""
    if output is None:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    try:
        with create(output) as stream:
            stream.write(text.encode())
    except OSError as error:
        raise unwritable(output, error) from error
