"""`scrutineer publish`: events checked and sent to Kafka."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

from streams.commands.numbers import Finite
from streams.commands.outputs import copy_to, create, refuse_reuse
from streams.commands.progress import Bar
from streams.errors import UserError
from streams.packs import load_pack
from streams.settings import Settings, load_settings
from streams.sources.checking import Ready, Refusal, Waiting, check
from streams.sources.jsonl import STDIN, Line, read_lines
from streams.sources.live import stdin_lines
from streams.sources.pace import Pace
from streams.sources.publish import Publisher

if TYPE_CHECKING:
    from schemas.pack import Pack

SHOWN: Final = 20
_IN_MEMORY: Final = 8 * 1024 * 1024


class RefusedError(Exception):
    """A wrong line of standard input ends the run."""


@dataclass(slots=True)
class Checker:
    """Checks lines; wrong ones are shown, or go to the file of ``--skip-invalid``."""

    pack: Pack
    sink: IO[bytes] | None
    good: int = 0
    bad: int = 0

    def __call__(self, line: Line) -> Ready | None:
        """The event of ``line``, None when it is wrong."""
        result = check(line, self.pack)
        if isinstance(result, Ready):
            self.good += 1
            return result
        self._refuse(result)
        return None

    def _refuse(self, refusal: Refusal) -> None:
        self.bad += 1
        if self.sink is not None:
            self.sink.write(refusal.record())
            self.sink.flush()  # whoever feeds us lines live can look at them
        elif self.bad <= SHOWN:
            click.echo(str(refusal), err=True)
        elif self.bad == SHOWN + 1:
            click.echo("… and more; --skip-invalid FILE lists all of them", err=True)


@click.command("publish")
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the settings'.")
@click.option("--bootstrap", metavar="HOST:PORT", help="Brokers. Default: the settings'.")
@click.option("--rate", type=Finite(0, min_open=True), help="At most so many events/s.")
@click.option(
    "--speed",
    type=Finite(0, min_open=True),
    help="Play by event time, so many times as fast as it happened; all files in one order.",
)
@click.option(
    "--skip-invalid",
    metavar="OUT",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Send the right lines and write the wrong ones, with reasons, to OUT.",
)
@click.option("--dry-run", is_flag=True, help="Check only; no broker is needed.")
@click.option(
    "--timeout",
    type=Finite(0, 86_400, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds to wait for a broker that is away.",
)
def command(
    *,
    files: tuple[str, ...],
    where: str | None,
    bootstrap: str | None,
    rate: float | None,
    speed: float | None,
    skip_invalid: Path | None,
    dry_run: bool,
    timeout: float,
) -> int:
    """Check the events in FILEs (JSON Lines; - is standard input) and send them.

    Nothing is sent when a line of a file is wrong. Lines of standard input are sent as they come,
    up to the first wrong one. Exit status 1: a line is wrong.
    """
    settings = load_settings(broker={"bootstrap": bootstrap})
    pack = load_pack(where if where is not None else settings.pack)
    if STDIN in files and len(files) > 1:
        raise UserError("'-' (standard input) goes alone, not with files")
    live = STDIN in files and speed is None and not dry_run
    with _listing(skip_invalid, files, live) as sink, Waiting() as waiting:
        checker = Checker(pack, sink)
        if not live:
            _check_all(files, checker, waiting)
            if skip_invalid is not None and sink is not None:
                copy_to(skip_invalid, sink)
            if checker.bad and sink is None:
                total = checker.bad + checker.good
                click.echo(f"wrong lines: {checker.bad:,} of {total:,}; nothing was sent")
                return 1
            if dry_run:
                _dry(waiting, settings)
                return 0
        events = _live(checker) if live else _stored(waiting, speed is not None)
        with Bar("sending", None if live else len(waiting)) as bar:
            publisher = Publisher(
                settings,
                Pace(rate, speed),
                timeout,
                bar.say,
                lambda tally: bar.update(tally.done),
            )
            status = _send(publisher, events)
        _summary(publisher, checker)
        return status


def _check_all(files: tuple[str, ...], checker: Checker, waiting: Waiting) -> None:
    for line in read_lines(files):
        if (event := checker(line)) is not None:
            waiting.add(event)


def _dry(waiting: Waiting, settings: Settings) -> None:
    counts = Counter(event.authority for event in waiting.events())
    click.echo(f"{len(waiting):,} events are right; nothing was sent")
    for authority in ("desk", "observer", "official"):
        if number := counts[authority]:
            click.echo(f"  {number:,} {getattr(settings.topics, authority)}")


async def _stored(waiting: Waiting, by_time: bool) -> AsyncIterator[Ready]:
    for number, event in enumerate(waiting.events(by_time)):
        yield event
        if number % 500 == 0:
            await asyncio.sleep(0)  # a full batch is the only other pause


async def _live(checker: Checker) -> AsyncIterator[Ready]:
    async for line in stdin_lines():
        if (event := checker(line)) is not None:
            yield event
        elif checker.sink is None:
            raise RefusedError


def _send(publisher: Publisher, events: AsyncIterator[Ready]) -> int:
    """Send everything; the exit status."""
    # Its own lines about every retry say what ours say once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        asyncio.run(publisher.publish(events))
    except RefusedError:
        return 1
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return 130
    return 0


def _summary(publisher: Publisher, checker: Checker) -> None:
    tally = publisher.tally
    click.echo(f"{tally.done:,} events acknowledged in {publisher.seconds:.1f} s")
    for line in tally.lines():
        click.echo(line)
    if tally.pending:
        click.echo(f"sent without an answer, so they may have arrived: {tally.pending:,}")
    if checker.bad:
        click.echo(f"wrong lines, not sent: {checker.bad:,}")


@contextmanager
def _listing(path: Path | None, files: tuple[str, ...], live: bool) -> Iterator[IO[bytes] | None]:
    """Where wrong lines go: at once to ``path`` when live, else to a place to copy it from."""
    if path is None:
        yield None
        return
    refuse_reuse([("--skip-invalid", path)], files)
    with create(path) if live else tempfile.SpooledTemporaryFile(_IN_MEMORY) as sink:
        yield sink
