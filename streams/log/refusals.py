"""What the brokers' ACLs refuse, told so that it is clear who lacks which role."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest
from cryptography.x509.oid import NameOID

from streams.errors import UserError
from streams.log.clients import admin, passes
from streams.log.roles import PRODUCERS, Kind, Operation, least, who_may
from streams.log.tls import own_certificate
from streams.settings import BrokerSettings, Settings

REFUSED: Final = (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
)
"""Errors that waiting does not mend."""


class RefusedError(UserError):
    """The brokers let this login not do it."""


def principal(broker: BrokerSettings) -> str:
    """Who we are to the brokers, as in an ACL, unless they map names in a way of their own."""
    if broker.security_protocol.startswith("SASL"):
        return f"User:{broker.sasl_username}"
    if broker.security_protocol == "SSL" and broker.ssl_certfile is not None:
        found = own_certificate(broker)
        if found is None:
            return f"the certificate in {broker.ssl_certfile}"
        return f"User:{found.subject.rfc4514_string()}"
    return "User:ANONYMOUS"


def _mapped(broker: BrokerSettings) -> str:
    """What brokers that take a certificate's common name for the user's call us, as a remark."""
    found = own_certificate(broker) if broker.security_protocol == "SSL" else None
    names = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME) if found else []
    if not names:
        return ""
    user = f"User:{names[0].value!s}"
    return f"; where the brokers map names as in docs/security.md, --principal {user!r}"


def refusal(
    settings: Settings, operation: Operation, names: Iterable[str], kind: Kind = "topic"
) -> RefusedError:
    """That we may not do it, which roles may, and how one is granted."""
    names = sorted(names)
    mine = principal(settings.broker)
    able = who_may(settings, operation, kind, names)
    text = (
        f"the brokers' ACLs do not allow {mine} the operation {operation} on {kind} "
        f"{', '.join(names)}"
    )
    if not able:
        return RefusedError(f"{text}, and no role has it (scrutineer acls)")
    # Who is told to grant a role grants it: none that writes, where one that looks will do.
    role = least(settings, able)
    return RefusedError(
        f"{text}. Roles that have it: {', '.join(able)}. Log in as one of them, or grant it, if "
        f"that is meant: scrutineer acls --role {role} --principal {mine!r} prints how"
        f"{_mapped(settings.broker)}"
    )


def worker_refused(settings: Settings, error: KafkaError) -> RefusedError:
    """What a worker is told whose consumer the brokers refuse."""
    if isinstance(error, GroupAuthorizationFailedError):
        return refusal(settings, "Read", [settings.worker.group], "group")
    if isinstance(error, TopicAuthorizationFailedError):
        return refusal(settings, "Read", settings.topics.inputs)
    return RefusedError(f"the brokers' ACLs do not allow {principal(settings.broker)}: {error}")


def writes_nothing(settings: Settings) -> RefusedError:
    """What a producer is told that may write no topic: brokers refuse it before it names one."""
    return RefusedError(
        f"the brokers' ACLs do not allow {principal(settings.broker)} the operation Write on any "
        f"topic. Roles that send events: {', '.join(PRODUCERS)} (scrutineer acls --role ROLE)"
    )


def refused_reading(who: str, topics: Iterable[str]) -> RefusedError:
    """What a reader is told that knows no more of the settings than its login."""
    return RefusedError(
        f"the brokers' ACLs do not allow {who} the operation Read on topic "
        f"{', '.join(sorted(topics))}. `scrutineer acls` lists the roles that have it, and prints "
        "how they are granted"
    )


async def kept_from(settings: Settings, operation: Operation, name: str) -> RefusedError | None:
    """The refusal, where the brokers do not list a topic because we may not see it."""
    async with admin(settings.broker) as client:
        if await hidden(client, settings.broker, name):
            return refusal(settings, operation, [name])
    return None


def is_refusal(error: BaseException | None) -> bool:
    """Whether it is the brokers' ACLs that are in the way."""
    return isinstance(error, REFUSED)


async def hidden(client: AIOKafkaAdminClient, broker: BrokerSettings, name: str) -> bool:
    """Whether a topic that the brokers do not list is one that we may not see.

    Whoever may not see a topic is not told either whether there is one.
    """
    if broker.security_protocol == "PLAINTEXT":
        return False  # asking for one by name creates it on some brokers, the embedded one
    try:
        # The public method would let the topic be created. aiokafka is pinned.
        answer = await client._send_request(MetadataRequest([name], False))
    except KafkaError as error:
        if passes(error):
            raise  # not that there is none: nobody has said
        return False
    codes = [topic["error_code"] for topic in answer.to_object()["topics"]]
    return any(for_code(code) is TopicAuthorizationFailedError for code in codes)
