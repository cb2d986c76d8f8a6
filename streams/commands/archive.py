"""`scrutineer archive`: copy the log into files, and verify such a copy."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.errors import UserError

if TYPE_CHECKING:
    from streams.archive.copying import Progress
    from streams.archive.events import Counts
    from streams.archive.manifest import Head, Segment
    from streams.archive.store import Store
    from streams.archive.verifying import Verdict
    from streams.archive.watch import Watch
    from streams.archive.writing import ArchiveWriter
    from streams.settings import Settings

_COPY: Final = "copy"
_SIZE: Final = 16
_SECONDS: Final = 300.0
_SHOW_EVERY: Final = 1_000


class _Group(click.Group):
    """A group in which a first word that is no subcommand is the place to copy to."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in the name of the subcommand that is meant."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [_COPY, *args]
        return super().parse_args(ctx, args)


@click.group("archive", cls=_Group, subcommand_metavar="TO | COMMAND [ARGS]...")
def command() -> None:
    """Copy the three input topics into an archive; verify one; make keys; get the events back.

    `scrutineer archive TO` is short for `scrutineer archive copy TO`. TO is a directory, or a URL
    of an object store that fsspec knows, as s3://bucket/kz-2023. An archive needs neither Kafka
    nor scrutineer to be read: Avro files, and a manifest in JSON that chains their checksums.
    """


@command.command(_COPY)
@click.argument("to", metavar="TO")
@click.option("--once", is_flag=True, help="Copy up to the end that the log has, and end.")
@click.option(
    "--sign",
    "key_file",
    metavar="KEYFILE",
    type=click.Path(path_type=Path),
    help="Sign the manifest with this Ed25519 key (PEM).",
)
@click.option(
    "--segment-mib",
    type=click.IntRange(1, 256),
    default=_SIZE,
    show_default=True,
    help="Seal a segment at this size, compressed.",
)
@click.option(
    "--seal-every",
    metavar="SECONDS",
    type=click.FloatRange(min=0.1),
    default=_SECONDS,
    show_default=True,
    help="Seal a segment at this age.",
)
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the settings'.")
@click.option(
    "--metrics",
    "address",
    metavar="[HOST]:PORT",
    help="Serve /metrics and /healthz there, as :6067. Default: nowhere.",
)
def copy(
    *,
    to: str,
    once: bool,
    key_file: Path | None,
    segment_mib: int,
    seal_every: float,
    where: str | None,
    address: str | None,
) -> int:
    """Copy the input topics into the archive TO, and go on where it ended before.

    Without --once it follows the log until SIGTERM or Ctrl-C, and then seals what it has. However
    it is cut off, the archive stays whole; what is in no sealed segment is read again.

    Exit status 1: stopped before the end of the log (--once).
    """
    from streams.archive.signing import private_key
    from streams.archive.store import open_store
    from streams.archive.watch import Watch
    from streams.archive.writing import ArchiveWriter, Policy, head_of
    from streams.packs import load_pack, pack_texts
    from streams.settings import load_settings

    settings = load_settings()
    listen = None if address is None else _listen(address)
    where = where if where is not None else settings.pack
    key = None if key_file is None else private_key(key_file)
    pack, texts = load_pack(where), pack_texts(where)
    store = open_store(to)
    with store.locked() as scratch:
        writer = ArchiveWriter(store, scratch, Policy(segment_mib * 1024 * 1024, seal_every), key)
        head = head_of(pack, texts, settings.topics)
        known = writer.begin(head, texts)
        _greet(to, writer, head, known=known)
        watch = Watch(writer.manifest, seal_every)
        whole = asyncio.run(_copy(settings, writer, watch, listen, once=once))
        writer.sign()
    _sum_up(to, writer)
    return int(not whole)


def _greet(to: str, writer: ArchiveWriter, head: Head, *, known: bool) -> None:
    for name in writer.removed:
        click.echo(f"removed {to}/{name}: left by a run that was cut off", err=True)
    if known:
        held = sum(link.segment.count for link in writer.manifest.segments)
        click.echo(f"going on with {to}: {held} records", err=True)
    kept = writer.manifest.head.pack
    names = sorted({*kept, *head.pack})
    if other := [name for name in names if kept.get(name) != head.pack.get(name)]:
        click.echo(
            f"{to} keeps the pack that it began with, of which {', '.join(other)} is another: "
            "give yours to replay and statement with --pack",
            err=True,
        )


def _listen(address: str) -> tuple[str, int]:
    """Host and port. UserError: it is no address."""
    host, _, port = address.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise UserError(f"--metrics {address}: give a port, as :6067, or host:port")
    return host.strip("[]") or "127.0.0.1", int(port)


async def _copy(
    settings: Settings,
    writer: ArchiveWriter,
    watch: Watch,
    listen: tuple[str, int] | None,
    *,
    once: bool,
) -> bool:
    from streams.archive.copying import Copier, Observer
    from streams.archive.serving import serving
    from streams.commands.progress import Bar

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with Bar("archiving", None) as bar:

        def progress(now: Progress) -> None:
            bar.update(now.done, total=now.done + now.remaining)

        def sealed(segments: list[Segment]) -> None:
            records = sum(segment.count for segment in segments)
            chain = writer.manifest.chain
            bar.say(f"sealed {len(segments)} segments, {records} records; chain {chain}")

        copier = Copier(settings, writer, Observer(bar.say, progress, sealed), stop, watch)
        if listen is None:
            return await copier.run(once=once)
        async with serving(watch, *listen) as address:
            bar.say(f"metrics at {address}/metrics")
            return await copier.run(once=once)


