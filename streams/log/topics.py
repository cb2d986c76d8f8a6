"""Creating the topics, and comparing those there are with what they should be."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    InvalidReplicationFactorError,
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from streams.errors import UserError
from streams.log.clients import admin, passes
from streams.log.layout import Rule, TopicLayout, layouts
from streams.log.refusals import hidden, refusal
from streams.settings import Settings

UNSEEN: Final = "access"
"""``Problem.what`` of a topic that the brokers' ACLs keep from us, if there is one."""

_DYNAMIC_TOPIC: Final = 1
_VISIBLE_SECONDS: Final = 30.0
_HEARD_SECONDS: Final = 5.0


class Problem(NamedTuple):
    """One thing that is not as it should be (``untold``: the broker does not say how it is)."""

    topic: str
    what: str
    found: str
    expected: str
    advice: str
    kind: Literal["wrong", "untold"] = "wrong"


class Creation(NamedTuple):
    """What ``create_topics`` did: topics created, settings altered (topic, name), what is left."""

    created: list[str]
    altered: list[tuple[str, str]]
    problems: list[Problem]


class Topic(NamedTuple):
    """A topic as it is. ``configs``: what the broker tells; ``own``: set on the topic itself."""

    partitions: int
    replication: int
    leaderless: int
    configs: Mapping[str, str]
    own: Mapping[str, str]


async def check_topics(settings: Settings) -> list[Problem]:
    """Everything about the topics that is not as it should be. UserError: no broker."""
    async with admin(settings.broker) as client:
        found = await describe(client, settings)
        wanted = [layout.name for layout in layouts(settings.topics) if layout.name not in found]
        unseen = [name for name in wanted if await hidden(client, settings.broker, name)]
        return list(_problems(settings, found, unseen))


async def create_topics(
    settings: Settings, alter: bool = False, stamped: str = "LogAppendTime"
) -> Creation:
    """Create what is missing, report what differs; with ``alter`` set topic settings right.

    No input is created beside others that have another number of partitions than the settings.
    ``stamped``: how the inputs that are created get their timestamps; by the broker, but where a
    past log is written again. UserError: no broker, or the broker refuses.
    """
    async with admin(settings.broker) as client:
        found = await describe(client, settings)
        counts = list(_count_problems(settings, found))
        missing = [
            layout.stamped(stamped) if layout.partitions_matter else layout
            for layout in layouts(settings.topics)
            if layout.name not in found and not (counts and layout.partitions_matter)
        ]
        await _create(client, settings, missing)
        altered = await _alter(client, settings, found) if alter else []
        if missing or altered:
            await _until_visible(client, missing)
            found = await _settled(client, settings, {topic for topic, _ in altered})
        problems = list(_problems(settings, found))
        return Creation([layout.name for layout in missing], altered, problems)


async def describe(client: AIOKafkaAdminClient, settings: Settings) -> dict[str, Topic]:
    """Those of our topics that exist."""
    wanted = {layout.name for layout in layouts(settings.topics)}
    # All topics are asked for: asking for one by name creates it on some brokers.
    found = [topic for topic in await client.describe_topics() if topic["topic"] in wanted]
    configs = await _configs(client, [topic["topic"] for topic in found])
    return {topic["topic"]: _topic(topic, configs.get(topic["topic"], [])) for topic in found}


def _topic(topic: Mapping[str, Any], entries: list[dict[str, Any]]) -> Topic:
    partitions = topic["partitions"]
    told = {entry["config_names"]: entry for entry in entries}
    return Topic(
        partitions=len(partitions),
        replication=min((len(each["replicas"]) for each in partitions), default=0),
        leaderless=sum(each["leader"] < 0 for each in partitions),
        configs={name: entry["config_value"] or "" for name, entry in told.items()},
        own={
            name: entry["config_value"]
            for name, entry in told.items()
            if entry.get("config_source") == _DYNAMIC_TOPIC
        },
    )


async def _configs(
    client: AIOKafkaAdminClient, names: list[str]
) -> dict[str, list[dict[str, Any]]]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    try:
        answers = await client.describe_configs(resources)
    except IncompatibleBrokerVersion:
        return {}
    return {
        resource["resource_name"]: resource["config_entries"]
        for answer in answers
        for resource in answer.to_object()["resources"]
        if resource["error_code"] == 0
    }


def _problems(
    settings: Settings, found: Mapping[str, Topic], unseen: Collection[str] = ()
) -> Iterator[Problem]:
    for layout in layouts(settings.topics):
        topic = found.get(layout.name)
        if layout.name in unseen:
            advice = str(refusal(settings, "Describe", [layout.name]))
            yield Problem(layout.name, UNSEEN, "hidden from this login", "to be seen", advice)
        elif topic is None:
            yield Problem(layout.name, "topic", "missing", "there", "scrutineer topics create")
        if topic is None:
            continue
        if topic.leaderless:
            yield Problem(
                layout.name,
                "leaders",
                f"{topic.leaderless} of {topic.partitions} partitions have none",
                "one each",
                "start the brokers that hold them",
            )
        if topic.replication < layout.replication:
            yield Problem(
                layout.name,
                "replication",
                str(topic.replication),
                f"at least {layout.replication}",
                "kafka-reassign-partitions.sh, or set topics.replication if that is meant",
            )
        yield from _config_problems(layout, topic)
    yield from _count_problems(settings, found)


def _config_problems(layout: TopicLayout, topic: Topic) -> Iterator[Problem]:
    for rule in layout.rules:
        if rule.name not in topic.configs:
            yield Problem(
                layout.name, rule.name, "broker does not tell", rule.wanted, rule.why, "untold"
            )
        elif not rule.holds(topic.configs[rule.name]):
            first = "" if _may_alter(rule, layout, topic) else "once the replication is right: "
            advice = f"{first}scrutineer topics create --alter ({rule.why})"
            found = topic.configs[rule.name]
            yield Problem(layout.name, rule.name, found, rule.wanted, advice)


