"""What the topics should be like."""

from __future__ import annotations

import pytest

from schemas.envelope import MAX_EVENT_BYTES
from streams.log.clients import MAX_REQUEST_BYTES
from streams.log.layout import Rule, layouts
from streams.settings import TopicSettings


def test_the_inputs_keep_everything_for_ever() -> None:
    """The log is the state: nothing may be deleted, compacted, back-dated or lost unnoticed."""
    for layout in layouts(TopicSettings(partitions=7, replication=3))[:3]:
        assert layout.partitions == 7
        assert layout.partitions_matter
        assert layout.replication == 3
        assert layout.configs == {
            "cleanup.policy": "delete",
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "min.insync.replicas": "2",
            "unclean.leader.election.enable": "false",
            "max.message.bytes": "1048588",
        }


def test_dead_letters_and_snapshots_are_compacted_and_never_expire() -> None:
    """What is written twice becomes one; none goes by age or size."""
    dead, snapshots = layouts(TopicSettings())[-2:]
    assert (dead.name, snapshots.name) == ("election.dead-letter", "election.snapshot")
    for each in (dead, snapshots):
        assert each.configs["cleanup.policy"] == "compact"
        assert each.configs["retention.ms"] == each.configs["retention.bytes"] == "-1"


@pytest.mark.parametrize(("replication", "in_sync"), [(1, "1"), (2, "1"), (3, "2"), (5, "2")])
def test_two_in_sync_replicas_where_there_are_three(replication: int, in_sync: str) -> None:
    """An acknowledged event is on two brokers, as long as one of three may be away."""
    for layout in layouts(TopicSettings(replication=replication)):
        assert layout.configs["min.insync.replicas"] == in_sync


def test_every_topic_takes_the_largest_record_we_send() -> None:
    """The broker's limit is above the producer's."""
    for layout in layouts(TopicSettings()):
        assert int(layout.configs["max.message.bytes"]) > MAX_REQUEST_BYTES > MAX_EVENT_BYTES


@pytest.mark.parametrize(
    ("rule", "found", "holds"),
    [
        (Rule("a", "-1", ""), "-1", True),
        (Rule("a", "-1", ""), "604800000", False),
        (Rule("a", "false", ""), "False", True),
        (Rule("a", "delete", ""), "compact,delete", False),
        (Rule("a", "2", "", "at_least"), "3", True),
        (Rule("a", "2", "", "at_least"), "10", True),
        (Rule("a", "2", "", "at_least"), "1", False),
        (Rule("a", "2", "", "at_least"), "-3", False),
        (Rule("a", "2", "", "at_least"), "", False),
    ],
)
def test_what_a_rule_accepts(rule: Rule, found: str, *, holds: bool) -> None:
    """Exactly the value, or a number that is at least it."""
    assert rule.holds(found) is holds
