"""The history of a past day for Prometheus: what it would have scraped, recorded and alerted.

Blocks of two hours, one after the other, so that memory does not grow with the day.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Final, NamedTuple

from schemas.pack import Pack
from streams.archive.blocks import HOURS, check_head, make_block, program, publish, staging
from streams.archive.history import History
from streams.archive.openmetrics import END, Scrapes, heads
from streams.archive.rule_history import Level
from streams.archive.rule_order import levels
from streams.archive.sources import ArchivedLog
from streams.errors import UserError
from streams.metrics.page import MetricsPage
from streams.rules.files import groups
from streams.servers import Server, StartError

_YEAR_10000: Final = 253_402_300_800
MOST: Final = 2_000_000
"""Moments that are not refused: a month, every second or so."""
MADE: Final = "made"
"""Folder of the blocks until they are moved."""
_KEEP: Final = "290y"
_LARGE: Final = 256 * 1024 * 1024
"""Bytes of text; promtool reads all of it once for each block."""


Stretch = range
"""Moments in seconds."""


class Wanted(NamedTuple):
    """Which history: every ``step`` seconds from ``start`` to ``end``, both multiples of it."""

    start: int
    end: int
    step: int

    @property
    def moments(self) -> int:
        """How many."""
        return (self.end - self.start) // self.step + 1

    def stretches(self) -> Iterator[Stretch]:
        """Cut where Prometheus cuts its blocks."""
        start = self.start
        while start <= self.end:
            last = (start // HOURS + 1) * HOURS - 1
            end = min(self.end, last // self.step * self.step)
            yield range(start, end + 1, self.step)
            start = end + self.step


class Made(NamedTuple):
    """What came of it."""

    blocks: int
    samples: int


def wanted(log: ArchivedLog, begin: int | None, end: int | None, step: int) -> Wanted:
    """From the first record to after the last, or ``begin`` and ``end`` (µs), as steps.

    UserError: nothing is there, or it is too much.
    """
    spans = [
        (link.segment.earliest, link.segment.latest)
        for archive in log.archives.archives
        for link in archive.manifest.segments
    ]
    if not spans:
        raise UserError("the archive has no records: there is no history")
    first = min(low for low, _ in spans) // 1000 if begin is None else begin // 1_000_000
    last = max(high for _, high in spans) // 1000 + step if end is None else end // 1_000_000
    found = Wanted(first // step * step, last // step * step, step)
    if found.end < found.start:
        raise UserError("--until is before --from")
    if not 0 <= found.start <= found.end < _YEAR_10000:
        raise UserError(
            "the archive has records of a time that no calendar has: --from and --until choose"
        )
    if found.moments > MOST:
        raise UserError(
            f"{found.moments:,} moments are too many: --from and --until choose, or a longer --step"
        )
    return found


async def backfill(
    log: ArchivedLog, pack: Pack, span: Wanted, data: Path, progress: Callable[[int, int], None]
) -> Made:
    """Write the history into ``data``, all of it or nothing, also when cancelled.

    ``progress`` is told pieces of work done, and of how many. UserError: a program is missing or
    refuses, or ``data`` will not do.
    """
    for name in ("promtool", "prometheus"):
        program(name)
    stretches, rules = list(span.stretches()), levels(groups(pack))
    total = span.moments + len(rules) * len(stretches)
    with staging(data, span.start, span.end + 1) as folder:
        await check_head(data, folder, span.start, span.end + 1)
        made = folder / MADE
        made.mkdir()
        history = History(log, pack)
        scrapes = Scrapes(MetricsPage(pack, log.topics, log.partitions))
        done = samples = 0
        with closing(_Text(folder)) as text:
            for stretch in stretches:
                text.out.write(heads())
                for second in stretch:
                    lines = scrapes.text(history.at(second * 1_000_000), second)
                    samples += lines.count(b"\n")
                    text.out.write(lines)
                    done += 1
                    progress(done, total)
                    # A cancellation is heard between two moments, not after the whole day.
                    await asyncio.sleep(0)
                await text.finish()
        for some in rules:
            async for _ in _evaluated(folder, Level(some), stretches):
                done += 1
                progress(done, total)
        return Made(len(publish(made, data)), samples)


class _Text:
    """OpenMetrics text of which blocks are made, in the folder of the work."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "text"
        self._to = folder / MADE
        self.out: IO[bytes] = self._path.open("wb")

    async def finish(self) -> None:
        """Make the blocks, if there is anything, and begin anew."""
        some = self.out.tell()
        self.out.write(END)
        self.out.close()
        if some:
            await make_block(self._path, self._to)
        self.out = self._path.open("wb")

    def close(self) -> None:
        """Forget the rest."""
        self.out.close()


async def _evaluated(folder: Path, level: Level, stretches: list[Stretch]) -> AsyncIterator[None]:
    """Over one stretch after the other, on a Prometheus that has all that was made before."""
    with closing(_Text(folder)) as text:
        try:
            async with _prometheus(folder, stretches[0].step) as server:
                for stretch in stretches:
                    await asyncio.to_thread(level.write, server.address, stretch, text.out)
                    if text.out.tell() > _LARGE:
                        await text.finish()
                    yield
        except StartError as error:
            raise UserError(f"Prometheus does not start: {error}") from None
        await text.finish()


def _prometheus(folder: Path, step: int) -> Server:
    """A server that scrapes nothing, throws nothing away and sees no sample twice.

    A series that ended has ended at the next moment: no block can say so, hence the lookback.
    """
    (folder / "prometheus.yml").write_text("{}\n", encoding="ascii")
    return Server(
        lambda address: [
            program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / MADE}",
            f"--storage.tsdb.retention.time={_KEEP}",
            "--storage.tsdb.min-block-duration=2h",
            "--storage.tsdb.max-block-duration=2h",
            f"--query.lookback-delta={step * 1000 - 1}ms",
            f"--web.listen-address={address}",
        ],
        folder / "prometheus.log",
    )
