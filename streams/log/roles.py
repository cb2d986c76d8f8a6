"""Who needs which rights at the brokers, and why. Pure: the operator applies it, tests prove it."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from streams.settings import Settings, TopicSettings

Kind = Literal["topic", "group"]
Operation = Literal["Read", "Write", "Create", "Describe", "DescribeConfigs", "AlterConfigs"]
"""Kafka's names. Describe is not listed beside Read and Write, which imply it."""

_IMPLIED_BY: Final[dict[str, tuple[Operation, ...]]] = {
    "Describe": ("Read", "Write"),
    "DescribeConfigs": ("AlterConfigs",),
}
"""An operation that whoever has another one may do as well."""

READER: Final[tuple[Operation, ...]] = ("Read", "DescribeConfigs")
WRITER: Final[tuple[Operation, ...]] = ("Write", "DescribeConfigs")


NAMES: Final = (
    "observer-gateway",
    "official-importer",
    "desk",
    "operator",
    "worker",
    "archiver",
    "monitoring",
    "topic-admin",
)
"""The roles: producers first, then who runs and who watches."""


PRODUCERS: Final = NAMES[:4]
"""The roles that send events."""


class Grant(NamedTuple):
    """Operations that are allowed on resources of exactly these names, from any host."""

    kind: Kind
    names: tuple[str, ...]
    operations: tuple[Operation, ...]
    why: str


class Role(NamedTuple):
    """One login's work. ``who``: the people or systems that have it."""

    name: str
    who: str
    grants: tuple[Grant, ...]

    def may(self, operation: Operation, kind: Kind, name: str) -> bool:
        """Whether the role allows ``operation`` on the resource."""
        allowed = {
            granted
            for grant in self.grants
            if grant.kind == kind and name in grant.names
            for granted in grant.operations
        }
        return bool(allowed & {operation, *_IMPLIED_BY.get(operation, ())})


def roles(settings: Settings) -> dict[str, Role]:
    """Every role by its name, in the order of ``NAMES``."""
    topics, group = settings.topics, settings.worker.group
    found = (
        *_senders(topics),
        _operator(topics),
        _worker(topics, group),
        Role(
            "archiver",
            "scrutineer archive, and replay kafka: copies the log and changes nothing",
            (Grant("topic", topics.inputs, ("Read",), "reads the log"),),
        ),
        *_keepers(topics, group),
    )
    return {role.name: role for role in found}


def _senders(topics: TopicSettings) -> tuple[Role, ...]:
    return (
        Role(
            "observer-gateway",
            "the system of an observers' organisation that sends its reports",
            (Grant("topic", (topics.observer,), ("Write",), "sends reports"),),
        ),
        Role(
            "official-importer",
            "the machine that imports what the authorities publish",
            (Grant("topic", (topics.official,), ("Write",), "sends official figures"),),
        ),
        Role(
            "desk",
            "members of the operations room: triage, notice, dead-letters list and show",
            (
                Grant("topic", (topics.desk,), ("Write",), "sends decisions and notes"),
                Grant(
                    "topic",
                    (topics.observer, topics.desk, topics.dead_letter),
                    ("Read",),
                    "looks up reports, earlier decisions and rejected events",
                ),
            ),
        ),
    )


def _keepers(topics: TopicSettings, group: str) -> tuple[Role, ...]:
    every = (*topics.inputs, topics.dead_letter, topics.snapshot)
    return (
        Role(
            "monitoring",
            "lag exporters, topics check: sees names, offsets and settings, no record",
            (
                Grant("topic", every, ("Describe", "DescribeConfigs"), "positions and settings"),
                Grant("group", (group,), ("Describe",), "the workers' committed offsets"),
            ),
        ),
        Role(
            "topic-admin",
            "topics create, before the election and never on the day",
            (
                Grant(
                    "topic",
                    every,
                    ("Create", "Describe", "AlterConfigs"),
                    "makes the topics and sets them right; deletes none",
                ),
            ),
        ),
    )


def _operator(topics: TopicSettings) -> Role:
    return Role(
        "operator",
        "whoever sends again what was rejected, restores or plays an archive, accepts a gap: "
        "writes all inputs, so give it to few, and to no machine that is on all day",
        (
            Grant("topic", topics.inputs, ("Write",), "sends events of every authority again"),
            Grant("topic", topics.inputs, ("Read",), "an acceptance names the first record left"),
            Grant(
                "topic",
                (topics.dead_letter,),
                ("Read", "Write"),
                "reads letters, and marks those that are done",
            ),
            Grant(
                "topic",
                (topics.snapshot,),
                ("Read", "Write"),
                "partition list and accept: what is missing of a log, and that it is known",
            ),
        ),
    )


def _worker(topics: TopicSettings, group: str) -> Role:
    return Role(
        "worker",
        "the workers",
        (
            Grant("topic", topics.inputs, READER, "reads the log; checks the topics' settings"),
            Grant("group", (group,), ("Read",), "shares out the partitions, commits"),
            Grant("topic", (topics.dead_letter,), WRITER, "writes rejected events"),
            Grant(
                "topic",
                (topics.snapshot,),
                ("Read", *WRITER),
                "writes snapshots of its tables, and begins from them",
            ),
        ),
    )


def who_may(
    settings: Settings, operation: Operation, kind: Kind, names: Collection[str]
) -> list[str]:
    """Names of the roles that allow ``operation`` on all these resources."""
    return [
        role.name
        for role in roles(settings).values()
        if all(role.may(operation, kind, name) for name in names)
    ]


def least(settings: Settings, names: Collection[str]) -> str:
    """Of these roles the one that can do the least harm.

    It writes, creates and alters the fewest things, then reads the fewest. Committing for a group
    is Kafka's Read of it.
    """
    known = roles(settings)
    return min(names, key=lambda name: _harm(known[name]))


def _harm(role: Role) -> tuple[int, int]:
    rights = [
        (grant.kind, operation)
        for grant in role.grants
        for operation in grant.operations
        for _ in grant.names
    ]
    reads = rights.count(("topic", "Read"))
    harmless = reads + sum(operation.startswith("Describe") for _, operation in rights)
    return len(rights) - harmless, reads


def commands(role: Role, principals: Sequence[str], bootstrap: str, config: str) -> Iterator[str]:
    """Lines for a shell that grant ``role`` with Kafka's own tool.

    ``config``: the file with the administrator's login (kafka-acls.sh --command-config).
    """
    yield f"# {role.name}: {role.who}"
    tool = ["kafka-acls.sh", "--bootstrap-server", bootstrap, "--command-config", config, "--add"]
    for grant in role.grants:
        words = list(tool)
        for principal in principals:
            words += ["--allow-principal", principal]
        for operation in grant.operations:
            words += ["--operation", operation]
        for name in grant.names:
            words += [f"--{grant.kind}", name]
        yield f"#   {grant.why}"
        yield shlex.join(words)


def bindings(role: Role, principals: Sequence[str]) -> list[dict[str, Any]]:
    """The same as one JSON-ready object an ACL, named as in Kafka's AclBinding."""
    return [
        {
            "role": role.name,
            "principal": principal,
            "host": "*",
            "permissionType": "ALLOW",
            "operation": operation,
            "resourceType": grant.kind.upper(),
            "resourceName": name,
            "patternType": "LITERAL",
            "why": grant.why,
        }
        for principal in principals
        for grant in role.grants
        for name in grant.names
        for operation in grant.operations
    ]
