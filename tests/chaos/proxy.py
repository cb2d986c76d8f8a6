"""The way from workers to brokers: a TCP proxy that delays what it passes, and loses some of it.

TCP repeats what a network loses, so to whoever uses it a loss is a pause, twice as long each time
the repeat is lost too; that is what is done here. Now and then a connection is lost for good.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, NamedTuple, Self

from tests.chaos.brokers import CLIENT, PROXIED
from tests.chaos.sandbox import DATA

RETRANSMISSION: Final = 0.2
"""Seconds after which TCP repeats what was lost, at first."""

_CHUNK: Final = 64 * 1024
_HELD: Final = 64
"""Chunks on their way at most, in one direction of one connection."""


class Weather(NamedTuple):
    """What happens to the traffic of a worker: seconds of delay each way; shares of chunks."""

    delay: float = 0.0
    loss: float = 0.0
    reset: float = 0.0


FAIR: Final = Weather()


class Proxy:
    """``with Proxy(addresses) as proxy:`` passes port ``PROXIED + n`` on to broker n.

    It runs in a thread of its own. ``shape`` sets the weather of a worker, by its address.
    """

    def __init__(self, brokers: Sequence[str], seed: int) -> None:
        self._brokers = brokers
        self._dice = random.Random(seed)
        self._weather: Mapping[str, Weather] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def shape(self, address: str, weather: Weather) -> None:
        """From now on ``weather`` is that of the worker at ``address``."""
        self._weather = {**self._weather, address: weather}

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

            async def serve(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str = address
            ) -> None:
                await self._serve(reader, writer, address)

            await asyncio.start_server(serve, f"{DATA}.1", PROXIED + number)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, broker: str
    ) -> None:
        worker = writer.get_extra_info("peername")[0]
        try:
            there, back = await asyncio.wait_for(asyncio.open_connection(broker, CLIENT), 5)
        except (OSError, TimeoutError):
            writer.transport.abort()
            return
        ways = [
            asyncio.ensure_future(self._pass(reader, back, worker)),
            asyncio.ensure_future(self._pass(there, writer, worker)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            writer.transport.abort()
            back.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, worker: str
    ) -> None:
        """Pass on what comes, in order, each chunk after its delay, until either side is gone."""
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_HELD)
        send = asyncio.ensure_future(self._send(held, writer))
        clock = self._loop.time
        try:
            while not send.done() and (chunk := await reader.read(_CHUNK)):
                weather = self._weather.get(worker, FAIR)
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
        self, held: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while True:
                due, chunk = await held.get()
                if not chunk:
                    return
                if (wait := due - self._loop.time()) > 0:
                    await asyncio.sleep(wait)
                writer.write(chunk)
                await writer.drain()

    def _pause(self, weather: Weather) -> float:
        pause, step = 0.0, RETRANSMISSION
        while self._dice.random() < weather.loss and step < 10:
            pause, step = pause + step, step * 2
        return pause
