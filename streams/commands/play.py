"""`scrutineer play`: an archived day once more, on a Kafka, at any speed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from aiokafka.errors import KafkaError

from schemas.fields import rfc3339
from schemas.pack import Pack, parse_pack
from streams.commands.replay import moment
from streams.errors import UserError
from streams.packs import load_pack
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from streams.archive.manifest import Place
    from streams.archive.playing import Due
    from streams.archive.sources import ArchivedLog
    from streams.sources.republish import Kept, Progress, Ticker

INTERRUPTED: Final = 130
_STAMPED: Final = {False: "LogAppendTime", True: "CreateTime"}
_BATCH_BYTES: Final = 256 * 1024
_SECOND: Final = 1_000_000


class Speed(click.ParamType):
    """How many times as fast as it was; None for as fast as possible."""

    name = "speed"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | None:
        """A number above 0; ``max`` and 0 are None."""
        if value in ("max", "0", 0):
            return None
        try:
            number = float(value)
        except ValueError:
            number = -1
        if not 0 < number <= 1e6:
            self.fail(f"{value}: give a number above 0, as 60, or max", param, ctx)
        return number


@dataclass(frozen=True, slots=True)
class Play:
    """What is to be done. ``topics``: authority → topic to write to; moments in µs, or None."""

    log: ArchivedLog
    pack: Pack
    settings: Settings
    topics: dict[str, str]
    speed: float | None
    begin: int | None
    end: int | None
    original: bool

    @property
    def total(self) -> int:
        """Records of the archive, about."""
        log = self.log
        return sum(log.count((topic, n)) for topic in log.topics for n in range(log.partitions))


@click.command("play")
@click.argument("archives", metavar="ARCHIVE...", nargs=-1, required=True)
@click.option(
    "--speed",
    type=Speed(),
    default="60",
    show_default=True,
    help="So many times as fast as it was; max: as fast as the broker takes it.",
)
@click.option("--to", "bootstrap", metavar="HOST:PORT", help="Brokers. Default: the settings'.")
@click.option(
    "--prefix",
    metavar="NAME",
    help="First part of the topics' names. Begins with play. Default: play. and the election.",
)
@click.option(
    "--from",
    "begin",
    metavar="TIME",
    help="Begin the day here, by the log's time; all before goes out at once.",
)
@click.option("--until", "end", metavar="TIME", help="End the day here.")
@click.option(
    "--pack", "where", metavar="DIR", help="Election pack of the workers. Default: the archive's."
)
@click.option("--resume", is_flag=True, help="Go on where a run that was stopped ended.")
@click.option(
    "--original-times",
    is_flag=True,
    help="Give records their archived timestamps, in place of the broker's.",
)
def command(
    *,
    archives: tuple[str, ...],
    speed: float | None,
    bootstrap: str | None,
    prefix: str | None,
    begin: str | None,
    end: str | None,
    where: str | None,
    resume: bool,
    original_times: bool,
) -> int:
    """Publish an archived day once more, in its order and with its pauses.

    It goes into topics of its own, which are created, and beside it goes the clock of that day.
    The settings of workers that watch it are printed: put them into a file for
    `scrutineer --config FILE worker`. Topics of an election are never written to.

    Exit status 130: stopped before the end; --resume goes on.
    """
    from streams.archive.playing import STAGE, check_stage
    from streams.archive.sources import ArchivedLog

    settings = load_settings(broker={"bootstrap": bootstrap})
    log = ArchivedLog(archives)
    head = log.archives.head
    pack = load_pack(where) if where else parse_pack(log.archives.archives[0].pack_texts())
    if pack.id != head.election:
        raise UserError(f"--pack {where}: is of election {pack.id}, not of {head.election}")
    prefix = prefix if prefix is not None else f"{STAGE}{head.election}"
    check_stage(prefix, head, settings)
    topics = settings.topics.model_copy(update={"prefix": prefix, "partitions": head.partitions})
    play = Play(
        log,
        pack,
        settings.model_copy(update={"topics": topics}),
        {name: getattr(topics, name) for name in ("observer", "official", "desk")},
        speed,
        moment(begin, "--from"),
        moment(end, "--until"),
        original_times,
    )
    if play.begin is not None and play.end is not None and play.begin >= play.end:
        raise UserError("--until is not after --from")
    return asyncio.run(_run(play, where or _pack_in(archives[0]), resume=resume))


def _pack_in(archive: str) -> str:
    """Where workers find the archive's own pack: they read no object store."""
    if "://" in archive and not archive.startswith("file://"):
        return f"DIR with a copy of {archive.rstrip('/')}/pack"
    return str(Path(archive.removeprefix("file://")).resolve() / "pack")


