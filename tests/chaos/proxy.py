"""The way to brokers, of workers and of other brokers: a TCP proxy that delays and loses.

TCP repeats what a network loses, so to whoever uses it a loss is a pause, twice as long each time
the repeat is lost too; that is what is done here. Now and then a connection is lost for good.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Final, NamedTuple, Self

from tests.chaos.brokers import AMONG, CLIENT, INTERNAL, PROXIED
from tests.chaos.sandbox import DATA

RETRANSMISSION: Final = 0.2
"""Seconds after which TCP repeats what was lost, at first."""

LOOK: Final = 0.05
"""Seconds between two looks whether a way is open again."""

_CHUNK: Final = 64 * 1024
_HELD: Final = 64
"""Chunks on their way at most, in one direction of one connection."""


class Weather(NamedTuple):
    """What happens to traffic: seconds of delay each way; shares of chunks.

    ``cut``: nothing gets through, what there is waits, and no connection comes about. ``withheld``:
    so does a request in which these bytes are and what comes after it on its connection; where
    whoever sent it is gone meanwhile, it never arrives.
    """

    delay: float = 0.0
    loss: float = 0.0
    reset: float = 0.0
    cut: bool = False
    withheld: bytes = b""


FAIR: Final = Weather()


class Proxy:
    """``with Proxy(addresses) as proxy:`` passes port ``PROXIED + n`` on to broker n.

    Port ``AMONG + n`` is that of other brokers. It runs in a thread of its own.
    """

    def __init__(self, brokers: Sequence[str], seed: int) -> None:
        self._brokers = brokers
        self._dice = random.Random(seed)
        self._weather: Mapping[frozenset[str], Weather] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self.problems: list[str] = []
        """Errors of its own, of which connections were lost: they are not the network's."""
        self.withheld = self.dropped = 0
        """Requests that were withheld; those of them whose sender was gone meanwhile."""

    def shape(self, weather: Weather, *ends: str) -> None:
        """From now on ``weather`` is that of whoever asks from an address, or between two."""
        self._weather = {**self._weather, frozenset(ends): weather}

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _listen(self) -> None:
        for number, address in enumerate(self._brokers):
            for ours, theirs in ((PROXIED, CLIENT), (AMONG, INTERNAL)):
                serve = partial(self._serve, address, theirs)
                await asyncio.start_server(serve, f"{DATA}.1", ours + number)

    async def _serve(
        self, broker: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        ends = (writer.get_extra_info("peername")[0], broker)
        try:
            if self._between(ends).cut:
                raise ConnectionRefusedError
            there, back = await asyncio.wait_for(asyncio.open_connection(broker, port), 5)
        except (OSError, TimeoutError):
            writer.transport.abort()
            return
        ways = [
            asyncio.ensure_future(self._pass(reader, back, ends, asking=True)),
            asyncio.ensure_future(self._pass(there, writer, ends, asking=False)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            writer.transport.abort()
            back.transport.abort()
            for error in await asyncio.gather(*ways, return_exceptions=True):
                if isinstance(error, Exception):
                    self.problems.append(f"proxy: {type(error).__name__}: {error}")

    def _between(self, ends: tuple[str, str]) -> Weather:
        """The weather on the way from an address to a broker's."""
        here = self._weather.get(frozenset(ends[:1]), FAIR)
        return self._weather.get(frozenset(ends), here)

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ends: tuple[str, str],
        *,
        asking: bool,
    ) -> None:
        """Pass on what comes, in order, each chunk after its delay, until either side is gone.

        ``asking``: it goes to the broker; only requests are ever withheld.
        """
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_HELD)
        send = asyncio.ensure_future(self._send(held, reader, writer, ends, asking=asking))
        clock = self._loop.time
        try:
            while not send.done() and (chunk := await reader.read(_CHUNK)):
                weather = self._between(ends)
                if weather is not FAIR and self._dice.random() < weather.reset:
                    return
                await held.put((clock() + weather.delay + self._pause(weather), chunk))
            await held.put((0.0, b""))
            await asyncio.wait([send])
        except OSError:
            pass
        finally:
            send.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await send

    async def _send(
        self,
        held: asyncio.Queue[tuple[float, bytes]],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ends: tuple[str, str],
        *,
        asking: bool,
    ) -> None:
        with suppress(OSError):
            while True:
                due, chunk = await held.get()
                if not chunk:
                    return
                if (wait := due - self._loop.time()) > 0:
                    await asyncio.sleep(wait)
                await self._open(ends)
                if asking and not await self._released(chunk, reader, ends):
                    return
                writer.write(chunk)
                await writer.drain()

    async def _open(self, ends: tuple[str, str]) -> None:
        """Wait until the way is not cut."""
        while True:
            if not self._between(ends).cut:
                return
            await asyncio.sleep(LOOK)

    async def _released(
        self, chunk: bytes, reader: asyncio.StreamReader, ends: tuple[str, str]
    ) -> bool:
        """Wait while ``chunk`` is withheld; False: its sender is gone by then."""
        waits = False
        while (bytes_ := self._between(ends).withheld) and bytes_ in chunk:
            self.withheld += not waits
            waits = True
            if reader.at_eof() or reader.exception() is not None:
                self.dropped += 1
                return False
            await asyncio.sleep(LOOK)
        return True

    def _pause(self, weather: Weather) -> float:
        pause, step = 0.0, RETRANSMISSION
        while self._dice.random() < weather.loss and step < 10:
            pause, step = pause + step, step * 2
        return pause
