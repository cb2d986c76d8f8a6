"""Looks after a running worker: lag, bursts, what is stuck, and whether the broker answers."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiokafka.errors import KafkaError
from faust.exceptions import ConsumerNotStarted
from faust.types import TP
from mode import Service

from streams.errors import UserError
from streams.worker import logs
from streams.worker.state import PartitionState
from streams.worker.transport import REFUSED, CoordinatorEndedError

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp

BURST: Final = 2_000
"""Events behind the log at which a partition is caught up in bulk: half a second for the agents."""

STALLED_SECONDS: Final = 10.0
"""A live partition with events waiting and no progress for so long is read in bulk."""

STUCK_SECONDS: Final = 60.0
"""No progress for so long while there is work and the broker answers: the worker is stuck."""

_TICK: Final = 0.5
_CHECK_EVERY: Final = 4
_AWAY_SECONDS: Final = 5.0
_REMIND_SECONDS: Final = 300.0


class Health(NamedTuple):
    """``ok``: there is progress, or nothing to do. ``doing``: in words."""

    ok: bool
    doing: str


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
        self.away_since: float | None = None
        self.trouble = ""
        self.stall = 0.0
        """Longest time the loop stood still, in seconds."""
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
        while not self.should_stop:
            before = time.monotonic()
            await self.sleep(_TICK)
            self.stall = max(self.stall, time.monotonic() - before - _TICK)
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
        for state in self._app.states:
            if state.agents:
                self._learn_ends(state)
            position = sum(state.tables.next.values())
            lag = sum(state.lag(topic) for topic in self._app.states.topics)
            if position != self._seen.get(state.number):
                self._seen[state.number] = position
                self._progress_at = state.moved_at = now
            elif state.agents and not lag:
                state.moved_at = now
            if not state.agents or self._app.rebalancing:
                continue
            if lag > BURST:
                self._app.catch_up.start_burst(state, f"{lag} events behind")
            elif now - state.moved_at > STALLED_SECONDS and self.away_since is None:
                logs.warn("no progress; reading in bulk", partition=state.number, lag=lag)
                self._app.catch_up.start_burst(state, "no progress")

    def _learn_ends(self, state: PartitionState) -> None:
        for topic in self._app.states.topics:
            try:
                end = self._app.consumer.highwater(TP(topic, state.number))
            except (AssertionError, KafkaError, ConsumerNotStarted):
                continue  # not assigned just now
            if end is not None and end >= 0:
                state.ends[topic] = end

    async def _check(self) -> None:
        if not self._app.states.assigned:
            return
        answered: float | None = None
        try:
            answered = await asyncio.wait_for(self._app.consumer.check(), _AWAY_SECONDS)
        except REFUSED as error:
            self._app.fatal(UserError(f"the broker refuses this worker: {error}"))
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
        self._judge_broker(answered)

    def _judge_broker(self, answered: float | None) -> None:
        fetching = any(state.agents for state in self._app.states)
        now = time.monotonic()
        # With its buffers full the client asks for nothing, and is not to be called unanswered.
        waiting = fetching and now - self._progress_at > _AWAY_SECONDS
        silent = waiting and answered is not None and time.time() - answered > _AWAY_SECONDS
        if self._readers or silent:
            if self.away_since is None:
                self.away_since = now - _AWAY_SECONDS
            if not self._told_at or now - self._told_at > _REMIND_SECONDS:
                self._told_at = now
                said = next(iter(self._readers.values()), "") or self._complaint()
                logs.warn("the broker does not answer; waiting, nothing is lost", said=said)
        elif self.away_since is not None and (not fetching or answered is not None):
            logs.info("the broker answers again", seconds=round(now - self.away_since))
            self.away_since = None
            self._told_at = 0.0

    def _complaint(self) -> str:
        return (self.complaints.take() if self.complaints else "") or self.trouble

    def health(self) -> Health:
        """Whether the worker gets on with its work."""
        app, now = self._app, time.monotonic()
        if app.preflight.waiting_for:
            return Health(True, f"waiting for {app.preflight.waiting_for}")
        if not app.states.assigned:
            return Health(True, "waiting for the group's assignment")
        if self.away_since is not None:
            return Health(True, f"waiting for the broker for {now - self.away_since:.0f} s")
        if now - self._thread_ok > STUCK_SECONDS:
            return Health(False, "the Kafka client does not react")
        busy = [state for state in app.states if not state.agents and state.status != "failed"]
        if busy and now - max(state.moved_at for state in busy) > STUCK_SECONDS:
            return Health(False, f"no progress in bulk reading: {busy[0].reason}")
        late = [state.number for state in app.states if now - state.moved_at > STUCK_SECONDS]
        late = [number for number in late if (s := app.states.get(number)) and s.agents]
        if late:
            return Health(False, f"no progress on partitions {late}")
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
            "last_trouble": self.trouble or None,
        }
