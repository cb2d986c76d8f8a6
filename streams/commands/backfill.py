"""`scrutineer backfill`: the history of an archived day for Prometheus and its dashboards."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from schemas.fields import rfc3339
from streams.archive.alert_course import seconds
from streams.commands.replay import moment

INTERRUPTED: Final = 130
"""Exit status of a run that was ended from outside."""
_T = TypeVar("_T")


class Duration(click.ParamType):
    """Whole seconds, as Prometheus writes them: 15s, 5m, 1h."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The seconds, which divide two hours: blocks begin at multiples of these."""
        try:
            found = value if isinstance(value, int) else seconds(value)
        except ValueError:
            found = 0
        if not found or 7200 % found:
            self.fail(f"{value}: give a part of two hours, as 15s, 1m or 5m", param, ctx)
        return found


@click.command("backfill")
@click.argument("archives", metavar="ARCHIVE...", nargs=-1, required=True)
@click.option(
    "--prometheus",
    "data",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path),
    help="Prometheus' folder of data, or one to be made; no Prometheus may run on it.",
)
@click.option(
    "--step",
    type=Duration(),
    default="15s",
    show_default=True,
    help="Time between two moments. Above 30s alerts that look at a minute are missed.",
)
@click.option("--from", "begin", metavar="TIME", help="Begin here. Default: the first record.")
@click.option("--until", "end", metavar="TIME", help="End here. Default: the last record.")
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the archive's own.")
@click.option(
    "--accept-pack",
    is_flag=True,
    help="Also a pack that accepts other events than were accepted on the day.",
)
def command(
    *,
    archives: tuple[str, ...],
    data: Path,
    step: int,
    begin: str | None,
    end: str | None,
    where: str | None,
    accept_pack: bool,
) -> int:
    """Write the history of an archived day for Prometheus, for the dashboards to show.

    At each moment the metrics are those that a worker would have shown which knew all that the log
    had then; with what the rules of the pack record, and the alerts that they raise. Needs
    prometheus and promtool. A day of a large country takes minutes, and in DIR for the time being
    the room of its two busiest hours as text: about 1 GB. In the end all of it is there or nothing,
    also on SIGTERM and Ctrl-C: exit status 130.
    """
    from streams.archive.backfill import backfill, wanted
    from streams.archive.sources import ArchivedLog
    from streams.commands.inputs import pack_for
    from streams.commands.progress import Bar

    log = ArchivedLog(archives)
    pack, _ = pack_for(log, archives[0], where, accept=accept_pack)
    span = wanted(log, moment(begin, "--from"), moment(end, "--until"), step)
    with Bar("backfilling", None) as bar:
        made = asyncio.run(
            _until_signalled(
                backfill(log, pack, span, data, lambda done, total: bar.update(done, total=total))
            )
        )
    if made is None:
        click.echo(f"{data}: interrupted, nothing was written", err=True)
        return INTERRUPTED
    click.echo(
        f"{data}: {made.blocks} blocks of {made.samples} samples and what the rules make of them, "
        f"{rfc3339(span.start * 1_000_000)} to {rfc3339(span.end * 1_000_000)}"
    )
    if lost := log.lost():
        click.echo(f"NOT WHOLE: {lost} offsets are missing from what was salvaged")
    click.echo(
        "start Prometheus with --storage.tsdb.retention.time=10y, or it deletes what is old, and "
        f"with --query.lookback-delta={step}s, or what ended shows for 5 minutes more"
    )
    return 0


async def _until_signalled(work: Coroutine[Any, Any, _T]) -> _T | None:
    """Its result; None if a signal came first, which cancels it once: its clean-up is not."""
    task = asyncio.create_task(work)
    asked: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        if not asked:
            asked.append(number)
            task.cancel()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup has it ignored
        numbers.append(signal.SIGHUP)
    for number in numbers:
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        return None