def _count_problems(settings: Settings, found: Mapping[str, Topic]) -> Iterator[Problem]:
    counts = {name: found[name].partitions for name in settings.topics.inputs if name in found}
    wanted = settings.topics.partitions
    others = ", ".join(f"{name} has {count}" for name, count in counts.items())
    agreed = set(counts.values())
    for name, count in counts.items():
        if count == wanted:
            continue
        if len(agreed) == 1:
            advice = (
                f"set topics.partitions = {count}, the number the events were spread by; "
                "or begin an election with new topics (topics.prefix)"
            )
        else:
            advice = (
                "the three inputs must have the same number of partitions, or a region's events "
                f"part ways ({others}). Never add partitions to a topic with events: create the "
                "three anew (topics.prefix) and publish again"
            )
        yield Problem(name, "partitions", str(count), str(wanted), advice)


async def _create(
    client: AIOKafkaAdminClient, settings: Settings, missing: list[TopicLayout]
) -> None:
    if not missing:
        return
    new = [
        NewTopic(each.name, each.partitions, each.replication, topic_configs=each.configs)
        for each in missing
    ]
    try:
        answer = await client.create_topics(new)
    except KafkaError as error:
        if passes(error):
            raise
        raise UserError(f"the topics cannot be created: {error}") from None
    for problem in answer.to_object()["topic_errors"]:
        reason = for_code(problem["error_code"])
        if problem["error_code"] == 0 or reason is TopicAlreadyExistsError:
            continue
        if reason.retriable:
            raise reason(problem.get("error_message") or reason.description)
        hint = {
            InvalidReplicationFactorError: ". topics.replication asks for more brokers than run",
            TopicAuthorizationFailedError: f". {refusal(settings, 'Create', [problem['topic']])}",
        }.get(reason, "")
        message = (problem.get("error_message") or reason.__name__).rstrip(".")
        raise UserError(f"topic {problem['topic']} cannot be created: {message}{hint}")


async def _alter(
    client: AIOKafkaAdminClient, settings: Settings, found: Mapping[str, Topic]
) -> list[tuple[str, str]]:
    altered, resources = [], []
    for layout in layouts(settings.topics):
        topic = found.get(layout.name)
        if topic is None:
            continue
        wrong = [
            rule
            for rule in layout.rules
            if not _known_good(rule, topic) and _may_alter(rule, layout, topic)
        ]
        if not wrong:
            continue
        # The request replaces everything set on the topic: what is there goes along.
        configs = {**topic.own, **{rule.name: rule.value for rule in wrong}}
        resources.append(ConfigResource(ConfigResourceType.TOPIC, layout.name, configs))
        altered += [(layout.name, rule.name) for rule in wrong]
    if resources:
        try:
            answers = await client.alter_configs(resources)
        except KafkaError as error:
            if passes(error):
                raise
            raise UserError(f"this broker alters no topic settings: {error}") from None
        for answer in answers:
            for item in answer.to_object()["resources"]:
                if item["error_code"] != 0:
                    reason = item["error_message"] or for_code(item["error_code"]).__name__
                    raise UserError(f"topic {item['resource_name']} cannot be altered: {reason}")
    return altered


def _known_good(rule: Rule, topic: Topic) -> bool:
    """Whether there is nothing to alter: it is right, or the broker does not know it."""
    return rule.name not in topic.configs or rule.holds(topic.configs[rule.name])


def _may_alter(rule: Rule, layout: TopicLayout, topic: Topic) -> bool:
    """More in-sync replicas than there are replicas would stop every producer."""
    return rule.name != "min.insync.replicas" or topic.replication >= layout.replication


async def _settled(
    client: AIOKafkaAdminClient, settings: Settings, altered: set[str]
) -> dict[str, Topic]:
    """The topics, once the broker that answers has heard of what was altered (or will not)."""
    deadline = asyncio.get_running_loop().time() + _HEARD_SECONDS
    while True:
        found = await describe(client, settings)
        late = asyncio.get_running_loop().time() > deadline
        if late or all(
            _known_good(rule, found[layout.name])
            or not _may_alter(rule, layout, found[layout.name])
            for layout in layouts(settings.topics)
            if layout.name in altered
            for rule in layout.rules
        ):
            return found
        await asyncio.sleep(0.1)


async def _until_visible(client: AIOKafkaAdminClient, created: list[TopicLayout]) -> None:
    """Wait until all brokers list what was created, each partition with a leader."""
    names = {layout.name for layout in created}
    deadline = asyncio.get_running_loop().time() + _VISIBLE_SECONDS
    while not names <= await _listed_everywhere(client):
        if asyncio.get_running_loop().time() > deadline:
            raise UserError(f"the broker created {', '.join(sorted(names))} but does not list them")
        await asyncio.sleep(0.1)


async def _listed_everywhere(client: AIOKafkaAdminClient) -> set[str]:
    """Topics that every broker lists with all their leaders: brokers learn one after the other."""
    cluster = await client.describe_cluster()
    listed: list[set[str]] = []
    for broker in cluster["brokers"]:
        try:
            # The public method asks any broker. aiokafka is pinned, and a test holds this.
            answer = await client._send_request(MetadataRequest(None), broker["node_id"])
        except KafkaError:
            return set()
        listed.append(
            {
                topic["topic"]
                for topic in answer.to_object()["topics"]
                if topic["partitions"] and all(each["leader"] >= 0 for each in topic["partitions"])
            }
        )
    return set.intersection(*listed) if listed else set()
