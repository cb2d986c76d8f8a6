"""How long it takes after a fault until every partition is shown and up to date again."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tests.chaos.sampler import Sampler
from tests.chaos.schedule import Fault
from tests.chaos.sender import Journal
from tests.chaos.workers import Worker

BEHIND: Final = 2.0
"""Seconds that the tables may be behind what was acknowledged, to be called whole."""
NOTICED: Final = 4.0
"""A fault that has shown by then in no table is one that nobody noticed."""
WHOLE_SECONDS: Final = 120.0
"""Seconds after the last fault within which all must be live and up to date."""

Say = Callable[[str], None]


class Recovery:
    """Looks on from the beginning of each fault.

    ``recoveries``: kind → seconds from its beginning until all partitions were live and up to
    date again; ``alone``: those of them that nothing else fell into.
    """

    def __init__(
        self, workers: Sequence[Worker], sampler: Sampler, journal: Journal, say: Say
    ) -> None:
        self._workers = workers
        self._sampler = sampler
        self._journal = journal
        self._say = say
        self._ends: list[tuple[float, Mapping[tuple[str, int], int]]] = []
        self._measuring: set[asyncio.Task[None]] = set()
        self._began: list[float] = []
        self.recoveries: dict[str, list[float]] = defaultdict(list)
        self.alone: dict[str, list[float]] = defaultdict(list)

    def begin(self, fault: Fault, now: float, *, calm: bool) -> None:
        """A fault begins. ``calm``: no other is under way."""
        self._began.append(now)
        calm = calm and self.whole()
        self._measuring.add(asyncio.ensure_future(self._measure(fault, now, calm=calm)))

    async def measured(self) -> list[str]:
        """Until all is whole after each fault; returns what is wrong where it does not get so."""
        if not self._measuring:
            return []
        done, late = await asyncio.wait(self._measuring, timeout=WHOLE_SECONDS)
        for measure in done:
            measure.result()
        for measure in late:
            measure.cancel()
        return [f"not whole {WHOLE_SECONDS:.0f} s after the last fault" for _ in late]

    def cancel(self) -> None:
        """Nobody waits for it any longer."""
        for measure in self._measuring:
            measure.cancel()

    def whole(self) -> bool:
        """Whether every partition is shown, up to what was acknowledged a moment ago."""
        now = time.monotonic()
        self._ends.append((now, self._journal.ends()))
        while len(self._ends) > 1 and self._ends[1][0] < now - BEHIND:
            self._ends.pop(0)
        shown: dict[tuple[str, int], int] = {}
        for worker in self._workers:
            seen = self._sampler.latest.get(worker.name)
            if seen is None or not worker.running or worker.frozen or seen.life != worker.life:
                continue
            if now - seen.until < BEHIND:
                for place, position in seen.positions.items():
                    shown[place] = max(position, shown.get(place, 0))
        return all(shown.get(place, -1) >= end for place, end in self._ends[0][1].items())

    async def _measure(self, fault: Fault, began: float, *, calm: bool) -> None:
        """From the fault's beginning until the tables are whole again for a second.

        ``calm``: nothing else was wrong when it began.
        """
        missed = since = None
        while True:
            await asyncio.sleep(0.25)
            now = time.monotonic()
            if not self.whole():
                missed, since = now, None
            elif since is None:
                since = now
            if missed is None and now - began > NOTICED:
                self.recoveries[fault.kind].append(0.0)
                return
            if missed is not None and since is not None and now - since > 1.0:
                took = round(since - began, 2)
                self.recoveries[fault.kind].append(took)
                if calm and not any(began < other < since for other in self._began):
                    self.alone[fault.kind].append(took)
                self._say(f"whole again {took:.1f} s after {fault.kind}")
                return
