"""What Prometheus and Alertmanager say over HTTP, asked again and again."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp

from schemas.pack import Pack
from streams.demo.alerts import Alerts, by_name, firing, gather, labels_of
from streams.demo.monitoring import Addresses

PERIOD: Final = 1.0
"""Seconds between two rounds of questions: rules are not evaluated more often."""
SETTLE_SECONDS: Final = 30.0
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)
_NOW: Final = "max(scrutineer_now_timestamp_seconds)"
_FIRED: Final = 'last_over_time(ALERTS{{alertstate="firing"}}[{seconds}s])'


class AlertFeed:
    """Asks both at ``addresses``. ``alerts`` are the last that were answered."""

    def __init__(self, addresses: Addresses, pack: Pack) -> None:
        self.addresses = addresses
        self._pack = pack
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        self._started = self._answered = time.monotonic()
        self._log_time: dict[str, int | None] = {}
        self.alerts = Alerts()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()

    async def refresh(self) -> None:
        """Ask once. What is not answered stays as it was, and is said."""
        try:
            alerts = firing((await self._prometheus("alerts"))["alerts"])
            told = await self._get(f"{self.addresses.alertmanager}/api/v2/alerts")
            for moment in {alert["activeAt"] for alert in alerts} - self._log_time.keys():
                self._log_time[moment] = await self._clock_at(moment)
        except (OSError, TimeoutError):
            silent = time.monotonic() - self._answered
            self.alerts = self.alerts._replace(problem=f"no answer for {silent:.0f} s")
            return
        self._answered = time.monotonic()
        muted = {labels_of(each) for each in told if each["status"]["state"] == "suppressed"}
        self.alerts = gather(self._pack, alerts, frozenset(muted), self._log_time.get)

    async def follow(self) -> None:
        """Refresh for ever."""
        while True:
            await self.refresh()
            await asyncio.sleep(PERIOD)

    async def summary(self) -> dict[str, Any]:
        """Where both are, and how many alerts of each name fired since the start, and still do.

        Waits until the rules have seen what the worker shows now. ``alerts`` is None where that
        is not answered.
        """
        return {**self.addresses._asdict(), "alerts": await self._alerts_by_name()}

    async def _alerts_by_name(self) -> dict[str, dict[str, int]] | None:
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                await self._settle()
                await self.refresh()
                seconds = math.ceil(time.monotonic() - self._started) + 1
                fired = await self._query(_FIRED.format(seconds=seconds))
                now = firing((await self._prometheus("alerts"))["alerts"])
        except (OSError, TimeoutError):
            return None
        series = ({"labels": each["metric"]} for each in fired)
        return {"fired": by_name(series), "firing": by_name(now)}

    async def _settle(self) -> None:
        """A scrape that began after now, then an evaluation of every group with it."""
        now = datetime.now(UTC)
        # No event could tell: the answer is in another process.
        while not await self._scraped_since(now):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        # An evaluation counts from the moment it was due, which may be up to a second before.
        now = datetime.now(UTC) + timedelta(seconds=1)
        while not await self._evaluated_since(now):  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    async def _scraped_since(self, moment: datetime) -> bool:
        targets = (await self._prometheus("targets", state="active"))["activeTargets"]
        return bool(targets) and all(
            datetime.fromisoformat(each["lastScrape"]) > moment and each["health"] == "up"
            for each in targets
        )

    async def _evaluated_since(self, moment: datetime) -> bool:
        groups = (await self._prometheus("rules"))["groups"]
        return all(datetime.fromisoformat(each["lastEvaluation"]) > moment for each in groups)

    async def _clock_at(self, moment: str) -> int | None:
        """The log's clock as the rules saw it then, in µs."""
        found = await self._query(_NOW, time=moment)
        return round(float(found[0]["value"][1]) * 1_000_000) if found else None

    async def _query(self, query: str, **more: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = (await self._prometheus("query", query=query, **more))[
            "result"
        ]
        return found

    async def _prometheus(self, page: str, **query: str) -> Any:
        url = f"{self.addresses.prometheus}/api/v1/{page}"
        return (await self._get(url, **query))["data"]

    async def _get(self, url: str, **query: str) -> Any:
        """JSON of a page. OSError or TimeoutError: no answer, or one that is none."""
        try:
            async with self._session.get(url, params=query) as answer:
                answer.raise_for_status()
                return await answer.json()
        except (aiohttp.ClientError, ValueError) as error:
            raise OSError(str(error)) from error
