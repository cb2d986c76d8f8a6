"""Before the group is joined: a broker that answers, and topics that fit the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiokafka.errors import KafkaError
from mode import Service

from streams.errors import UserError
from streams.log.clients import AwayError, wait_for_broker
from streams.log.refusals import refusal
from streams.log.topics import UNSEEN, Problem, check_topics
from streams.settings import Settings
from streams.worker import logs

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp

_RETRY_SECONDS: Final = 2.0


class Preflight(Service):
    """Its start takes until there is something to join; HTTP answers meanwhile."""

    abstract = False

    def __init__(self, app: ScrutineerApp) -> None:
        super().__init__()
        self._app = app
        self.waiting_for = "the broker"

    async def on_start(self) -> None:
        """Wait for a broker, then look at the topics. UserError: they will not do."""
        settings = self._app.settings
        told = False
        while True:
            self.waiting_for = "the broker"
            await wait_for_broker(settings, logs.warn)
            try:
                problems = await check_topics(settings)
            except (AwayError, KafkaError) as error:
                # It went away between two looks, and may be back by now: it is asked again.
                logs.warn("the topics could not be looked at", reason=str(error) or repr(error))
                await self.sleep(_RETRY_SECONDS)
                continue
            self.waiting_for = "leaders of the topics' partitions"
            if not (leaderless := judge(problems, settings)):
                break
            if not told:
                told = True
                logs.warn("waiting for leaders of partitions", topics=leaderless)
            await self.sleep(_RETRY_SECONDS)
        self.waiting_for = ""


def judge(problems: list[Problem], settings: Settings) -> list[str]:
    """Topics to wait for. UserError: one is missing, kept from us, or has other partitions.

    What else is not as it should be is told, and the worker goes on: see `scrutineer topics check`.
    """
    missing = [problem.topic for problem in problems if problem.what == "topic"]
    if missing:
        raise UserError(
            f"topics missing on {settings.broker.bootstrap}: {', '.join(missing)}.\n"
            "Create them with: scrutineer topics create"
        )
    if unseen := [problem.topic for problem in problems if problem.what == UNSEEN]:
        inputs = settings.topics.inputs
        raise UserError(
            "\n".join(
                str(refusal(settings, "Read" if topic in inputs else "Write", [topic]))
                for topic in unseen
            )
        )
    counts = [problem for problem in problems if problem.what == "partitions"]
    if counts:
        lines = (
            f"topic {each.topic} has {each.found} partitions, expected {each.expected}: "
            f"{each.advice}"
            for each in counts
        )
        raise UserError("\n".join(lines))
    for each in problems:
        if each.kind == "wrong" and each.what != "leaders":
            logs.warn(
                "topic is not as it should be",
                topic=each.topic,
                setting=each.what,
                found=each.found,
                expected=each.expected,
                advice=each.advice,
            )
    return [each.topic for each in problems if each.what == "leaders"]