def _sum_up(to: str, writer: ArchiveWriter) -> None:
    segments = [link.segment for link in writer.manifest.segments]
    records, size = (sum(getattr(s, name) for s in segments) for name in ("count", "bytes"))
    signed = ", signed" if writer.manifest.signature else ""
    click.echo(f"{to}: {records} records in {len(segments)} segments, {size} bytes{signed}")
    if holes := sum(segment.holes for segment in segments):
        click.echo(
            f"{holes} offsets hold no record: marks of transactions, or a compacted topic "
            "(scrutineer topics check)"
        )
    click.echo(f"chain {writer.manifest.chain}")


@command.command()
@click.argument("path", metavar="KEYFILE", type=click.Path(path_type=Path))
def keygen(*, path: Path) -> None:
    """Make an Ed25519 key for --sign: KEYFILE, a secret, and KEYFILE.pub, to be published."""
    from streams.archive.signing import keygen as make

    public, key = make(path)
    click.echo(f"private key  {path}")
    click.echo(f"public key   {public}")
    click.echo(f"key          {key}")


@command.command()
@click.argument("wheres", metavar="ARCHIVE...", nargs=-1, required=True)
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the archive's own.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file. Default: the standard output.",
)
def events(*, wheres: tuple[str, ...], where: str | None, output: Path | None) -> None:
    """Write the archived events as JSON Lines: for `scrutineer publish`, into new topics.

    Those alone that were accepted, in the order in which they came; nothing when the archive is
    damaged. What was rejected stays out, since publish would put some of it where it is accepted.
    """
    from streams.archive.events import Counts, accepted
    from streams.archive.sources import ArchivedLog
    from streams.archive.store import refuse_inside
    from streams.commands.inputs import pack_for
    from streams.commands.outputs import copy_to
    from streams.commands.progress import Bar

    for each in wheres if output is not None else ():
        refuse_inside(str(output), each, "--output")
    log = ArchivedLog(wheres)
    pack, _ = pack_for(log, wheres[0], where, accept=False)
    total = sum(log.count((topic, n)) for topic in log.topics for n in range(log.partitions))
    counts = Counts()
    # They wait until the last segment has been read and is what was archived.
    with tempfile.TemporaryFile() as waiting:
        with Bar("reading", total) as bar:
            for raw in accepted(log, pack, counts):
                waiting.write(raw + b"\n")
                if counts.written % _SHOW_EVERY == 0:
                    bar.update(counts.written + counts.rejected + counts.clock)
        if output is not None:
            copy_to(output, waiting)
        else:
            waiting.seek(0)
            shutil.copyfileobj(waiting, click.get_binary_stream("stdout"))
    _tell_events(counts, log.lost())


def _tell_events(counts: Counts, lost: int) -> None:
    click.echo(f"{counts.written} events; left out: {counts.rejected} rejected", err=True)
    if counts.clock:
        click.echo(f"left out: {counts.clock} of a player's clock", err=True)
    if counts.early:
        click.echo(
            f"{counts.early} came before they happened: sent again they count at their own time",
            err=True,
        )
    if lost:
        click.echo(f"NOT WHOLE: {lost} offsets are missing from what was salvaged", err=True)


@command.command()
@click.argument("where", metavar="ARCHIVE")
@click.option(
    "--public-key",
    "key_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The manifest must be signed by this key (PEM).",
)
@click.option("--chain", metavar="HEX", help="A chain value that was published: it must be there.")
@click.option("--salvage", metavar="OUT", help="Write what verifies as a new archive.")
def verify(*, where: str, key_file: Path | None, chain: str | None, salvage: str | None) -> int:
    """Look at every byte of an archive, and name what was changed, lost, moved or added.

    Exit status 1: something is wrong; each line says which file and what.
    """
    from streams.archive.signing import public_key
    from streams.archive.store import open_store
    from streams.archive.verifying import Expected
    from streams.archive.verifying import verify as examine
    from streams.commands.progress import Bar

    if chain is not None and not re.fullmatch("[0-9a-f]{64}", chain := chain.strip().lower()):
        raise UserError(f"--chain {chain}: is no chain: give all of its 64 hexadecimal digits")
    expected = Expected(None if key_file is None else public_key(key_file), chain)
    store = open_store(where)
    with Bar("verifying", None) as bar:
        verdict = examine(store, expected, bar.update)
    for problem in verdict.problems:
        click.echo(_printable(f"{where}/{problem.file}: {problem.what}"))
    if salvage is not None:
        _salvage(store, verdict, salvage)
    if verdict.problems:
        return 1
    assert verdict.manifest is not None
    segments = [link.segment for link in verdict.manifest.segments]
    signature = verdict.manifest.signature
    click.echo(f"{where}: as it was written; election {verdict.manifest.head.election}")
    if lost := sum(each.next - each.base for each in verdict.manifest.head.lost):
        click.echo(f"NOT WHOLE: {lost} offsets are missing from what was salvaged")
    click.echo(f"{sum(s.count for s in segments)} records in {len(segments)} segments")
    click.echo(f"signed by  {signature.public_key if signature else 'nobody'}")
    click.echo(f"chain      {verdict.manifest.chain}")
    return 0


def _printable(text: str) -> str:
    """Without what could forge other lines: a file may be called anything."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _salvage(store: Store, verdict: Verdict, to: str) -> None:
    from streams.archive.store import open_store, refuse_inside
    from streams.archive.verifying import salvage

    refuse_inside(to, store.where, "--salvage")
    target = open_store(to)
    with target.locked() as scratch:
        lost = salvage(store, verdict, target, scratch)
    for each in lost:
        click.echo(f"lost: {each.topic}/{each.partition} offsets {each.base} to {each.next - 1}")
    click.echo(f"{to}: salvaged, {'not whole' if lost else 'nothing is lost'}")
