"""Looks after a running worker: lag, what is stuck, and whether the broker answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.exceptions import ConsumerNotStarted
from faust.types import TP
from mode import Service

from streams.log.clients import probe
from streams.log.refusals import REFUSED, worker_refused
from streams.worker import logs
from streams.worker.hearing import Hearing
from streams.worker.state import PartitionState
from streams.worker.transport import CoordinatorEndedError

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp

STALLED_SECONDS: Final = 10.0
"""A live partition with events waiting and no progress for so long is read in bulk."""

STUCK_SECONDS: Final = 60.0
"""No progress for so long while there is work and the broker answers: the worker is stuck."""

SILENT_SECONDS: Final = 10.0
"""A partition that is not answered for so long is told, while others are answered."""

HELD_SECONDS: Final = 5.0
"""A partition that waits so long to write its dead letters is not kept up."""

_TICK: Final = 0.5
_CHECK_EVERY: Final = 4
_AWAY_SECONDS: Final = 5.0
_REMIND_SECONDS: Final = 300.0


class Health(NamedTuple):
    """``ok``: there is progress, or nothing to do. ``doing``: in words.

    ``degraded``: what is shown may be behind, and a restart of the worker would not mend that.
    """

    ok: bool
    doing: str
    degraded: bool = False


def unattended(state: PartitionState) -> bool:
    """Whether neither the live path nor any work in hand will bring the partition on."""
    working = state.task is not None and not state.task.done()
    return state.status != "failed" and not state.fed and not working


class Watch(Service):
    """One look every half a second."""

    abstract = False

    def __init__(self, app: ScrutineerApp) -> None:
        super().__init__()
        self._app = app
        self._seen: dict[int, int] = {}
        self._readers: dict[int, str] = {}
        self._told_at = 0.0
        self._thread_ok = time.monotonic()
        self._progress_at = time.monotonic()
        self._began = time.monotonic()
        self._hearing = Hearing()
        self._told_silent: frozenset[int] = frozenset()
        self._silent_told_at = 0.0
        self.away_since: float | None = None
        self.silent: Mapping[int, str] = {}
        """Partitions that are not answered for while others are, and how that shows."""
        self.trouble = ""
        self.complaints: logs.Complaints | None = None

    def client_trouble(self, what: str) -> None:
        """The client got over an error (any thread): kept for /state."""
        self.trouble = what[:300]

    def reader_trouble(self, number: int, why: str) -> None:
        """A bulk reader waits for the broker; "" when it goes on."""
        if why:
            self._readers[number] = why
        else:
            self._readers.pop(number, None)

    @Service.task
    async def _run(self) -> None:
        ticks = 0
        self._began = self._thread_ok = time.monotonic()
        while not self.should_stop:
            await self.sleep(_TICK)
            try:
                self._measure()
                ticks += 1
                if ticks % _CHECK_EVERY == 0:
                    await self._check()
            except Exception as error:
                self._app.fatal(error)
                return

    def _measure(self) -> None:
        now = time.monotonic()
        held = self._held()
        for state in self._app.states:
            if state.fed and state.number not in held:
                self._learn_ends(state)
        for state in self._app.states:
            position = sum(state.tables.next.values())
            lag = self._lag(state)
            if position != self._seen.get(state.number):
                self._seen[state.number] = position
                self._progress_at = state.moved_at = now
            elif state.number in held or (state.fed and (not lag or state.number in self.silent)):
                # Nothing to do, as far as can be known, or that could be done.
                state.moved_at = now
            if not state.fed or self._app.rebalancing:
                continue
            if now - state.moved_at > STALLED_SECONDS and self.away_since is None:
                logs.warn("no progress; reading in bulk", partition=state.number, lag=lag)
                self._app.catch_up.start_burst(state, "no progress")

    def _held(self) -> set[int]:
        """Partitions that wait for their dead letters to be written."""
        return {state.number for state in self._app.states if state.held_since is not None}

    def held_up(self, state: PartitionState) -> str:
        """That a partition is behind for its dead letters, and how long; "": it is not."""
        if state.held_since is None or not self._lag(state):
            return ""
        seconds = time.monotonic() - state.held_since
        if seconds < HELD_SECONDS:
            return ""
        return f"held up for {seconds:.0f} s: waiting to write its dead letters"

    def _lag(self, state: PartitionState) -> int:
        return sum(state.lag(topic) for topic in self._app.states.topics)

    def _learn_ends(self, state: PartitionState) -> None:
        for topic in self._app.states.topics:
            try:
                end = self._app.consumer.end(TP(topic, state.number))
            except (AssertionError, KafkaError, ConsumerNotStarted):
                continue  # not assigned just now
            if end is not None and end >= 0:
                state.ends[topic] = end

    async def _ask_ends(self) -> None:
        """Of what is held up nothing is fetched, so that no answer tells how far behind it is."""
        topics, held = self._app.states.topics, self._held()
        tps = [TopicPartition(topic, number) for number in held for topic in topics]
        if not tps:
            return
        try:
            ends = await self._app.consumer.ask_ends(tps)
        except (KafkaError, TimeoutError, ConsumerNotStarted) as error:
            self.client_trouble(str(error) or type(error).__name__)
            return
        for tp, end in ends.items():
            if (state := self._app.states.get(tp.partition)) is not None:
                # The embedded broker lists a stale one.
                state.ends[tp.topic] = max(end, state.ends.get(tp.topic, 0))

    async def _check(self) -> None:
        if not self._app.states.assigned:
            self._thread_ok = time.monotonic()
            await self._check_refused()
            await self._check_unassigned()
            return
        asked: Mapping[TopicPartition, float | None] | None = None
        try:
            asked = await asyncio.wait_for(self._app.consumer.check(), _AWAY_SECONDS)
        except REFUSED as error:
            self._app.fatal(worker_refused(self._app.settings, error))
            return
        except CoordinatorEndedError as error:
            self._app.fatal(error)
            return
        except KafkaError as error:
            self.client_trouble(str(error) or type(error).__name__)
        except TimeoutError:
            pass
        else:
            self._thread_ok = time.monotonic()
        topics = self._app.states.topics
        fed = [TopicPartition(t, s.number) for s in self._app.states if s.fed for t in topics]
        rebalancing = self._app.rebalancing
        self._hearing.note(fed, {} if rebalancing else asked or {}, time.monotonic())
        checked = asked is not None
        if checked and rebalancing and not self._heard() and not self._readers:
            # Paused: silence says nothing.
            checked = await probe(self._app.settings.broker) is not None
        self._judge_broker(checked=checked)
        self._judge_partitions()
        await self._ask_ends()

    def _heard(self) -> bool:
        heard_at = self._hearing.heard_at
        return heard_at is not None and time.monotonic() - heard_at <= _AWAY_SECONDS

    async def _check_refused(self) -> None:
        """Who may not take part in the group never gets an assignment, and is to be told."""
        if self._app.preflight.waiting_for or not self._app.consumer.started:
            return
        try:
            await asyncio.wait_for(self._app.consumer.check(), _AWAY_SECONDS)
        except REFUSED as error:
            self._app.fatal(worker_refused(self._app.settings, error))
        except (KafkaError, TimeoutError, ConsumerNotStarted, CoordinatorEndedError):
            pass  # no refusal: whoever looks after assigned partitions tells of it

    async def _check_unassigned(self) -> None:
        """Before the first assignment there is nothing to be answered: ask whether one is there."""
        now = time.monotonic()
        if now - self._began < _AWAY_SECONDS:
            return
        said = await probe(self._app.settings.broker)
        if self._app.states.assigned:
            return
        if said is not None:
            self._away(time.monotonic(), said)
        elif self.away_since is not None:
            self._back(time.monotonic())

    def _judge_broker(self, *, checked: bool) -> None:
        fetching = any(state.fed for state in self._app.states)
        now = time.monotonic()
        heard = self._heard()
        # With its buffers full the client asks for nothing, and is not to be called unanswered.
        waiting = fetching and now - self._progress_at > _AWAY_SECONDS
        if not heard and (self._readers or (waiting and checked)):
            self._away(now, next(iter(self._readers.values()), ""))
        elif self.away_since is not None and (not fetching or (checked and heard)):
            self._back(now)
            self._hearing.start_anew()

    def _away(self, now: float, said: str) -> None:
        if self.away_since is None:
            self.away_since = now - _AWAY_SECONDS
        if not self._told_at or now - self._told_at > _REMIND_SECONDS:
            self._told_at = now
            said = said or self._complaint()
            logs.warn("the broker does not answer; waiting, nothing is lost", said=said)

    def _back(self, now: float) -> None:
        assert self.away_since is not None
        logs.info("the broker answers again", seconds=round(now - self.away_since))
        self.away_since = None
        self._told_at = 0.0

    def _judge_partitions(self) -> None:
        """Those that nobody answers for while the broker, or another one, answers for others."""
        now = time.monotonic()
        silent: dict[int, str] = {}
        if self.away_since is None:
            for tp, seconds in sorted(self._hearing.silent(SILENT_SECONDS, _AWAY_SECONDS).items()):
                silent.setdefault(tp.partition, f"no answer for {tp.topic} for {seconds:.0f} s")
            silent |= self._readers
        self.silent = silent
        told, found = self._told_silent & self._app.states.numbers(), silent.keys()
        if found - told or (found and now - self._silent_told_at > _REMIND_SECONDS):
            self._silent_told_at = now
            said = self._complaint() or next(iter(silent.values()))
            logs.warn(
                "partitions do not answer; waiting for their brokers, nothing is lost",
                partitions=sorted(found),
                said=said,
            )
            told |= found
        elif told and not found and self.away_since is None:
            logs.info("partitions answer again", partitions=sorted(told))
            told = frozenset()
        self._told_silent = told

    def _complaint(self) -> str:
        return (self.complaints.take() if self.complaints else "") or self.trouble

    def health(self) -> Health:
        """Whether the worker gets on with its work."""
        app, now = self._app, time.monotonic()
        if app.preflight.waiting_for:
            return Health(True, f"waiting for {app.preflight.waiting_for}")
        if not app.states.assigned:
            seconds = now - self._began
            why = "; the broker does not answer" if self.away_since is not None else ""
            doing = f"waiting for the group's assignment{why}"
            return Health(seconds <= STUCK_SECONDS, doing, degraded=bool(why))
        if idle := [state.number for state in app.states if unattended(state)]:
            return Health(False, f"nobody reads partitions {idle}")
        if self.away_since is not None:
            seconds = now - self.away_since
            return Health(True, f"waiting for the broker for {seconds:.0f} s", degraded=True)
        if now - self._thread_ok > STUCK_SECONDS:
            return Health(False, "the Kafka client does not react")
        busy = [state for state in app.states if not state.fed and state.status != "failed"]
        if busy and now - max(state.moved_at for state in busy) > STUCK_SECONDS:
            return Health(False, f"no progress in bulk reading: {busy[0].reason}")
        late = [state.number for state in app.states if now - state.moved_at > STUCK_SECONDS]
        late = [number for number in late if (s := app.states.get(number)) and s.fed]
        if late:
            return Health(False, f"no progress on partitions {late}")
        if self.silent:
            doing = f"waiting for the brokers of partitions {sorted(self.silent)}"
            return Health(True, doing, degraded=True)
        if held := sorted(self._held()):
            return Health(True, f"waiting to write dead letters of {held}", degraded=True)
        if busy:
            return Health(True, f"catching up partitions {[state.number for state in busy]}")
        failed = [state.number for state in app.states if state.status == "failed"]
        if failed:
            return Health(True, f"live but for the failed partitions {failed}")
        return Health(True, "live" if len(app.states) else "spare: no partitions")

    def as_json(self) -> dict[str, Any]:
        """For /state."""
        away = self.away_since
        return {
            "answers": away is None,
            "away_seconds": None if away is None else round(time.monotonic() - away),
            "silent_partitions": {str(number): why for number, why in sorted(self.silent.items())},
            "last_trouble": self.trouble or None,
        }
