"""Dead letters on their way to the broker."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from mode import Service

from schemas.verdict import Rejected
from streams.log.dead_letter import letter
from streams.worker import logs
from streams.worker.state import PartitionState

MAX_BYTES: Final = 32 * 1024 * 1024
"""Original bytes on their way at once; then whoever rejects waits."""

_AT_ONCE: Final = 500
_RETRY_SECONDS: Final = 1.0
_REMIND_SECONDS: Final = 60.0
_SHORTENED: Final = 1024


class Posted(NamedTuple):
    """A letter that is not acknowledged yet. ``attempt``: 0, or how often it was cut down."""

    state: PartitionState
    topic: str
    offset: int
    raw: bytes
    key: bytes | None
    rejected: Rejected
    attempt: int = 0


class Letters(Service):
    """Writes dead letters until the broker has them. An offset leaves ``unsent`` only then."""

    abstract = False

    def __init__(self, topic: str, new_producer: Callable[[], AIOKafkaProducer]) -> None:
        super().__init__()
        self._topic = topic
        self._new_producer = new_producer
        self._producer: AIOKafkaProducer | None = None
        self._queue: deque[Posted] = deque()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._idle = asyncio.Event()
        self._idle.set()
        self._bytes = 0
        self._open = 0
        self._trouble_told = 0.0
        self.written = 0

    def post(self, posted: Posted) -> None:
        """Send the letter of a rejected event, whose offset counts as unsent already."""
        self._open += 1
        self._bytes += len(posted.raw)
        self._idle.clear()
        if self._bytes >= MAX_BYTES:
            self._room.clear()
        self._queue.append(posted)
        self._wake.set()

    async def room(self) -> None:
        """Wait while too much is on its way."""
        await self._room.wait()

    @property
    def waiting(self) -> int:
        """Letters that the broker has not acknowledged."""
        return self._open

    async def flush(self, seconds: float) -> bool:
        """Wait until all are acknowledged, at most ``seconds``; returns whether they are."""
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def on_stop(self) -> None:
        """Give what is on its way a moment, then let go: the next owner writes it again."""
        await self.flush(2.0)
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                await asyncio.wait_for(producer.stop(), 2.0)
            except (TimeoutError, KafkaError):
                logs.warn("the producer of dead letters did not end in time")

    @Service.task
    async def _send_all(self) -> None:
        while not self.should_stop:
            await self._wake.wait()
            self._wake.clear()
            while self._queue and not self.should_stop:
                await self._slots.acquire()
                posted = self._queue.popleft()
                if not await self._send(posted):
                    self._slots.release()
                    self._queue.appendleft(posted)
                    await self.sleep(_RETRY_SECONDS)

    async def _send(self, posted: Posted) -> bool:
        """Hand one letter to the producer; False: not now."""
        try:
            if self._producer is None:
                producer = self._new_producer()
                await producer.start()
                self._producer = producer
            key, value, headers = self._written(posted)
            sent = await self._producer.send(self._topic, value, key=key, headers=headers)
        except MessageSizeTooLargeError:
            self._slots.release()
            self._refused(posted)
            return True
        except KafkaError as error:
            self._complain(error)
            return False
        sent.add_done_callback(lambda done: self._done(posted, done))
        return True

    def _written(self, posted: Posted) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
        key, value, headers = letter(
            posted.raw,
            posted.key,
            posted.rejected,
            posted.topic,
            posted.state.number,
            posted.offset,
        )
        if posted.attempt and len(value) > _SHORTENED:
            value = value[:_SHORTENED]
            if "truncated" not in dict(headers):
                digest = hashlib.sha256(posted.raw).hexdigest().encode()
                headers += [("truncated", str(len(posted.raw)).encode()), ("sha256", digest)]
        return key, value, headers

    def _done(self, posted: Posted, done: asyncio.Future[Any]) -> None:
        self._slots.release()
        error = None if done.cancelled() else done.exception()
        if isinstance(error, MessageSizeTooLargeError):
            self._refused(posted)
        elif error is not None or done.cancelled():
            self._complain(error)
            self._queue.append(posted)
            asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._wake.set)
        else:
            self.written += 1
            self._settle(posted)

    def _refused(self, posted: Posted) -> None:
        """A letter too large for its topic: shorten it; the log still holds the original."""
        where = {"topic": posted.topic, "partition": posted.state.number, "offset": posted.offset}
        if not posted.attempt:
            logs.warn("dead letter too large for its topic: written shortened", **where)
            self._queue.append(posted._replace(attempt=1))
            self._wake.set()
        else:
            logs.warn("dead letter refused, even shortened: given up", **where)
            self._settle(posted)

    def _settle(self, posted: Posted) -> None:
        posted.state.unsent[posted.topic].discard(posted.offset)
        self._open -= 1
        self._bytes -= len(posted.raw)
        if self._bytes < MAX_BYTES:
            self._room.set()
        if not self._open:
            self._idle.set()

    def _complain(self, error: BaseException | None) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._trouble_told > _REMIND_SECONDS or not self._trouble_told:
            self._trouble_told = now
            logs.warn(
                "dead letters cannot be written; trying on, nothing is lost",
                topic=self._topic,
                waiting=self._open,
                error=str(error) or type(error).__name__,
            )
