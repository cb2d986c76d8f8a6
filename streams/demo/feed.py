"""What the worker says over HTTP, asked again and again: the screen's only source."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import aiohttp

from schemas.fields import microseconds
from schemas.pack import Pack
from streams.demo.board import TABLES, Board, build
from streams.demo.scene import Pipeline

PERIOD: Final = 0.5
"""Seconds between two rounds of questions."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)
_SPAN: Final = 4.0
"""Seconds that the rate is averaged over."""


class Feed:
    """The worker at ``address``. ``board`` and ``pipeline`` are the last that were answered."""

    def __init__(self, address: str, pack: Pack) -> None:
        self.address = address
        self._pack = pack
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        self._seen: deque[tuple[float, int]] = deque()
        self._answered = time.monotonic()
        self.board: Board = build(pack, None, {})
        self.pipeline = Pipeline(problem="no worker yet")

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()

    async def get(self, page: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a page. OSError or TimeoutError: no answer."""
        try:
            async with self._session.get(self.address + page) as response:
                return response.status, await response.json()
        except aiohttp.ClientError as error:
            raise OSError(str(error)) from error

    async def ready(self) -> bool:
        """Whether the worker has all its partitions live."""
        try:
            status, _ = await self.get("/readyz")
        except (OSError, TimeoutError):
            return False
        return status == 200

    async def positions(self) -> dict[tuple[str, int], int]:
        """(topic, partition) → next offset to fold."""
        _, state = await self.get("/state")
        return _positions(state)

    async def refresh(self) -> None:
        """Ask for everything once. What is not answered stays as it was, and is said."""
        try:
            (_, state), *tables = await asyncio.gather(
                self.get("/state"), *(self.get(f"/tables/{name}") for name in TABLES)
            )
            rows = {name: page["rows"] for name, (_, page) in zip(TABLES, tables, strict=True)}
            basis = tables[0][1]["basis"]
        except (OSError, TimeoutError, KeyError):
            silent = time.monotonic() - self._answered
            self.pipeline = self.pipeline._replace(problem=f"no answer for {silent:.0f} s")
            return
        self._answered = time.monotonic()
        self.pipeline = self._pipeline(state)
        now = microseconds(datetime.fromisoformat(state["now"]))
        # 0: the log has not said what time it is.
        self.board = build(self._pack, now or None, rows, basis)

    async def follow(self) -> None:
        """Refresh for ever."""
        while True:
            await self.refresh()
            await asyncio.sleep(PERIOD)

    def _pipeline(self, state: Mapping[str, Any]) -> Pipeline:
        partitions: Mapping[str, Mapping[str, Any]] = state["partitions"]
        statuses = [each["status"] for each in partitions.values()]
        records = sum(_positions(state).values())
        self._seen.append((time.monotonic(), records))
        while len(self._seen) > 2 and self._seen[1][0] < self._seen[-1][0] - _SPAN:
            self._seen.popleft()
        (t0, n0), (t1, n1) = self._seen[0], self._seen[-1]
        odd = [status for status in ("failed", "rebuilding") if status in statuses]
        return Pipeline(
            live=statuses.count("live"),
            partitions=len(statuses),
            records=records,
            per_second=(n1 - n0) / (t1 - t0) if t1 > t0 else 0.0,
            lag=sum(sum(each["lag"].values()) for each in partitions.values()),
            problem=", ".join(f"{statuses.count(each)} {each.upper()}" for each in odd)
            or ("" if statuses else "joining the group"),
        )


def _positions(state: Mapping[str, Any]) -> dict[tuple[str, int], int]:
    return {
        (topic, int(number)): offset
        for number, each in state["partitions"].items()
        for topic, offset in each["positions"].items()
    }
