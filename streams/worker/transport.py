"""Faust's Kafka transport, bent so that the state says where reading goes on, not the group.

The versions of faust-streaming, mode-streaming and aiokafka are pinned: names with an underscore
are overridden here, each with the reason why.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import aiokafka
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from aiokafka.structs import OffsetAndMetadata
from faust.exceptions import ConsumerNotStarted
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.log.clients import ISOLATION, stable_end
from streams.log.closing import close
from streams.log.refusals import REFUSED, worker_refused
from streams.worker.feed import PORTION

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp

COMMIT_SECONDS: Final = 3.0
"""The client waits without limit for a coordinator that is lost, and keeps others waiting."""

_FETCH_WAIT_MS: Final = 100
"""How long the broker may wait for records. A partition that had its last ones taken while a fetch
was under way is asked for again only after that."""

_FETCH_BYTES: Final = 16 * 1024 * 1024
"""Most that one broker's answer holds: what lies here until its partition's turn comes."""

_POLL_SECONDS: Final = 1.0
_HELD_SECONDS: Final = 0.02
_RETRY_SECONDS: Final = 1.0
_METADATA_MS: Final = 30_000
"""How soon a topic that was deleted, recreated or has grown is noticed at the latest."""


class CoordinatorEndedError(Exception):
    """The client's part in the group has ended for good: only a new process mends that."""


class StateConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that owns the group's consumer. Methods with "in thread" run there."""

    app: ScrutineerApp

    def _create_worker_consumer(self, _: Any) -> aiokafka.AIOKafkaConsumer:
        # Overridden so that TLS and SASL come from the same options as every other client's.
        conf = self.app.conf
        self._assignor = self.app.assignor
        return aiokafka.AIOKafkaConsumer(
            **self.app.kafka_options,
            group_id=conf.id,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level=ISOLATION,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            metadata_max_age_ms=_METADATA_MS,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
        )

    async def on_start(self) -> None:
        """Connect."""
        # Overridden: a broker that has gone since it was looked for is no reason to end.
        while True:
            self._consumer = self._create_consumer(loop=self.thread_loop)
            self.time_started = time.monotonic()
            try:
                await self._consumer.start()
            except KafkaConnectionError as error:
                await close(self._consumer.stop())
                self.app.client_trouble(error)
                if self.should_stop:
                    return
                await self.sleep(_RETRY_SECONDS)
            else:
                return

    async def on_thread_stop(self) -> None:
        """Leave the group and close."""
        # Overridden: the stock one waits for a broker that is away.
        await super(driver.AIOKafkaConsumerThread, self).on_thread_stop()
        if self._consumer is not None:
            await close(self._consumer.stop())

    async def _fetch_records(
        self,
        consumer: aiokafka.AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's name
        max_records: int | None = None,  # noqa: ARG002 - Faust's name
    ) -> dict[TopicPartition, list[Any]]:
        # Overridden: the stock one takes all that was fetched. Of each partition a portion instead,
        # so that one with many waiting does not keep the others waiting.
        fetcher = consumer._fetcher
        if not self.consumer.flow_active:
            return {}
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        with fetcher._subscriptions.fetch_context():
            found: dict[TopicPartition, list[Any]] = {}
            for tp, result in list(fetcher._records.items()):
                # An error is raised by the wait below, when nothing else is taken with it.
                if tp in active_partitions and isinstance(result, FetchResult):
                    found |= await fetcher.fetched_records([tp], max_records=PORTION)
            if not found:
                found = await fetcher.fetched_records(
                    active_partitions, timeout=timeout, max_records=PORTION
                )
            return found

    async def seek_all(self, positions: Mapping[TP, int]) -> None:
        """Seek what is still assigned (in thread: between a look and a seek nothing changes)."""
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        for tp, offset in positions.items():
            if driver.ensure_aiokafka_TP(tp) in assigned:
                consumer.seek(driver.ensure_aiokafka_TP(tp), offset)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        # Overridden: the metadata carries the acceptance digest, the wait is bounded, and an
        # error is no reason to end: what is not committed now is committed later.
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        digest = self.app.pack.acceptance_digest
        wanted = {
            TopicPartition(*tp): OffsetAndMetadata(offset, digest)
            for tp, offset in offsets.items()
            if TopicPartition(*tp) in assigned
        }
        if not wanted:
            return False
        try:
            await asyncio.wait_for(consumer.commit(wanted), COMMIT_SECONDS)
        except REFUSED as error:
            self.app.fatal_soon(worker_refused(self.app.settings, error))
            return False
        except (CommitFailedError, IllegalStateError, KafkaError, TimeoutError) as error:
            self.app.commit_failed(error)
            return False
        return True

    async def committed(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, Any]:
        """What the group has committed, with its metadata (in thread). TimeoutError: not now."""
        coordinator = self._ensure_consumer()._coordinator
        asking = coordinator.fetch_committed_offsets(list(tps))
        found: dict[TopicPartition, Any] = await asyncio.wait_for(asking, COMMIT_SECONDS)
        return found

    async def check(self) -> dict[TopicPartition, float | None]:
        """Raise the group's pending error; else when each partition was answered (in thread).

        Faust never looks for such errors, and until somebody does the consumer takes no further
        part in the group. Returns a time stamp of the last answer of each partition that is asked
        for, None before the first. CoordinatorEndedError: it never will be again.
        """
        consumer = self._ensure_consumer()
        task = consumer._coordinator._coordination_task
        if task.done():
            why = "cancelled" if task.cancelled() else repr(task.exception())
            raise CoordinatorEndedError(f"the Kafka client left the group: {why}")
        consumer._coordinator.check_errors()
        # Where records wait to be taken nothing more is asked for.
        idle = consumer.paused() | consumer._fetcher._records.keys()
        return {tp: consumer.last_poll_timestamp(tp) for tp in consumer.assignment() - idle}

    async def ends(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Ask for the ends of what may be read (in thread). TimeoutError: not now."""
        asking = self._ensure_consumer().end_offsets(list(tps))
        found: dict[TopicPartition, int] = await asyncio.wait_for(asking, COMMIT_SECONDS)
        return found


class StateConsumer(driver.Consumer):
    """Faust's consumer, which reads on where the state of a partition ends."""

    app: ScrutineerApp
    _thread: StateConsumerThread

    def _new_consumer_thread(self) -> StateConsumerThread:
        return StateConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek to the state's positions. Called after every rebalance, before the flow resumes."""
        positions = {
            TP(*tp): offset for tp, offset in self.app.states.positions(self.assignment()).items()
        }
        await self._thread.call_thread(self._thread.seek_all, positions)
        self.app.feed.forget()
        return positions

    async def committed_marks(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, Any]:
        """What the group has committed: (offset, metadata) by partition."""
        marks: dict[TopicPartition, Any] = await self._thread.call_thread(
            self._thread.committed, list(tps)
        )
        return marks

    async def check(self) -> dict[TopicPartition, float | None]:
        """``StateConsumerThread.check``."""
        answered: dict[TopicPartition, float | None] = await self._thread.call_thread(
            self._thread.check
        )
        return answered

    def topic_partitions(self, topic: str) -> int | None:
        """How many partitions the topic has; None: there is no such topic."""
        # Overridden: the stock one asks what only the leader of a group keeps, and so for every
        # other member all topics are gone.
        found = self._thread._ensure_consumer()._client.cluster.partitions_for_topic(topic)
        return len(found) if found else None

    def end(self, tp: TP) -> int | None:
        """The end of what may be read of ``tp``, as far as known. AssertionError: not assigned."""
        return stable_end(self._thread._ensure_consumer(), driver.ensure_aiokafka_TP(tp))

    async def ask_ends(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """``StateConsumerThread.ends``: of partitions that nothing is fetched of."""
        ends: dict[TopicPartition, int] = await self._thread.call_thread(
            self._thread.ends, list(tps)
        )
        return ends

    def pause_partitions(self, tps: Iterable[TP]) -> None:
        """Pause, and forget that a full buffer held them up: its drop must not resume them."""
        tps = set(tps)
        super().pause_partitions(tps)
        self._buffered_partitions.difference_update(tps)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Resume those alone that the live path feeds; the bulk path feeds the others."""
        super().resume_partitions({tp for tp in tps if self.app.states.fed_live(tp)})

    def on_buffer_drop(self, tp: TP) -> None:
        """Fetch again, but only what the live path feeds."""
        if self.app.states.fed_live(tp):
            super().on_buffer_drop(tp)
        else:
            self._buffered_partitions.discard(tp)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's name
        # Overridden: an error of one partition would end the worker.
        held = self.app.feed.held
        # Faust's own set as a rule: it sees at once what is paused and resumed meanwhile.
        wanted = (active_partitions or set()) - held if held else active_partitions
        try:
            if not wanted:
                await self.sleep(timeout)
                return {}
            return await super()._getmany(wanted, timeout)
        except OffsetOutOfRangeError as error:
            for tp in error.args[0]:
                self.app.position_lost(tp, "position out of the log's range")
        except NoOffsetForPartitionError as error:
            self.app.position_lost(error.args[0], "no position")
        except REFUSED as error:
            self.app.fatal_soon(worker_refused(self.app.settings, error))
        except KafkaError as error:
            self.app.client_trouble(error)
            await self.sleep(0.5)
        return {}

    async def _drain_messages(self, fetcher: Any) -> None:
        # Overridden: the stock one makes four tasks for every message, which is most of what a
        # message costs, and drops messages by offsets of its own: the guard of the feed decides.
        feed = self.app.feed
        try:
            while not (self.should_stop or fetcher.should_stop):
                wait = _HELD_SECONDS if feed.held else _POLL_SECONDS
                records, _ = await self._wait_next_records(wait)
                await feed.take(records or {})
                await asyncio.sleep(0)
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise
        except Exception as error:
            self.app.fatal(error)
            raise

    async def force_commit(self, *_: Any, **__: Any) -> bool:
        """Commit how far the side effects are done. Acknowledgements of Faust play no part."""
        states = self.app.states
        try:
            offsets = states.committable(self.assignment())
        except ConsumerNotStarted:
            return False
        # A state that takes the place of one of these meanwhile is of another log.
        committed = list(states)
        if not offsets or not await self._commit(offsets):
            return False
        states.note_committed(offsets, committed)
        return True

    async def wait_empty(self) -> None:
        """Before partitions go: a moment for letters on their way, then commit."""
        await self.app.letters.flush(1.0)
        await self.commit()

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Silent: the stock check takes a paused partition for a stuck one. See watch.py."""


class StateTransport(driver.Transport):
    """The transport with that consumer."""

    Consumer = StateConsumer
