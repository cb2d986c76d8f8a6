"""Sends checked events to Kafka and waits until every one of them is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from schemas.fields import Authority
from schemas.routing import partition_of
from streams.errors import UserError
from streams.log.clients import AwayError, passes, probe, producer
from streams.log.closing import close_producer
from streams.log.refusals import is_refusal, kept_from, refusal, writes_nothing
from streams.settings import Settings
from streams.sources.checking import Ready
from streams.sources.pace import Pace
from streams.sources.tally import Stall, Tally

Say = Callable[[str], None]
"""Tells the operator one line."""

LAST_WAIT: Final = 5.0
"""Seconds that an interrupted publisher still waits for acknowledgements."""

_LOOK: Final = 0.1
_RETRY: Final = 0.5


class Publisher:
    """One run: events in, acknowledgements counted in ``tally``.

    ``timeout``: seconds without a broker, or without any acknowledgement, until it gives up.
    ``progress`` is called a few times a second.
    """

    def __init__(
        self,
        settings: Settings,
        pace: Pace,
        timeout: float,
        say: Say,
        progress: Callable[[Tally], None] | None = None,
    ) -> None:
        self._settings = settings
        self._pace = pace
        self._timeout = timeout
        self._say = say
        self._progress = progress or (lambda _: None)
        self._partitions: dict[str, int] = {}
        self.tally = Tally()
        self.seconds = 0.0
        """How long the sending took, from the first moment a broker answered."""

    async def publish(self, events: AsyncIterator[Ready]) -> None:
        """Send ``events`` and wait for all acknowledgements. Raises ``UserError``.

        Cancelled, it waits a few seconds for what is under way and then ends.
        """
        client = await self._connect()
        began = self._now()
        try:
            sending = asyncio.create_task(self._send(client, events))
            watching = asyncio.create_task(self._watch())
            try:
                await asyncio.wait({sending, watching}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _end(sending)
                await _end(watching)
            for task in (watching, sending):
                if not task.cancelled():
                    self._result(task)
        finally:
            await close_producer(client, LAST_WAIT)
            self.seconds = self._now() - began
            self._progress(self.tally)

    def _result(self, task: asyncio.Task[None]) -> None:
        try:
            task.result()
        except KafkaError as error:
            if not passes(error):
                raise
            raise AwayError(f"the broker went away: {_told(error)}. {self._so_far()}") from None

    async def _connect(self) -> AIOKafkaProducer:
        deadline = self._now() + self._timeout
        told = False
        while True:
            reason = await probe(self._settings.broker)
            if reason is None:
                client = producer(self._settings, **self._options())
                try:
                    async with asyncio.timeout_at(deadline + _RETRY):
                        await client.start()
                except (KafkaError, TimeoutError) as error:
                    await close_producer(client, LAST_WAIT)
                    if is_refusal(error):
                        raise writes_nothing(self._settings) from None
                    if not passes(error):
                        raise UserError(self._unwelcome(error)) from error
                    reason = f"the broker went away: {_told(error)}"  # since the probe
                else:
                    return client
            if self._now() >= deadline:
                raise UserError(
                    f"{reason}, for {self._timeout:g} s now: nothing was sent. Is "
                    f"broker.bootstrap = {self._settings.broker.bootstrap} right?"
                )
            if not told:
                self._say(f"{reason}; trying for {self._timeout:g} s")
                told = True
            await asyncio.sleep(_RETRY)

    async def _send(self, client: AIOKafkaProducer, events: AsyncIterator[Ready]) -> None:
        async for event in events:
            await self._pace.wait(event.at)
            if self.tally.failure is not None:
                break
            topic = self._topic(event.authority)
            partitions = self._partitions.get(topic) or await self._count(client, topic)
            while True:
                with suppress(KafkaTimeoutError):  # the watch ends this when nothing moves
                    delivery = await client.send(
                        topic,
                        event.raw,
                        key=event.region.encode(),
                        partition=partition_of(event.region, partitions),
                    )
                    break
            self.tally.follow(topic, delivery)
        await client.flush()
        # The last callbacks run in the loop's next turn.
        await asyncio.sleep(0)
        if is_refusal(self.tally.failure):
            refused = refusal(self._settings, "Write", self._partitions)
            raise UserError(f"{refused}. {self._so_far()}")
        if self.tally.failure is not None:
            raise UserError(
                f"the broker refused a record: {_told(self.tally.failure)}. {self._so_far()}"
            )

    async def _watch(self) -> None:
        stall = Stall(self._timeout)
        while True:
            await asyncio.sleep(_LOOK)
            self._progress(self.tally)
            state = stall.look(self._now(), self.tally.done, self.tally.pending)
            if state == "quiet":
                self._say(f"no acknowledgement from the broker; waiting up to {self._timeout:g} s")
            elif state == "dead":
                raise UserError(f"no acknowledgement for {self._timeout:g} s. {self._so_far()}")

    def _options(self) -> dict[str, Any]:
        options = {"linger_ms": 5, "max_batch_size": 256 * 1024}
        if not self._settings.broker.idempotent:
            # Such a producer drops what is not delivered in this time; the watch gives up first.
            options["request_timeout_ms"] = int(max(40, self._timeout + LAST_WAIT) * 1000)
        return options

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _unwelcome(self, error: BaseException) -> str:
        text = f"the broker refuses this producer: {_told(error)}. Nothing was sent"
        if self._settings.broker.idempotent:
            text += (
                ". A broker without idempotent producers (the embedded one) needs the setting "
                "broker.idempotent = false"
            )
        return text

    def _so_far(self) -> str:
        return (
            f"{self.tally.done:,} events were acknowledged; {self.tally.pending:,} more were sent "
            "and may have arrived. Publishing all again is harmless: events are known by their ids"
        )

    def _topic(self, authority: Authority) -> str:
        topics = self._settings.topics
        return {"observer": topics.observer, "official": topics.official, "desk": topics.desk}[
            authority
        ]

    async def _count(self, client: AIOKafkaProducer, topic: str) -> int:
        """Partitions of ``topic``, checked: with a wrong count events would be misrouted."""
        cluster = await self._listed(client)
        found = len(cluster.partitions_for_topic(topic) or ())
        wanted = self._settings.topics.partitions
        if found == 0:
            if refused := await kept_from(self._settings, "Write", topic):
                raise refused
            raise UserError(f"topic {topic} does not exist: run `scrutineer topics create`")
        if found != wanted:
            raise UserError(
                f"topic {topic} has {found} partitions, topics.partitions is {wanted}: "
                "run `scrutineer topics check`"
            )
        self._partitions[topic] = found
        return found

    async def _listed(self, client: AIOKafkaProducer) -> Any:
        """All topics' metadata: asking for one that is missing would create it."""
        deadline = self._now() + self._timeout
        while True:
            try:
                return await client.client.fetch_all_metadata()
            except KafkaError as error:
                if not passes(error) or self._now() >= deadline:
                    raise
                await asyncio.sleep(_RETRY)


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel it until it ends: Python 3.11's ``wait_for`` loses one that comes with its result."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_RETRY)
