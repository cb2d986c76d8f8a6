"""What the topics should be like, and why. Pure: ``topics.py`` compares it with the brokers."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from streams.settings import TopicSettings

ONE_MIB: Final = 1_048_588
"""Kafka's own default of max.message.bytes: 1 MiB and the overhead of a batch."""
STAMP: Final = "message.timestamp.type"


class Rule(NamedTuple):
    """What one topic setting should be. ``sense``: exactly ``value``, or at least that."""

    name: str
    value: str
    why: str
    sense: Literal["equals", "at_least"] = "equals"

    def holds(self, found: str) -> bool:
        """Whether ``found`` will do."""
        if self.sense == "equals":
            return found.strip().lower() == self.value.lower()
        return found.strip().lstrip("-").isdigit() and int(found) >= int(self.value)

    @property
    def wanted(self) -> str:
        """What it should be, for people."""
        return f"at least {self.value}" if self.sense == "at_least" else self.value


class TopicLayout(NamedTuple):
    """How one topic should be. ``partitions_matter``: their number decides where events go."""

    name: str
    partitions: int
    partitions_matter: bool
    replication: int
    rules: tuple[Rule, ...]

    @property
    def configs(self) -> dict[str, str]:
        """The topic settings to create it with."""
        return {rule.name: rule.value for rule in self.rules}

    def stamped(self, by: str) -> TopicLayout:
        """The same topic with timestamps ``by`` CreateTime or LogAppendTime."""
        rules = (r._replace(value=by) if r.name == STAMP else r for r in self.rules)
        return self._replace(rules=tuple(rules))


def layouts(topics: TopicSettings) -> tuple[TopicLayout, ...]:
    """The three inputs, then the topics of the dead letters and of the snapshots."""
    # The broker limits whole batches. An event is at most 64 KiB, but clients batch many
    # (librdkafka up to 1 MB): a lower limit would refuse good events for their company.
    size = Rule(
        "max.message.bytes", str(ONE_MIB), "a batch of events is refused otherwise", "at_least"
    )
    history = (
        Rule("cleanup.policy", "delete", "compaction removes events that the tables count"),
        Rule(
            STAMP,
            "LogAppendTime",
            "a producer could otherwise forge when something became known",
        ),
    )
    # The key of a letter is its event's topic/partition/offset. Whoever rejects that event again,
    # after a restart, writes the same letter: compaction leaves one of them. Nothing else goes,
    # for retention is infinite and no two events share a key.
    letters = (
        Rule("cleanup.policy", "compact", "a letter written twice would stay twice"),
        Rule(
            STAMP,
            "LogAppendTime",
            "the time of a letter is when it was rejected",
        ),
    )
    inputs = tuple(
        TopicLayout(
            name, topics.partitions, True, topics.replication, (*history, *_safety(topics), size)
        )
        for name in topics.inputs
    )
    dead = TopicLayout(
        topics.dead_letter,
        topics.partitions,
        False,
        topics.replication,
        (*letters, *_safety(topics), size),
    )
    return (*inputs, dead, _snapshots(topics, size))


def _snapshots(topics: TopicSettings, size: Rule) -> TopicLayout:
    # Small segments: only what is no longer written to can be compacted, and whoever starts reads
    # all that there is of a partition.
    rules = (
        Rule("cleanup.policy", "compact", "old snapshots would stay for ever, or new ones go"),
        Rule("segment.bytes", str(16 * 1024 * 1024), "old snapshots would stay for long"),
        Rule("min.cleanable.dirty.ratio", "0.2", "old snapshots would stay for long"),
    )
    return TopicLayout(
        topics.snapshot,
        topics.partitions,
        False,
        topics.replication,
        (*rules, *_safety(topics), size),
    )


def _safety(topics: TopicSettings) -> tuple[Rule, ...]:
    in_sync = "2" if topics.replication >= 3 else "1"
    return (
        Rule("retention.ms", "-1", "events would be deleted by age: the log is the state"),
        Rule("retention.bytes", "-1", "events would be deleted by size: the log is the state"),
        Rule(
            "min.insync.replicas",
            in_sync,
            "an acknowledged event could be lost with one broker",
            "at_least",
        ),
        Rule(
            "unclean.leader.election.enable",
            "false",
            "a broker that fell behind could cut acknowledged events off the log",
        ),
    )
