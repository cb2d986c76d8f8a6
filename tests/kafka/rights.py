"""What a login may do at a broker, found out by asking for it, request by request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.conn import create_conn
from aiokafka.protocol.admin import (
    AlterConfigsRequest,
    CreateAclsRequest,
    CreateTopicsRequest,
    DeleteGroupsRequest,
    DeleteRecordsRequest,
    DeleteTopicsRequest,
    DescribeConfigsRequest,
)
from aiokafka.protocol.commit import OffsetCommitRequest, OffsetFetchRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.types import Array, Schema
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from streams.log.clients import addresses, security_options
from streams.settings import BrokerSettings

TOPIC, LITERAL, ALLOW = 2, 3, 3
RESOURCES = {"TOPIC": TOPIC, "GROUP": 3}
OPERATIONS = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Delete": 6,
    "Describe": 8,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
}
REFUSALS = {29, 30, 31}
"""Kafka's codes: topic, group, cluster authorization failed."""

Right = tuple[str, str, str]
"""Operation, kind of the resource, its name."""


async def grant(broker: BrokerSettings, acls: list[dict[str, Any]]) -> None:
    """Create ACLs, each as `scrutineer acls --format json` prints it."""
    link = await _link(broker)
    try:
        for acl in acls:
            assert (acl["patternType"], acl["permissionType"]) == ("LITERAL", "ALLOW")
            answer = await link.send(
                CreateAclsRequest(
                    RESOURCES[acl["resourceType"]],
                    acl["resourceName"],
                    LITERAL,
                    acl["principal"],
                    acl["host"],
                    OPERATIONS[acl["operation"]],
                    ALLOW,
                )
            )
            assert set(_codes(answer.SCHEMA, answer)) == {0}, answer
    finally:
        await link.close()


def requests(topics: list[str], groups: list[str]) -> dict[Right, Any]:
    """A request for each right. Whoever has it changes nothing, but for deleting."""
    found: dict[Right, Any] = {}
    for name in topics:
        for operation, request in {
            "Write": ProduceRequest(None, -1, 5_000, [(name, [(0, b"")])]),
            "Read": FetchRequest(0, 0, 1_024, 0, [(name, [(0, 0, 1_024)])]),
            "Describe": OffsetRequest(-1, 0, [(name, [(0, -1)])]),
            "DescribeConfigs": DescribeConfigsRequest([(TOPIC, name, None)]),
            "AlterConfigs": AlterConfigsRequest([(TOPIC, name, [])], validate_only=True),
            "Create": CreateTopicsRequest([(name, 1, 1, [], [])], 5_000, True),
            "Delete": DeleteTopicsRequest([name], 5_000),
            "Delete records": DeleteRecordsRequest([(name, [(0, 0)])], 5_000),
        }.items():
            found[operation, "topic", name] = request
    for name in groups:
        nowhere = [(topics[0], [(999, 0, "")])]
        found |= {
            ("Read", "group", name): OffsetCommitRequest(name, -1, "", -1, nowhere),
            ("Describe", "group", name): OffsetFetchRequest(name, []),
            ("Delete", "group", name): DeleteGroupsRequest([name]),
        }
    return found


async def rights(broker: BrokerSettings, wanted: dict[Right, Any]) -> set[Right]:
    """Those of ``wanted`` that the broker does not refuse this login."""
    link = await _link(broker)
    try:
        found = set()
        for right, request in wanted.items():
            answer = await link.send(request)
            codes = set(_codes(answer.SCHEMA, answer))
            # A commit names a topic beside its group: the group's code is the one that counts.
            refused = codes & ({30} if right[1] == "group" else REFUSALS)
            if not refused:
                found.add(right)
        return found
    finally:
        await link.close()


async def throttled(broker: BrokerSettings, topic: str) -> int:
    """Longest delay, in ms, that a broker imposes on 8 MB at once, of which it keeps nothing."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1_000_000)
    builder.append(0, 0, b"KZ-75", bytes(900_000), [])
    nowhere = [(topic, [(999, bytes(builder.build()))])]
    link = await _link(broker)
    try:
        delays = []
        for _ in range(9):
            answer = await link.send(ProduceRequest(None, -1, 5_000, nowhere))
            delays.append(answer.throttle_time_ms)
        return int(max(delays))
    finally:
        await link.close()


async def _link(broker: BrokerSettings) -> Any:
    ((host, port),) = addresses(broker)
    return await create_conn(host, port, **security_options(broker))


def _codes(schema: Schema, answer: Any) -> Iterator[int]:
    """Every error code in an answer. The client's own way to look into one stumbles over null."""
    for at, (name, kind) in enumerate(zip(schema.names, schema.fields, strict=True)):
        value = answer[at] if isinstance(answer, tuple) else getattr(answer, name)
        if name == "error_code":
            yield value
        elif isinstance(kind, Array) and isinstance(kind.array_of, Schema):
            for each in value or ():
                yield from _codes(kind.array_of, each)
