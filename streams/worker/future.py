"""Records that the broker says it appended later than it is here: a clock is wrong."""

from __future__ import annotations

from typing import Final

from aiokafka import ConsumerRecord, TopicPartition

from streams.worker import logs
from streams.worker.state import States

FUTURE_SECONDS: Final = 30.0
"""So far ahead of the wall clock is told."""

OVER_SECONDS: Final = 15.0
"""No farther ahead is over: half as far, so that one that is just as far is not told all the time.
"""

_LOG_APPEND_TIME: Final = 1
"""Kafka's number for stamps of the broker. Others are a sender's, whose clock may be anything."""


class Future:
    """Tells of it once until it is over on every partition. A look at the last record is enough."""

    def __init__(self, states: States) -> None:
        self._states = states
        self._ahead: set[TopicPartition] = set()

    def note(self, tp: TopicPartition, record: ConsumerRecord, seconds: float) -> None:
        """``seconds``: how long the live ``record`` took by the wall clock; below 0: from later."""
        if seconds < -FUTURE_SECONDS and record.timestamp_type == _LOG_APPEND_TIME:
            if not self._ahead:
                logs.warn(
                    "a record comes from the future: this host's clock is behind, or the broker's "
                    "ahead",
                    topic=tp.topic,
                    partition=tp.partition,
                    offset=record.offset,
                    seconds=round(-seconds),
                )
            self._ahead.add(tp)
        elif self._ahead and seconds >= -OVER_SECONDS:
            mine = self._states.numbers()
            self._ahead = {one for one in self._ahead - {tp} if one.partition in mine}
            if not self._ahead:
                logs.info("records come from the future no more")
