"""Dead letters on their way to the broker."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from mode import Service

from schemas.verdict import Rejected
from streams.log.closing import close_producer
from streams.log.dead_letter import letter
from streams.log.refusals import is_refusal
from streams.worker import logs
from streams.worker.state import PartitionState

MAX_BYTES: Final = 32 * 1024 * 1024
"""Bytes on their way at once, with what keeping a letter costs; then whoever rejects waits."""

SHARE: Final = MAX_BYTES // 4
"""Of them, of one partition in the live path: one that floods us leaves room for the others."""

OVERHEAD: Final = 1024
"""What a letter costs beside its bytes: the shortest could be a million otherwise."""

_AT_ONCE: Final = 500
_RETRY_SECONDS: Final = 1.0
_REMIND_SECONDS: Final = 60.0
_STUCK_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 2.0
_SHORTENED: Final = 1024
_GRANT: Final = "`scrutineer acls --role worker` prints the ACLs that a worker needs"


class Posted(NamedTuple):
    """A letter that is not acknowledged yet.

    ``alone``: it was in a batch that the broker refused as too large, so it goes in one of its own.
    ``shortened``: the broker has refused it whole.
    """

    state: PartitionState
    topic: str
    offset: int
    raw: bytes
    key: bytes | None
    rejected: Rejected
    alone: bool = False
    shortened: bool = False

    @property
    def size(self) -> int:
        """Bytes it takes while it is on its way, about."""
        return len(self.raw) + len(self.key or b"") + OVERHEAD

    @property
    def place(self) -> dict[str, object]:
        """Where the event stands, for a log line."""
        return {"topic": self.topic, "partition": self.state.number, "offset": self.offset}


class Letters(Service):
    """Writes dead letters until the broker has them. An offset leaves ``unsent`` only then.

    A producer that failed once is replaced: one that sends idempotently may be of no more use.
    Better that it does not: a refused batch leaves a gap that it never gets over.
    """

    abstract = False

    def __init__(self, topic: str, new_producer: Callable[[], AIOKafkaProducer]) -> None:
        super().__init__()
        self._topic = topic
        self._new_producer = new_producer
        self._producer: AIOKafkaProducer | None = None
        self._queue: deque[Posted] = deque()
        self._sent: dict[int, Posted] = {}
        self._number = 0
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._bytes = 0
        self._bytes_of: Counter[PartitionState] = Counter()
        self._failed = False
        self._settled_at = time.monotonic()
        self._told_at = 0.0
        self._alone_told_at = 0.0
        self.waiting = 0
        """Letters that the broker has not acknowledged."""
        self.written = 0

    def post(self, posted: Posted) -> None:
        """Send the letter of a rejected event, whose offset counts as unsent already."""
        if not self.waiting:
            self._settled_at = time.monotonic()
        self.waiting += 1
        self._bytes += posted.size
        self._bytes_of[posted.state] += posted.size
        self._idle.clear()
        if self._bytes >= MAX_BYTES:
            self._room.clear()
        self._queue.append(posted)
        self._wake.set()

    async def room(self) -> None:
        """Wait while too much is on its way."""
        await self._room.wait()

    def takes(self, state: PartitionState) -> bool:
        """Whether there is room for one more of a partition, in all and in its share."""
        return self._bytes < MAX_BYTES and self._bytes_of[state] < SHARE

    async def flush(self, seconds: float) -> bool:
        """Wait until all are acknowledged, at most ``seconds``; returns whether they are."""
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def on_stop(self) -> None:
        """Give what is on its way a moment, then let go: the next owner writes it again."""
        if self._sent:
            await self.flush(_STOP_SECONDS)
        await self._drop_producer()

    @Service.task
    async def _send_all(self) -> None:
        while not self.should_stop:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _RETRY_SECONDS)
            self._wake.clear()
            if self._failed or self._stuck():
                await self._begin_again()
            while self._queue and not self._failed and self._may_send(self._queue[0]):
                await self._send(self._queue.popleft())

    def _may_send(self, posted: Posted) -> bool:
        """The client puts what waits into one batch: one alone waits for all before, and after."""
        if posted.alone or any(sent.alone for sent in self._sent.values()):
            return not self._sent
        return len(self._sent) < _AT_ONCE

    def _stuck(self) -> bool:
        return bool(self._sent) and time.monotonic() - self._settled_at > _STUCK_SECONDS

    async def _begin_again(self) -> None:
        """Another producer, for all that is not acknowledged."""
        self._queue.extendleft(self._sent.values())
        self._sent.clear()
        await self._drop_producer()
        await self.sleep(_RETRY_SECONDS)
        self._failed = False
        self._settled_at = time.monotonic()

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await close_producer(producer, _STOP_SECONDS)

    async def _send(self, posted: Posted) -> None:
        """Hand one letter to the producer."""
        self._number += 1
        number = self._number
        self._sent[number] = posted
        try:
            if self._producer is None:
                self._producer = self._new_producer()
                await self._producer.start()
            key, value, headers = written(posted)
            sent = await self._producer.send(self._topic, value, key=key, headers=headers)
        except KafkaError as error:
            self._done(number, error)
        else:
            sent.add_done_callback(lambda done: self._done(number, _error(done)))

    def _done(self, number: int, error: BaseException | None) -> None:
        posted = self._sent.pop(number, None)
        if posted is None:
            return  # handed to another producer meanwhile
        if error is None:
            self.written += 1
            self._settle(posted)
        elif isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
            self._refused(posted)
        else:
            self._queue.append(posted)
            self._failed = True
            self._complain(error)
        self._wake.set()

    def _refused(self, posted: Posted) -> None:
        """Too large: the batch, or a letter alone. Shorten that; the log holds the original."""
        if not posted.alone:
            self._say_alone()
            self._queue.append(posted._replace(alone=True))
        elif not posted.shortened:
            logs.warn("dead letter too large for its topic: written shortened", **posted.place)
            self._queue.append(posted._replace(shortened=True))
        else:
            logs.warn("dead letter refused, even shortened: given up", **posted.place)
            self._settle(posted)

    def _say_alone(self) -> None:
        now = time.monotonic()
        if not self._alone_told_at or now - self._alone_told_at > _REMIND_SECONDS:
            self._alone_told_at = now
            logs.info("dead letters too large together: written one by one", topic=self._topic)

    def _settle(self, posted: Posted) -> None:
        posted.state.unsent[posted.topic].discard(posted.offset)
        self._settled_at = time.monotonic()
        self.waiting -= 1
        self._bytes -= posted.size
        self._bytes_of[posted.state] -= posted.size
        if not self._bytes_of[posted.state]:
            del self._bytes_of[posted.state]
        if self._bytes < MAX_BYTES:
            self._room.set()
        if not self.waiting:
            self._idle.set()

    def _complain(self, error: BaseException) -> None:
        now = time.monotonic()
        if not self._told_at or now - self._told_at > _REMIND_SECONDS:
            self._told_at = now
            logs.warn(
                "dead letters cannot be written now; trying on, nothing is lost",
                topic=self._topic,
                waiting=self.waiting,
                error=str(error) or type(error).__name__,
                **({"advice": _GRANT} if is_refusal(error) else {}),
            )


def _error(done: asyncio.Future[Any]) -> BaseException | None:
    return KafkaError("cancelled") if done.cancelled() else done.exception()


def written(posted: Posted) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of a letter."""
    key, value, headers = letter(
        posted.raw,
        posted.key,
        posted.rejected,
        posted.topic,
        posted.state.number,
        posted.offset,
    )
    if posted.shortened and len(value) > _SHORTENED:
        value = value[:_SHORTENED]
        if "truncated" not in dict(headers):
            digest = hashlib.sha256(posted.raw).hexdigest().encode()
            headers += [("truncated", str(len(posted.raw)).encode()), ("sha256", digest)]
    return key, value, headers
