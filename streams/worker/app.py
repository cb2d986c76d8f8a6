"""The Faust application of a worker: assignment, failing, and what ties the parts together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable
from typing import Any, Final

import faust
from aiokafka import TopicPartition
from faust.app.base import BootStrategy
from faust.types import TP
from mode import ServiceT

from schemas.pack import Pack
from streams.errors import UserError
from streams.log import clients
from streams.metrics.freshness import Freshness, Slowest
from streams.metrics.page import MetricsPage
from streams.metrics.senders import SenderCounts
from streams.settings import Settings
from streams.tables.partition import Partition
from streams.worker import logs
from streams.worker.catchup import CatchUp
from streams.worker.feed import Feed
from streams.worker.http import HttpServer
from streams.worker.letters import Letters
from streams.worker.loop_lag import LoopLag
from streams.worker.preflight import Preflight
from streams.worker.snapshots import Snapshots
from streams.worker.state import PartitionState, States
from streams.worker.transport import StateTransport
from streams.worker.watch import Watch

_NEVER: Final = 1e6


class _Boot(BootStrategy):
    """HTTP first and last; no producer of Faust's, no web server of Faust's."""

    app: ScrutineerApp
    enable_kafka_producer = False
    enable_web = False

    def sensors(self) -> Iterable[ServiceT]:
        """What starts before anything that needs the broker, and stops after it."""
        app = self.app
        return [
            app.loop_lag,
            app.http,
            app.preflight,
            app.letters,
            app.snapshots,
            app.watch,
            *super().sensors(),
        ]


class ScrutineerApp(faust.App):
    """A worker. Make it with ``create_app``, run it with ``run.py``."""

    BootStrategy = _Boot

    def __init__(self, settings: Settings, pack: Pack) -> None:
        self.settings = settings
        self.pack = pack
        self.kafka_options = clients.kafka_options(settings.broker)
        self.states = States(settings.topics.inputs)
        self.freshness = Freshness(settings.topics.inputs)
        self.slowest = Slowest()
        self.senders = SenderCounts(pack.sources)
        self.metrics_page = MetricsPage(pack, settings.topics.inputs, settings.topics.partitions)
        self.failure: BaseException | None = None
        self.failed = asyncio.Event()
        self.letters = Letters(
            settings.topics.dead_letter,
            # A letter written twice has the same key.
            lambda: clients.producer(settings, enable_idempotence=False),
        )
        self.http = HttpServer(self)
        self.preflight = Preflight(self)
        self.watch = Watch(self)
        self.loop_lag = LoopLag()
        self.snapshots = Snapshots(self)
        self.catch_up = CatchUp(self)
        self.feed = Feed(self)
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(settings.worker.group, **_options(settings))
        self.on_partitions_assigned.connect(self._assigned, weak=False)

    def _create_directories(self) -> None:
        # Overridden: Faust's folders would hold its tables, of which there are none.
        pass

    def _new_transport(self) -> StateTransport:
        return StateTransport(self.conf.broker_consumer, self)

    # Time

    def now(self) -> int:
        """The time it is, in microseconds since the epoch: see the setting ``worker.clock``.

        0 while nothing that is live here says what time it is in the log. The wall clock would be
        years after a day that is played: rules take the latest time that a worker tells, and a
        worker that starts would have the day be over for all of them.
        """
        if self.settings.worker.clock == "wall":
            return time.time_ns() // 1000
        parts = self.states.live().values()
        clocks = [part.clock for part in parts if part.clock is not None]
        newest = [part.newest for part in parts if part.newest is not None]
        return max(clocks or newest, default=0)

    # Failing

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run ``work`` beside the rest; an error in it that nobody expected ends the worker."""
        task = asyncio.get_running_loop().create_task(self._guarded(work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            if name := _cancelled_by_another():
                # Nobody asked for it: what the work waited for was cancelled. It must not end
                # unseen, with its partition never live.
                self.fatal(RuntimeError(f"{name}: ended by another's cancellation"))
            raise
        except Exception as error:
            self.fatal(error)

    def fatal(self, error: BaseException) -> None:
        """End the worker: with 2 and its message for a UserError, else with 1 and a trace."""
        if self.failure is None:
            self.failure = error
            self.failed.set()

    def fatal_soon(self, error: BaseException) -> None:
        """``fatal``, from any thread."""
        self.loop.call_soon_threadsafe(self.fatal, error)

    # Trouble with the broker

    def commit_failed(self, error: BaseException) -> None:
        """A commit did not come about (any thread). It is tried again in a second."""
        self.watch.client_trouble(f"commit: {str(error) or type(error).__name__}")

    def client_trouble(self, error: BaseException) -> None:
        """The Kafka client has told of an error that it gets over."""
        self.watch.client_trouble(str(error) or type(error).__name__)

    def reader_trouble(self, state: PartitionState, why: str) -> None:
        """The bulk reader of a partition waits for the broker; "" when it goes on.

        Of one that was dropped meanwhile nobody would ever tell that it goes on.
        """
        if why and self.states.get(state.number) is not state:
            return
        state.moved_at = time.monotonic()
        self.watch.reader_trouble(state.number, why)

    # Assignment

    async def _assigned(self, _: faust.App, assigned: set[TP], **__: Any) -> None:
        """The group has shared out the partitions anew: drop what went, rebuild what came."""
        try:
            numbers = whole_partitions(assigned, self.settings)
        except UserError as error:
            self.fatal(error)
            return
        mine = self.states.numbers()
        for number in mine - numbers:
            self.drop(number)
        new = sorted(numbers - mine)
        for number in new:
            state = self._new_state(number)
            self.states.add(state)
            self.catch_up.start(state)
        self.states.assigned = True
        gone = [topic for topic in self.states.topics if not self.consumer.topic_partitions(topic)]
        if gone:
            logs.warn("input topics are gone; waiting for them", topics=gone)
        logs.info(
            "partitions assigned",
            partitions=sorted(numbers),
            new=new,
            lost=sorted(mine - numbers),
            kept=sorted(mine & numbers),
        )

    def drop(self, number: int) -> None:
        """Forget a partition that went to another worker, and end what is done for it."""
        state = self.states.remove(number)
        self.watch.reader_trouble(number, "")
        if state.task is not None:
            state.task.cancel()
            # The cancelled task keeps its frames, and they the state: a cycle, which the end of
            # another rebuild would take out of the garbage collector's sight for good.
            state.task = None

    def position_lost(self, tp: TopicPartition | TP, why: str) -> None:
        """The log does not hold a position that the live path was to go on from."""
        state = self.states.get(tp.partition)
        if state is not None and state.fed and tp.topic in self.states.topics:
            self.start_again(state, f"{tp.topic}/{tp.partition}: {why}")

    def start_again(self, old: PartitionState, why: str) -> None:
        """Drop the state of a partition: its log is another one now. Rebuild it, loudly."""
        logs.warn(
            "log truncated or recreated: partition rebuilt", partition=old.number, problem=why
        )
        self.rebuild(old, loud=True)

    def rebuild(self, old: PartitionState, *, loud: bool = False) -> None:
        """Put a new state in the place of ``old``. ``loud``: write its dead letters again."""
        old.fed = False
        state = self._new_state(old.number)
        self.states.add(state)
        self.consumer.pause_partitions({TP(topic, old.number) for topic in self.states.topics})
        self.catch_up.start(state, loud=loud)

    def _new_state(self, number: int) -> PartitionState:
        return PartitionState(number, Partition(self.pack, number, journal=self.snapshots.on))

    # Ending

    async def end(self) -> None:
        """What is left to end after the services."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.catch_up.stop()
        self.feed.end()
        self.senders.close()


def _cancelled_by_another() -> str:
    """The name of the present task if nobody asked for its cancellation, else nothing.

    A function of its own: a frame that is kept with an exception must not know its own task.
    """
    task = asyncio.current_task()
    return task.get_name() if task is not None and not task.cancelling() else ""


def whole_partitions(assigned: Iterable[TP], settings: Settings) -> set[int]:
    """The partition numbers of which every input topic is assigned.

    UserError: one is assigned in part, or has a number that the settings do not know of.
    """
    inputs = settings.topics.inputs
    by_number: dict[int, set[str]] = {}
    for tp in assigned:
        if tp.topic in inputs:
            by_number.setdefault(tp.partition, set()).add(tp.topic)
    beyond = [number for number in by_number if number >= settings.topics.partitions]
    if beyond:
        topics = ", ".join(sorted(by_number[max(beyond)]))
        raise UserError(
            f"{topics}: partition {max(beyond)} exists, but the settings say topics.partitions = "
            f"{settings.topics.partitions}. A topic that grew misroutes its past: create new "
            "topics with the wanted count and publish into them."
        )
    for number, topics_of in by_number.items():
        if missing := set(inputs) - topics_of:
            raise UserError(
                f"partition {number} was assigned without that of {', '.join(sorted(missing))}. "
                "The input topics need the same number of partitions, and all workers of group "
                f"'{settings.worker.group}' must run this program with the same topics."
            )
    return set(by_number)


def create_app(settings: Settings, pack: Pack) -> ScrutineerApp:
    """The worker's application, not started. To be called inside the event loop it will run in."""
    app = ScrutineerApp(settings, pack)
    for name in settings.topics.inputs:
        # Subscribed to, and no more: no agent of Faust's reads them, see feed.py.
        app.topics.add(app.topic(name, value_serializer="raw", key_serializer="raw", acks=False))
    return app


def _options(settings: Settings) -> dict[str, Any]:
    broker, worker = settings.broker, settings.worker
    return {
        "broker": clients.faust_brokers(broker),
        "datadir": str(worker.data_dir),
        "canonical_url": f"http://{worker.host}:{worker.port}",
        "autodiscover": False,
        "web_enabled": False,
        "web_tables_enabled": False,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "consumer_auto_offset_reset": "none",
        # Else the round-robin assignor is used, under which three topics part ways.
        "table_standby_replicas": 1,
        # A spare worker without partitions never polls; with the default it leaves for good.
        "broker_max_poll_interval": _NEVER,
        "broker_commit_interval": 1.0,
        "broker_session_timeout": broker.session_timeout,
        "broker_rebalance_timeout": broker.rebalance_timeout,
        "broker_heartbeat_interval": broker.heartbeat_interval,
        "broker_request_timeout": max(30.0, broker.session_timeout + 5.0),
        "stream_wait_empty": True,
    }