def _worker_settings(play: Play, pack: str) -> str:
    """The settings file of workers that watch what is played."""
    settings, quoted = play.settings, _quoted
    broker = [f"bootstrap = {quoted(settings.broker.bootstrap)}"]
    broker += [] if settings.broker.idempotent else ["idempotent = false"]
    if settings.broker.security_protocol != "PLAINTEXT":
        broker += ["# add the login of these workers: security_protocol and what goes with it"]
    lines = [
        f"pack = {quoted(pack)}",
        *("", "[broker]", *broker),
        *("", "[topics]", f"prefix = {quoted(settings.topics.prefix)}"),
        f"partitions = {settings.topics.partitions}",
        f"replication = {settings.topics.replication}",
        *("", "[worker]", f"group = {quoted(settings.topics.prefix)}", 'clock = "log"'),
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


async def _run(play: Play, pack: str, *, resume: bool) -> int:
    from streams.archive.playing import has_clock, in_order
    from streams.commands.progress import Bar
    from streams.log.sending import started
    from streams.sources.republish import Republisher

    ticker = None if has_clock(play.log) else _ticker(play)
    done = await _prepared(play, resume=resume, ticking=ticker is not None)
    click.echo(_worker_settings(play, pack))
    script = Script(play, in_order(play.log, done))
    first = next(script, None)
    if first is None:
        click.echo("nothing is left to play", err=True)
        return 0
    begins = first.at if play.begin is None else max(first.at, play.begin)
    before = sum(done.values())
    async with started(play.settings, linger_ms=5, max_batch_size=_BATCH_BYTES) as client:
        republisher = Republisher(client, ticker)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, republisher.stop.set)
        with Bar("playing", play.total) as bar:

            def tell(now: Progress) -> None:
                bar.update(before + now.records, rfc3339(now.now // _SECOND * _SECOND))

            try:
                whole = await republisher.play(chain([first], script), begins, play.speed, tell)
            except KafkaError as error:
                told = f"{str(error) or type(error).__name__}; {_reached(republisher.progress)}"
                raise UserError(f"the broker takes no more: {told}. --resume goes on") from None
    _sum_up(script, republisher.progress, ticking=ticker is not None, whole=whole)
    if lost := play.log.lost():
        click.echo(f"NOT WHOLE: {lost} offsets are missing from what was salvaged", err=True)
    return 0 if whole else INTERRUPTED


async def _prepared(play: Play, *, resume: bool, ticking: bool) -> dict[Place, int]:
    """Create the topics; place of the archive → records that are played already.

    UserError: there is something in them, and it is not to be gone on with.
    """
    from streams.archive.playing import played_before, progress_of
    from streams.log.topics import create_topics

    made = await create_topics(play.settings, stamped=_STAMPED[play.original])
    if counts := [each for each in made.problems if each.what in ("partitions", "topic")]:
        raise UserError(
            f"{counts[0].topic}: {counts[0].found} {counts[0].what}: choose another --prefix"
        )
    broker = play.settings.broker
    if resume:
        return await progress_of(broker, play.topics, play.log, ticking=ticking)
    new = set(play.topics.values()) <= set(made.created)
    if not new and (held := await played_before(broker, play.topics)):
        raise UserError(
            f"{held} holds records already: choose another --prefix, delete the topics of this "
            "one, or --resume what was stopped"
        )
    return {}


def _ticker(play: Play) -> Ticker:
    """The clock speaks as the player, or as some desk where the pack does not know a player."""
    from streams.sources.play import PLAYER
    from streams.sources.republish import Ticker

    desks = [uri for uri, source in play.pack.sources.items() if source.authority == "desk"]
    if not desks:
        raise UserError(
            f"the pack of {play.pack.id} has no source of the desk's, so workers would refuse the "
            "clock: --pack one that has"
        )
    source = PLAYER if PLAYER in desks else min(desks)
    head = play.log.archives.head
    return Ticker(play.topics["desk"], head.partitions, head.election, source, play.original)


class Script:
    """The records to play, each as it is to be sent. ``ahead``: those from the future."""

    def __init__(self, play: Play, records: Iterator[Due]) -> None:
        self._play = play
        self._records = records
        self._sources = dict(zip(play.topics, play.log.topics, strict=True))
        self.ahead = 0

    def __iter__(self) -> Iterator[Kept]:
        return self

    def __next__(self) -> Kept:
        from streams.archive.playing import ahead_of_its_time
        from streams.sources.republish import Kept

        play = self._play
        due = next(self._records)
        if play.end is not None and due.at > play.end:
            raise StopIteration
        record = due.record
        stamp = record.timestamp if play.original else None
        if stamp is None:
            source, partitions = self._sources[due.authority], play.log.partitions
            self.ahead += ahead_of_its_time(due, source, partitions, play.pack)
        topic = play.topics[due.authority]
        return Kept(due.at, topic, due.number, record.key, record.value, record.headers, stamp)


def _sum_up(script: Script, progress: Progress, *, ticking: bool, whole: bool) -> None:
    click.echo(f"{'played' if whole else 'stopped:'} {_reached(progress)}", err=True)
    if not whole:
        click.echo("--resume goes on from here", err=True)
    if not ticking:
        click.echo("the archive has a clock of its own: no other was written", err=True)
    if script.ahead:
        click.echo(
            f"{script.ahead} events came before they happened, and were refused or counted at "
            "another time; stamped today they are like any other, so the digest differs: "
            "--original-times keeps them as they were",
            err=True,
        )


def _reached(progress: Progress) -> str:
    return f"{progress.records} records, up to {rfc3339(progress.now)}"
