"""The acceptance digest in the group's commits: workers must judge events alike."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams.errors import UserError
from streams.worker import logs
from streams.worker.state import PartitionState

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp

_SECONDS: Final = 10.0


async def silent_offsets(app: ScrutineerApp, state: PartitionState) -> bool:
    """Learn below which offsets the dead letters of ``state`` are written already.

    Returns whether the group's last pack was this one, as far as is known: else everything is to be
    folded anew, also what a snapshot of this pack from before holds. Ends the worker when the group
    has worked with a pack that accepts other events, unless the settings accept that: then all
    letters are written anew.
    """
    same = True
    for topic, mark in (await _marks(app, state)).items():
        if mark.offset < 0:
            continue
        if not mark.metadata:
            # Committed by something else, or by a broker that keeps no metadata.
            continue
        if mark.metadata != app.pack.acceptance_digest:
            if not app.settings.worker.accept_pack:
                app.fatal(UserError(other_pack(app, mark.metadata)))
                await asyncio.Event().wait()  # until the worker's end cancels this
            logs.warn(
                "another pack than the group's last: dead letters are written anew",
                topic=topic,
                partition=state.number,
            )
            same = False
            continue
        state.silent[topic] = state.committed[topic] = mark.offset
    return same


def other_pack(app: ScrutineerApp, theirs: str) -> str:
    """What to tell whoever starts a worker with another pack."""
    return (
        f"group '{app.settings.worker.group}' has worked with another election pack: acceptance "
        f"digest {theirs[:12]}, ours is {app.pack.acceptance_digest[:12]} "
        f"({app.pack.id}).\n"
        "Events would be judged differently than before. Start with the same pack, choose another "
        "group (worker.group), or accept the change with --accept-pack: everything is then folded "
        "anew and all dead letters are written again."
    )


async def _marks(app: ScrutineerApp, state: PartitionState) -> dict[str, Any]:
    tps = [TopicPartition(topic, state.number) for topic in app.states.topics]
    while True:
        try:
            marks = await asyncio.wait_for(app.consumer.committed_marks(tps), _SECONDS)
        except (KafkaError, TimeoutError) as error:
            app.reader_trouble(state, str(error) or type(error).__name__)
            await asyncio.sleep(1.0)
        else:
            app.reader_trouble(state, "")
            return {tp.topic: mark for tp, mark in marks.items()}
