"""Sending a few records by hand: each is acknowledged before the next, or the user is told why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.errors import UserError
from streams.log.clients import AwayError, asking, probe, producer
from streams.log.closing import close_producer
from streams.log.refusals import is_refusal, kept_from, refusal, writes_nothing
from streams.settings import Settings

_SECONDS: Final = 60.0


class Sent(NamedTuple):
    """Where a record stands."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Sender:
    """A started producer and the settings that it was made from. Made by :func:`sender`."""

    def __init__(self, client: AIOKafkaProducer, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    async def check(self, topic: str) -> None:
        """UserError: there is no such topic, or an input has other partitions than the settings."""
        # All topics' metadata: asking for one that is missing would create it.
        with asking(self._settings.broker):
            cluster = await self._client.client.fetch_all_metadata()
        found = len(cluster.partitions_for_topic(topic) or ())
        wanted = self._settings.topics.partitions
        if found == 0:
            if refused := await kept_from(self._settings, "Write", topic):
                raise refused
            raise UserError(f"there is no topic {topic}: scrutineer topics create")
        if found != wanted and topic in self._settings.topics.inputs:
            raise UserError(
                f"topic {topic} has {found} partitions, topics.partitions is {wanted}: "
                "scrutineer topics check"
            )

    async def send(
        self,
        topic: str,
        key: bytes,
        value: bytes,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> Sent:
        """Send one record and wait for all in-sync replicas. UserError: it may not have arrived."""
        try:
            async with asyncio.timeout(_SECONDS):
                done = await self._client.send_and_wait(
                    topic, value, key=key, partition=partition, headers=list(headers)
                )
        except (KafkaError, TimeoutError) as error:
            if is_refusal(error):
                raise refusal(self._settings, "Write", [topic]) from None
            told = str(error) or type(error).__name__
            raise UserError(
                f"{topic}: no acknowledgement ({told}). The record may have arrived all the same"
            ) from None
        return Sent(done.topic, done.partition, done.offset)


@asynccontextmanager
async def sender(settings: Settings) -> AsyncIterator[Sender]:
    """A sender to the brokers of ``settings``. UserError: none answers, or it refuses us."""
    async with started(settings) as client:
        yield Sender(client, settings)


@asynccontextmanager
async def started(settings: Settings, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    """A started producer with ``options``. UserError: no broker answers, or it refuses us."""
    if reason := await probe(settings.broker):
        raise AwayError(f"{reason}. Is broker.bootstrap = {settings.broker.bootstrap} right?")
    client = producer(settings, **options)
    try:
        try:
            with asking(settings.broker):
                await client.start()
        except KafkaError as error:
            if is_refusal(error):
                raise writes_nothing(settings) from None
            text = f"the broker refuses this producer: {str(error) or type(error).__name__}"
            if settings.broker.idempotent:
                text += (
                    ". A broker without idempotent producers (the embedded one) needs the setting "
                    "broker.idempotent = false"
                )
            raise UserError(text) from None
        yield client
    finally:
        # What a broker that is away has not acknowledged is not waited for.
        await close_producer(client)
