"""An archived log as events for another log: what `scrutineer publish` is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemas import read
from schemas.pack import Pack
from schemas.verdict import Origin, Rejected
from streams.archive.folding import Log
from streams.archive.playing import CLOCK, in_order


@dataclass
class Counts:
    """What became of the records. ``early``: written, but came before they happened."""

    written: int = 0
    rejected: int = 0
    clock: int = 0
    early: int = 0


def accepted(log: Log, pack: Pack, counts: Counts) -> Iterator[bytes]:
    """The accepted events in the order in which they came, each one line without its end.

    Judged where they stood: a publisher finds the topic by the type, so that what was refused for
    its topic would be let in by the way back. A player's clock is no event of the day.
    """
    topics = dict(zip(("observer", "official", "desk"), log.topics, strict=True))
    for due in in_order(log):
        record = due.record
        value = record.value or b""
        place = topics[due.authority], due.number, log.partitions
        found = read(value, Origin(*place, record.key, record.timestamp), pack)
        if isinstance(found, Rejected):
            counts.rejected += 1
        elif found.event.type == CLOCK:
            counts.clock += 1
        else:
            counts.written += 1
            counts.early += found.skewed
            # In what was accepted as JSON an end of a line stands between values, never in one.
            yield value.replace(b"\r", b" ").replace(b"\n", b" ")
