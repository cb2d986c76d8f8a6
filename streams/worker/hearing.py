"""Which partitions the broker answers for, each judged by its own last answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aiokafka import TopicPartition


class Hearing:
    """Seconds of silence of each partition that the live path is fed with.

    An answer is a change of the client's time stamp, so that clocks that are set play no part.
    While a partition is not asked for (paused, or its records wait to be taken) its time stands.
    """

    def __init__(self) -> None:
        self._silence: dict[TopicPartition, float] = {}
        self._stamps: dict[TopicPartition, float | None] = {}
        self._noted: float | None = None
        self.heard_at: float | None = None
        """When any was answered last; None: none is fed."""

    def note(
        self,
        fed: Collection[TopicPartition],
        asked: Mapping[TopicPartition, float | None],
        now: float,
    ) -> None:
        """One look. ``asked``: those asked for, with the time stamp of their last answer."""
        passed = 0.0 if self._noted is None else now - self._noted
        self._noted = now
        silence: dict[TopicPartition, float] = {}
        for tp in fed:
            before = self._silence.get(tp)
            stamp = asked.get(tp)
            if before is None or (stamp is not None and stamp != self._stamps.get(tp)):
                silence[tp], self.heard_at = 0.0, now
            else:
                silence[tp] = before + (passed if tp in asked else 0.0)
            if stamp is not None:
                self._stamps[tp] = stamp
        self._silence = silence
        if not silence:
            self.heard_at = None

    def start_anew(self) -> None:
        """The broker was away as a whole: give each partition its time."""
        self._silence = dict.fromkeys(self._silence, 0.0)

    def silent(self, long: float, short: float) -> dict[TopicPartition, float]:
        """Once one is silent for ``long`` seconds: all that are for ``short``, with their silence.

        Those that fall silent together are so told together.
        """
        if max(self._silence.values(), default=0.0) < long:
            return {}
        return {tp: seconds for tp, seconds in self._silence.items() if seconds >= short}
