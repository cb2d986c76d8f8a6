"""Where the logs begin: at offset 0, or some of what was written is gone."""

from __future__ import annotations

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams.errors import UserError
from streams.log.clients import admin, consumer
from streams.log.closing import close
from streams.log.topics import Problem, describe
from streams.settings import Settings

_ADVICE = (
    "scrutineer partition list shows what no snapshot has either. It was deleted: by retention, "
    "or by somebody whom the brokers' ACLs allow that"
)


async def check_heads(settings: Settings) -> list[Problem]:
    """The inputs that have lost their beginning; not those without leaders. UserError: no answer.

    Whether all settings are right now says nothing of what was deleted before.
    """
    async with admin(settings.broker) as client:
        found = await describe(client, settings)
    places = [
        TopicPartition(name, number)
        for name in settings.topics.inputs
        if name in found and not found[name].leaderless
        for number in range(found[name].partitions)
    ]
    starts = await _starts(settings, places) if places else {}
    cut: dict[str, list[str]] = {}
    for place in places:
        if starts[place] > 0:
            told = f"partition {place.partition} at {starts[place]}"
            cut.setdefault(place.topic, []).append(told)
    return [
        Problem(name, "log begins", ", ".join(told), "at offset 0", _ADVICE)
        for name, told in cut.items()
    ]


async def _starts(settings: Settings, places: list[TopicPartition]) -> dict[TopicPartition, int]:
    client = consumer(settings.broker)
    try:
        await client.start()
        starts: dict[TopicPartition, int] = await client.beginning_offsets(places)
    except KafkaError as error:
        told = str(error) or type(error).__name__
        raise UserError(f"where the topics begin cannot be asked: {told}") from None
    finally:
        await close(client.stop())
    return starts
