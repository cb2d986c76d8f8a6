"""The logs that can be replayed: archives, and Kafka itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from aiokafka import TopicPartition

from streams.archive.manifest import Place
from streams.archive.reading import Archives, open_archive
from streams.archive.segments import Record
from streams.errors import UserError
from streams.log.bulk import BulkReader, LogMovedError, Once
from streams.log.clients import admin, kafka_options
from streams.log.refusals import kept_from
from streams.log.topics import describe
from streams.settings import Settings


class ArchivedLog:
    """The log in one archive, or in several copies. Opened anew in each process."""

    def __init__(self, wheres: Sequence[str]) -> None:
        """UserError: one of ``wheres`` is no archive, or is one of another log."""
        self._wheres = tuple(wheres)
        self.archives = Archives([open_archive(where) for where in wheres])
        self.topics = self.archives.topics
        self.partitions = self.archives.head.partitions

    def __reduce__(self) -> tuple[type[ArchivedLog], tuple[tuple[str, ...]]]:
        return ArchivedLog, (self._wheres,)

    def records(self, place: Place) -> Iterator[Record]:
        """``folding.Log.records``. UserError: damage, or copies that disagree."""
        return self.archives.records(place)

    def end(self, place: Place) -> int:
        """``folding.Log.end``."""
        return self.archives.end(place)

    def count(self, place: Place) -> int:
        """``folding.Log.count``."""
        return self.archives.count(place)

    def lost(self) -> int:
        """``folding.Log.lost``."""
        return sum(each.next - each.base for each in self.archives.lost())


class KafkaLog:
    """The log on the brokers, each partition up to the end that it has when it is read.

    ``say``: a function that other processes can import; told of a broker that is waited for.
    """

    def __init__(
        self, settings: Settings, ends: dict[Place, int], say: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._ends = ends
        self._say = say
        self.topics = settings.topics.inputs
        self.partitions = settings.topics.partitions

    def records(self, place: Place) -> Iterator[Record]:
        """``folding.Log.records``. UserError: its start is gone."""
        tp = TopicPartition(*place)
        reader = BulkReader(kafka_options(self._settings.broker), {tp: 0}, Once(self._say))
        with asyncio.Runner() as runner:
            try:
                runner.run(reader.__aenter__())
                while records := runner.run(reader.read()):
                    for each in records:
                        # What Kafka has of it beside these plays no part in folding.
                        yield Record(
                            each.offset,
                            each.timestamp,
                            each.timestamp_type,
                            each.key,
                            each.value,
                            (),
                        )
                self._ends[place] = reader.positions[tp]
            except LogMovedError as moved:
                raise UserError(f"{moved}: replay an archive that still has it") from None
            finally:
                runner.run(reader.__aexit__(None, None, None))

    def end(self, place: Place) -> int:
        """``folding.Log.end``, once its records have been read."""
        return self._ends[place]

    def count(self, place: Place) -> int:
        """``folding.Log.count``, as of the beginning."""
        return self._ends[place]

    def lost(self) -> int:
        """Nothing: what the brokers no longer have is an error."""
        return 0


async def kafka_log(settings: Settings, say: Callable[[str], None]) -> KafkaLog:
    """The log that the settings name. ``say``: as of ``KafkaLog``.

    UserError: no broker, or not these topics.
    """
    topics = settings.topics
    async with admin(settings.broker) as client:
        found = await describe(client, settings)
    for name in topics.inputs:
        if name not in found:
            if refused := await kept_from(settings, "Read", name):
                raise refused
            raise UserError(f"there is no topic {name}: see topics.prefix")
        if found[name].partitions != topics.partitions:
            raise UserError(
                f"{name} has {found[name].partitions} partitions: set topics.partitions to it"
            )
    starts = {
        TopicPartition(topic, number): 0
        for topic in topics.inputs
        for number in range(topics.partitions)
    }
    try:
        async with BulkReader(kafka_options(settings.broker), starts, Once(say)) as reader:
            ends = {(tp.topic, tp.partition): end for tp, end in reader.ends.items()}
    except LogMovedError as moved:
        raise UserError(f"{moved}: replay an archive that still has it") from None
    return KafkaLog(settings, ends, say)
