"""How each kind of fault is done to brokers and workers, and undone."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from streams.settings import Settings
from tests.chaos.brokers import Brokers
from tests.chaos.proxy import FAIR, LOOK, Proxy, Weather
from tests.chaos.recovery import Recovery, Say
from tests.chaos.sampler import Sampler
from tests.chaos.schedule import Fault, Trouble
from tests.chaos.sender import Journal
from tests.chaos.workers import Worker, faketime, last_words

FIRST: Final = 3
"""Workers that run from the beginning; the last place is for one that joins."""
LETTER_SECONDS: Final = 6.0
"""So long it is waited for a worker to have a letter that does not arrive, before it is killed."""
GOING_ON: Final = 5.0
"""Seconds for which that one goes on without it: time for a commit, and for a snapshot."""
AHEAD: Final = GOING_ON + 1.0
"""So long before it is due a kill is prepared: the first one while no broker is in trouble yet, in
which neither a commit nor a snapshot would come about."""
END_SECONDS: Final = 20.0
START_SECONDS: Final = 40.0
NAMED: Final = ("leader-kill", "coordinator-kill", "controller-kill")
"""Faults of a broker that something has to be found out about."""


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait (in a thread) until ``holds``, at most ``seconds``; returns whether it does."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


async def ended(worker: Worker) -> str | None:
    """Wait for the end of a worker that was asked to; returns what is wrong with it."""
    await asyncio.to_thread(wait_until, lambda: not worker.running, END_SECONDS)
    status = worker.note_end()
    # A signal that comes while the program is still being loaded ends it as it ends any.
    if status == 0 or (status == -signal.SIGTERM and worker.silent):
        return None
    worker.kill()
    what = f"does not end within {END_SECONDS:.0f} s" if status is None else f"ends with {status}"
    return f"SIGTERM: {worker.life} {what}: {last_words(worker.log)}"


def among(fault: Fault) -> Weather:
    """What a fault makes of the traffic among brokers."""
    if fault.kind == "brokers-delay":
        return Weather(delay=fault.amount / 1000)
    return Weather(loss=fault.amount / 100, reset=fault.amount / 1000)


class Faults:
    """Does the faults of a schedule.

    ``spare``: the first worker is never ended, so that one runs from beginning to end.
    ``recovery``: how long it took to be whole again; ``troubles``: what was done to whom, and when;
    ``guessed``: kind → how often to any broker, because the one that is meant could not be found
    out; ``problems``: workers that did not heed.
    """

    def __init__(
        self,
        kafka: Brokers,
        proxy: Proxy,
        workers: Sequence[Worker],
        settings: Settings,
        sampler: Sampler,
        journal: Journal,
        say: Say,
        *,
        spare: bool = False,
    ) -> None:
        self._kafka = kafka
        self._proxy = proxy
        self._workers = workers
        self._settings = settings
        self._sampler = sampler
        self.journal = journal
        self._say = say
        self._spare = spare
        self._under_way = 0
        self._victims: dict[Fault, str] = {}
        self.problems: list[str] = []
        self.recovery = Recovery(workers, sampler, journal, say)
        self.troubles: list[Trouble] = []
        self.guessed: dict[str, int] = defaultdict(int)

    async def run(self, faults: Sequence[Fault], began: float) -> None:
        """Do them all; ``began``: monotonic seconds at which the traffic did."""
        if faketime() is None:
            self._say("faketime is missing (install the package faketime): no clock is wrong")
            faults = [fault for fault in faults if fault.kind != "worker-skew"]
        lanes: dict[str, list[Fault]] = defaultdict(list)
        for fault in faults:
            lanes[fault.lane].append(fault)
        doing = [asyncio.ensure_future(self._lane(lane, began)) for lane in lanes.values()]
        try:
            await asyncio.gather(*doing)
            self.problems += await self.recovery.measured()
        finally:
            # Where one fault could not be done, nobody goes on doing others.
            for task in doing:
                task.cancel()
            self.recovery.cancel()

    async def _lane(self, faults: Sequence[Fault], began: float) -> None:
        for fault in faults:
            kill = fault.kind == "worker-kill"
            due = began + fault.at - (AHEAD if kill else 0.0)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if kill:
                await self._withhold_letters(fault)
            now = time.monotonic()
            self.recovery.begin(fault, now, calm=not self._under_way)
            self._under_way += 1
            try:
                await self._do(fault)
            finally:
                whom = self._victims.get(fault, "")
                self.troubles.append(Trouble(fault.kind, whom, now, time.monotonic()))
            self._under_way -= 1

    async def _do(self, fault: Fault) -> None:
        doing: dict[str, Callable[[Fault], Awaitable[None]]] = {
            "worker-kill": self._kill_worker,
            "worker-freeze": self._freeze,
            "worker-link-down": self._cut_worker,
            "worker-stop": self._stop_worker,
            "worker-join": self._join,
            "worker-delay": self._delay,
            "worker-bandwidth": self._narrow,
            "worker-skew": self._skew,
            "leader-kill": self._kill_broker,
            "coordinator-kill": self._kill_broker,
            "controller-kill": self._kill_broker,
            "broker-link-down": self._cut_broker,
            "broker-bandwidth": self._narrow_broker,
            "brokers-apart": self._set_apart,
            "brokers-delay": self._trouble_brokers,
            "brokers-loss": self._trouble_brokers,
            "broker-restart": self._restart,
            "disk-full": self._fill_disk,
        }
        await doing[fault.kind](fault)

    def _tell(self, fault: Fault, victim: str) -> None:
        self._victims[fault] = victim
        amount = f", {fault.amount}" if fault.amount else ""
        self._say(f"{fault.kind} {victim} for {fault.seconds} s{amount}")

    # Workers

    def _worker(self, fault: Fault) -> Worker:
        ends = fault.kind in ("worker-kill", "worker-stop", "worker-skew")
        there = self._workers[1:FIRST] if ends and self._spare else self._workers[:FIRST]
        running = [worker for worker in there if worker.running and not worker.frozen]
        return running[fault.choice % len(running)]

    async def _withhold_letters(self, fault: Fault) -> None:
        """Whoever is killed shall have folded what it has written no letter of."""
        worker = self._worker(fault)
        name = self._settings.topics.dead_letter.encode()
        began = time.monotonic()
        self._proxy.shape(Weather(withheld=name), worker.host.address)

        def waits() -> bool:
            # Not what the proxy has seen: a request about the topic alone is no letter.
            seen = self._sampler.latest.get(worker.name)
            return seen is not None and seen.at > began and seen.body["letters"]["waiting"] > 0

        await asyncio.to_thread(wait_until, waits, LETTER_SECONDS)
        await asyncio.sleep(GOING_ON)

    async def _kill_worker(self, fault: Fault) -> None:
        worker = self._worker(fault)
        self._tell(fault, worker.life)
        before = self._proxy.dropped
        worker.kill()
        await asyncio.sleep(max(fault.seconds, 10 * LOOK))
        self._proxy.shape(FAIR, worker.host.address)
        lost = self._proxy.dropped - before
        self._say(f"{worker.life} dies with {lost} requests about letters that never arrive")
        worker.start()

    async def _stop_worker(self, fault: Fault) -> None:
        worker = self._worker(fault)
        self._tell(fault, worker.life)
        await self._end(worker)
        await asyncio.sleep(fault.seconds)
        worker.start()

    async def _end(self, worker: Worker) -> None:
        """SIGTERM, and look that it heeds it."""

        def answers() -> bool:
            seen = self._sampler.latest.get(worker.name)
            return not worker.running or (seen is not None and seen.life == worker.life)

        # Where cores are scarce it may be that Python is not through with importing it yet.
        await asyncio.to_thread(wait_until, answers, START_SECONDS)
        worker.ask_to_end()
        if (trouble := await ended(worker)) is not None:
            self.problems.append(trouble)
            self._say(trouble)

    async def _freeze(self, fault: Fault) -> None:
        worker = self._worker(fault)
        self._tell(fault, worker.life)
        worker.freeze(frozen=True)
        await asyncio.sleep(fault.seconds)
        worker.freeze(frozen=False)

    async def _cut_worker(self, fault: Fault) -> None:
        worker = self._worker(fault)
        self._tell(fault, worker.life)
        worker.host.link(up=False)
        await asyncio.sleep(fault.seconds)
        worker.host.link(up=True)

    async def _join(self, fault: Fault) -> None:
        worker = self._workers[FIRST]
        worker.start()
        self._tell(fault, worker.life)
        await asyncio.sleep(fault.seconds)
        await self._end(worker)

    async def _delay(self, fault: Fault) -> None:
        worker = self._worker(fault)
        self._tell(fault, worker.life)
        weather = Weather(delay=fault.amount / 1000, loss=0.05, reset=0.001)
        self._proxy.shape(weather, worker.host.address)
        await asyncio.sleep(fault.seconds)
        self._proxy.shape(FAIR, worker.host.address)

    async def _narrow(self, fault: Fault) -> None:
        worker = self._worker(fault)
        self._tell(fault, worker.life)
        worker.host.bandwidth(fault.amount)
        await asyncio.sleep(fault.seconds)
        worker.host.bandwidth(None)

    async def _skew(self, fault: Fault) -> None:
        """Another worker takes its place, whose clock is wrong; later one with a right clock."""
        worker = self._worker(fault)
        self._tell(fault, worker.life)
        worker.kill()
        worker.start(skew=fault.amount)
        await asyncio.sleep(fault.seconds)
        worker.kill()
        worker.start()

    # Brokers

    async def _broker(self, fault: Fault) -> int:
        """The number of the broker that the kind asks for, or any."""
        found: int | None = None
        try:
            async with asyncio.timeout(3):
                if fault.kind == "coordinator-kill":
                    found = await self._kafka.coordinator(self._settings)
                elif fault.kind == "leader-kill":
                    topic, partitions = self._settings.topics.observer, 6
                    found = await self._kafka.leader(
                        self._settings, topic, fault.choice % partitions
                    )
        except Exception as error:
            self._say(f"{fault.kind}: {type(error).__name__}")
        if fault.kind == "controller-kill":
            found = self._kafka.controller()
        running = [broker.number for broker in self._kafka.brokers if broker.running]
        if found in running:
            return found
        if fault.kind in NAMED:
            self._say(f"{fault.kind}: nobody says who that is, any broker will do")
            self.guessed[fault.kind] += 1
        return running[fault.choice % len(running)]

    async def _kill_broker(self, fault: Fault) -> None:
        number = await self._broker(fault)
        self._tell(fault, f"b{number + 1}")
        self._kafka.kill_broker(number)
        await asyncio.sleep(fault.seconds)
        await self._start_broker(number)

    async def _restart(self, fault: Fault) -> None:
        number = await self._broker(fault)
        self._tell(fault, f"b{number + 1}")
        await asyncio.to_thread(self._kafka.stop_broker, number)
        await asyncio.sleep(fault.seconds)
        await self._start_broker(number)

    async def _cut_broker(self, fault: Fault) -> None:
        number = await self._broker(fault)
        self._tell(fault, f"b{number + 1}")
        host = self._kafka.hosts[number]
        host.link(up=False)
        await asyncio.sleep(fault.seconds)
        host.link(up=True)

    async def _narrow_broker(self, fault: Fault) -> None:
        """What others send to a broker waits: replicas fall behind, answers come late."""
        number = await self._broker(fault)
        self._tell(fault, f"b{number + 1}")
        host = self._kafka.hosts[number]
        host.bandwidth(fault.amount)
        await asyncio.sleep(fault.seconds)
        host.bandwidth(None)

    async def _set_apart(self, fault: Fault) -> None:
        """Two brokers no longer reach each other; everybody else reaches both."""
        number = await self._broker(fault)
        hosts = self._kafka.hosts
        one, other = hosts[number], hosts[(number + 1) % len(hosts)]
        self._tell(fault, f"{one.name} {other.name}")
        # Controllers reach each other without the proxy.
        one.hide(other, hidden=True)
        self._proxy.shape(Weather(cut=True), one.address, other.address)
        await asyncio.sleep(fault.seconds)
        self._proxy.shape(FAIR, one.address, other.address)
        one.hide(other, hidden=False)

    async def _trouble_brokers(self, fault: Fault) -> None:
        """What a broker and the others tell each other, its replication too, is late or lost."""
        number = await self._broker(fault)
        self._tell(fault, f"b{number + 1}")
        one, *others = self._kafka.hosts[number:] + self._kafka.hosts[:number]
        weather = among(fault)
        for other in others:
            self._proxy.shape(weather, one.address, other.address)
        await asyncio.sleep(fault.seconds)
        for other in others:
            self._proxy.shape(FAIR, one.address, other.address)

    async def _fill_disk(self, fault: Fault) -> None:
        number = await self._broker(fault)
        self._tell(fault, f"b{number + 1}")
        self._kafka.fill(number)
        await asyncio.sleep(fault.seconds)
        self._say(f"b{number + 1} {'lives' if self._kafka.brokers[number].running else 'died'}")
        self._kafka.clear(number)
        # Without its only disk a broker ends, or is of no use until it is started anew.
        self._kafka.kill_broker(number)
        await self._start_broker(number)

    async def _start_broker(self, number: int) -> None:
        """Start, and wait until it takes part: the next fault must not find two away."""
        self._kafka.start_broker(number, wait=False)
        await asyncio.to_thread(wait_until, self._kafka.ready, START_SECONDS)
