"""One run, inside its sandbox: brokers, workers, traffic, faults, and what is left to be judged."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import aiohttp

from schemas.fields import microseconds
from streams.log.topics import create_topics
from streams.settings import BrokerSettings, Settings, TopicSettings, WorkerSettings
from streams.tables.views import TABLES
from tests.chaos import sandbox
from tests.chaos.brokers import Brokers
from tests.chaos.evidence import Evidence, letters_of, log_of
from tests.chaos.faults import FIRST, Faults, ended
from tests.chaos.pack import DAY, PARTITIONS, chaos_pack, write_pack
from tests.chaos.prefixes import lines_by_partition
from tests.chaos.proxy import Proxy
from tests.chaos.sampler import Sampler
from tests.chaos.schedule import Fault
from tests.chaos.sender import Journal, Sender
from tests.chaos.traffic import Traffic
from tests.chaos.workers import HEADERS, Worker, last_words
from tests.worker.process import ROOT

LAST: Final = f"{DAY}T20:30:00Z"
"""What the log's clock says at the end: the ``now`` of every table that is compared."""
PATIENCE: Final = 150.0
"""Seconds after which what does not come to the log's end has failed."""

PER_SECOND: Final = 2_000
"""Events of the log that add a second to that: a worker may have to read it all."""

T = TypeVar("T")
Say = Callable[[str], None]
Json = dict[str, Any]


class Plan(NamedTuple):
    """What is to be done. ``versions``: see ``Traffic``; ``megabytes``: of each broker's disk."""

    seed: int
    seconds: float
    rate: float
    faults: Sequence[Fault]
    folder: Path
    versions: int | None = None
    megabytes: int = 256
    soak: bool = False
    """The first worker is never ended, and there are fewer looks."""


class Played(NamedTuple):
    """What a run left: evidence, and figures of how it went. ``problems``: of the way itself."""

    evidence: Evidence | None
    faults: Faults
    sampler: Sampler
    workers: Sequence[Worker]
    problems: list[str]
    began: float
    """Monotonic seconds when the traffic did."""


@contextmanager
def stage(plan: Plan) -> Iterator[tuple[Brokers, Proxy]]:
    """The brokers and the way to them."""
    sandbox.prepare()
    kafka = Brokers(plan.megabytes)
    # Brokers reach each other through the proxy, so it is there first and goes last.
    with ExitStack() as stack:
        proxy = stack.enter_context(Proxy([host.address for host in kafka.hosts], plan.seed))
        stack.enter_context(kafka)
        # Called before the brokers' folder is gone.
        stack.callback(_keep_logs, kafka, plan.folder)
        yield kafka, proxy


def _keep_logs(kafka: Brokers, folder: Path) -> None:
    for broker in kafka.brokers:
        if broker.log.exists():
            shutil.copy(broker.log, folder / f"broker-b{broker.number + 1}.log")


def broke(error: BaseException, folder: Path) -> str:
    """What stopped a run, in a line; where it happened is written to ``trace.txt``."""
    with (folder / "trace.txt").open("a", encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    said = (str(error).strip().splitlines() or ["no reason given"])[0]
    return f"the run broke off: {type(error).__name__}: {said[:500]}"


def play(plan: Plan, say: Say) -> Played:
    """Make a run from beginning to end."""
    with stage(plan) as (kafka, proxy):
        say("three brokers are up")
        return asyncio.run(_Run(plan, kafka, proxy, say).play())


async def beside(work: Coroutine[Any, Any, T], *others: asyncio.Task[None]) -> T:
    """What ``work`` comes to, while the ``others`` run until they are cancelled.

    One that ends by itself ends the work with its error: without it a run would judge less than it
    claims.
    """
    main = asyncio.create_task(work)
    waiting: set[asyncio.Task[Any]] = {main, *others}
    try:
        while waiting and not main.done():
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for other in others:
                if other.done() and not other.cancelled():
                    error = other.exception()
                    raise error or RuntimeError(f"{other.get_name()} ended before the run did")
        return await main
    finally:
        main.cancel()
        await asyncio.wait([main])


class _Run:
    def __init__(self, plan: Plan, kafka: Brokers, proxy: Proxy, say: Say) -> None:
        self.plan = plan
        self.say = say
        self.proxy = proxy
        pack = write_pack(plan.folder / "pack")
        self.settings = Settings(
            broker=BrokerSettings(bootstrap=kafka.direct),
            topics=TopicSettings(prefix="chaos", partitions=PARTITIONS, replication=3),
            worker=WorkerSettings(group="chaos"),
            pack=str(pack),
        )
        environment = {**self._environment(), "BROKER__BOOTSTRAP": kafka.bootstrap}
        self.workers = [Worker(n, plan.folder, environment) for n in range(FIRST + 1)]
        self.journal = Journal()
        self.traffic = Traffic(plan.seed, plan.versions)
        self.sender = Sender(self.settings, self.traffic, self.journal)
        self.sampler = Sampler(self.workers, plan.seed, 1 + int(plan.seconds // 600))
        self.began = 0.0
        self.faults = Faults(
            *(kafka, proxy, self.workers, self.settings, self.sampler, self.journal, say),
            spare=plan.soak,
        )
        self.problems: list[str] = []

    def _environment(self) -> dict[str, str]:
        topics = self.settings.topics
        return {
            "BROKER__BOOTSTRAP": self.settings.broker.bootstrap,
            "TOPICS__PREFIX": topics.prefix,
            "TOPICS__PARTITIONS": str(topics.partitions),
            "TOPICS__REPLICATION": str(topics.replication),
            "WORKER__GROUP": self.settings.worker.group,
            "PACK": self.settings.pack,
        }

    async def play(self) -> Played:
        """Everything in its order."""
        created = await create_topics(self.settings)
        self.problems += [f"topics: {problem}" for problem in created.problems]
        for worker in self.workers[:FIRST]:
            worker.start()
        sampling = asyncio.create_task(self.sampler.run(), name="sampler")
        watching = asyncio.create_task(self._watch(), name="watch")
        evidence = None
        try:
            evidence = await beside(self._acts(sampling), sampling, watching)
        except TimeoutError as error:
            self.problems.append(f"never came about: {error}")
        except Exception as error:
            # Whatever it is: what was seen until then is reported, and the logs are kept.
            self.problems.append(broke(error, self.plan.folder))
        finally:
            for task in (sampling, watching):
                task.cancel()
            await asyncio.gather(sampling, watching, return_exceptions=True)
            for worker in self.workers:
                worker.kill()
        self.problems += self.faults.problems + sorted(set(self.proxy.problems))
        return Played(evidence, self.faults, self.sampler, self.workers, self.problems, self.began)

    async def _acts(self, sampling: asyncio.Task[None]) -> Evidence:
        await self._until(self._all_live, "every partition is live")
        await self._under_fire()
        return await self._finish(sampling)

    async def _under_fire(self) -> None:
        plan = self.plan
        began = self.began = time.monotonic()
        faults = asyncio.ensure_future(self.faults.run(plan.faults, began))
        # Where cores are scarce faults take longer than planned: never without traffic.
        end = began + plan.seconds
        sending = asyncio.ensure_future(
            self.sender.run(plan.rate, lambda: time.monotonic() < end or not faults.done())
        )
        try:
            # A fault that broke off may have left brokers that take nothing any more.
            await asyncio.wait([faults, sending], return_when=asyncio.FIRST_EXCEPTION)
            if faults.done():
                faults.result()
            await sending
            self.say(f"{len(self.journal.sent)} events acknowledged, the traffic ends")
            async with asyncio.timeout(PATIENCE + len(self.journal.sent) / PER_SECOND):
                await faults
                await self.sender.send(self.traffic.clock(LAST))
        except TimeoutError:
            raise TimeoutError("an end of the faults, and of what is acknowledged") from None
        finally:
            faults.cancel()
            sending.cancel()

    async def _finish(self, sampling: asyncio.Task[None]) -> Evidence:
        """Let the workers come to the end, ask them, then one of them alone, then two of them."""
        log = await log_of(self.settings)
        ends = {place: len(records) for place, records in log.items()}
        running = [worker for worker in self.workers if worker.running]
        bodies = await self._taken_down(running, ends)
        await self._until_letters(running)
        one, *others = running
        for worker in others:
            worker.ask_to_end()
        for worker in others:
            self.problems += filter(None, [await ended(worker)])
        (alone,) = await self._taken_down([one], ends)
        await self._until_letters([one])
        self.say("the tables are taken down; replaying and reading the log")
        # Whatever happened before, now a worker that goes on loses partitions.
        other = others[0]
        other.start()
        replay = asyncio.create_task(asyncio.to_thread(self._replay))
        both = [one, other]
        await self._until(lambda: self._all_have_some(both), "both of two workers have partitions")
        shared = await self._taken_down(both, ends)
        sampling.cancel()
        for worker in both:
            worker.ask_to_end()
        for worker in both:
            self.problems += filter(None, [await ended(worker)])
        return Evidence(
            pack=chaos_pack(),
            topics=self.settings.topics.inputs,
            now=microseconds(datetime.fromisoformat(LAST)),
            journal=self.journal,
            log=log,
            letters=await letters_of(self.settings),
            workers=bodies,
            alone=alone,
            shared=shared,
            replay=await replay,
            samples=self.sampler.samples,
            history=self.sampler.history,
            memory=self.sampler.memory,
            troubles=self.faults.troubles,
        )

    async def _taken_down(
        self, workers: Sequence[Worker], ends: dict[tuple[str, int], int]
    ) -> list[Json]:
        """What the workers say at the log's end, when no partition moved while they were asked."""
        what = f"the end of the log in {[worker.life for worker in workers]}: {ends}"
        deadline = self._deadline()
        bodies: list[Json] = []
        while time.monotonic() < deadline:
            await self._until(lambda: self._at(ends, workers), what)
            with suppress(aiohttp.ClientError):
                bodies = [await self._ask(worker) for worker in workers]
                if settled(bodies, ends):
                    return bodies
            await asyncio.sleep(0.1)
        pages = [sorted(set(map(tuple, body["partitions"]))) for body in bodies]
        raise TimeoutError(f"{what}, on every page; the workers' are of partitions {pages}")

    # Looking

    async def _watch(self) -> None:
        """Start again whoever ends by itself, as what looks after workers would; tell of it."""
        while True:
            await asyncio.sleep(0.5)
            for worker in self.workers:
                if not worker.asked and (status := worker.note_end()) is not None:
                    trouble = (
                        f"{worker.life} ended by itself with {status}: {last_words(worker.log)}"
                    )
                    self.problems.append(trouble)
                    self.say(trouble)
                    worker.start()

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = self._deadline()
        while not holds():
            if time.monotonic() > deadline:
                shown = {name: seen.statuses for name, seen in self.sampler.latest.items()}
                raise TimeoutError(f"{what}; {shown}")
            await asyncio.sleep(0.1)

    def _deadline(self) -> float:
        return time.monotonic() + PATIENCE + len(self.journal.sent) / PER_SECOND

    def _all_live(self) -> bool:
        shown = [n for seen in self.sampler.latest.values() for _, n in seen.positions]
        return set(shown) == set(range(PARTITIONS))

    def _all_have_some(self, workers: Sequence[Worker]) -> bool:
        seen = [self.sampler.latest.get(worker.name) for worker in workers]
        return all(one is not None and one.positions for one in seen)

    def _at(self, ends: dict[tuple[str, int], int], workers: Sequence[Worker]) -> bool:
        """Whether the workers show exactly the log's end, each partition once."""
        found: dict[tuple[str, int], int] = {}
        for worker in workers:
            seen = self.sampler.latest.get(worker.name)
            if seen is None or found.keys() & seen.positions.keys():
                return False
            found |= seen.positions
        return found == ends

    async def _ask(self, worker: Worker) -> Json:
        """A worker's digest and all its tables, and the partitions that each page is of."""
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(headers=HEADERS, timeout=timeout) as session:

            async def text(path: str) -> str:
                async with session.get(worker.url + path) as answer:
                    answer.raise_for_status()
                    return await answer.text()

            pages = {name: json.loads(await text(f"/tables/{name}")) for name in TABLES}
            of_metrics = lines_by_partition(await text("/metrics"))
            partitions = [page["partitions"] for page in pages.values()]
            return {
                "digest": json.loads(await text("/digest")),
                "tables": {name: page["rows"] for name, page in pages.items()},
                "partitions": [*partitions, sorted(of_metrics)],
            }

    async def _until_letters(self, workers: Sequence[Worker]) -> None:
        """Until no worker has a letter on its way."""
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            for worker in workers:
                async with asyncio.timeout(PATIENCE):
                    while True:
                        async with session.get(worker.url + "/state") as answer:
                            if (await answer.json())["letters"]["waiting"] == 0:
                                break
                        await asyncio.sleep(0.2)

    def _replay(self) -> Json:
        """`scrutineer replay kafka --json`, as an analyst runs it."""
        kept = {name: value for name, value in os.environ.items() if "SCRUTINEER" not in name}
        chosen = {f"SCRUTINEER_{name}": value for name, value in self._environment().items()}
        done = subprocess.run(
            [sys.executable, "-m", "streams", "replay", "kafka", "--json"],
            cwd=ROOT,
            env=kept | chosen,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"scrutineer replay kafka: {done.stderr}")
        found: Json = json.loads(done.stdout)
        return found


def settled(bodies: Sequence[Json], ends: dict[tuple[str, int], int]) -> bool:
    """Whether each answer is of the same partitions as the others, and all of the log's end."""
    found: dict[tuple[str, int], int] = {}
    for body in bodies:
        digest = body["digest"]
        if any(partitions != digest["partitions"] for partitions in body["partitions"]):
            return False
        for topic, offsets in digest["positions"].items():
            found |= {(topic, int(number)): offset for number, offset in offsets.items()}
    return found == ends
