"""Clients of the brokers: their options from the settings, and waiting for a broker to answer."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from schemas.envelope import MAX_EVENT_BYTES
from streams.errors import UserError
from streams.log.tls import certificate_trouble, handshake_trouble, refused_by, ssl_context
from streams.settings import BrokerSettings, Settings

MAX_LETTER_BYTES: Final = MAX_EVENT_BYTES + 64 * 1024
"""Longest value of a dead letter: what is rejected for its size still fits, within reason."""

MAX_REQUEST_BYTES: Final = MAX_LETTER_BYTES + 8 * 1024
"""Largest record a producer sends: value, key, headers and Kafka's own overhead."""

ISOLATION: Final = "read_committed"
"""What a transaction aborted never was, for anybody: worker, archive and replay read alike."""

_PROBE_MS: Final = 5_000
_GOODBYE_SECONDS: Final = 1.0
_FIRST_DELAY: Final = 0.25
_LONGEST_DELAY: Final = 5.0


class AwayError(UserError):
    """No broker answers, or the one that did went away: who can wait asks again."""


def passes(error: BaseException) -> bool:
    """Whether waiting may mend it: a broker is away, starts, or another leads from now on."""
    if isinstance(error, TimeoutError | KafkaTimeoutError):
        return True
    # Of no kind of its own: what aiokafka says when no broker tells it of the others.
    return isinstance(error, KafkaError) and (error.retriable or type(error) is KafkaError)


@contextmanager
def asking(broker: BrokerSettings) -> Iterator[None]:
    """AwayError in the place of an error of Kafka's that passes."""
    try:
        yield
    except (KafkaError, TimeoutError) as error:
        if not passes(error):
            raise
        told = str(error) or type(error).__name__
        what = "went away" if isinstance(error, KafkaConnectionError) else "is not ready"
        raise AwayError(f"the broker at {broker.bootstrap} {what}: {told}") from None


def security_options(broker: BrokerSettings) -> dict[str, Any]:
    """What an aiokafka client needs to know about TLS and login."""
    options: dict[str, Any] = {
        "security_protocol": broker.security_protocol,
        "ssl_context": ssl_context(broker),
    }
    if broker.security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": broker.sasl_mechanism,
            "sasl_plain_username": broker.sasl_username,
            "sasl_plain_password": broker.secret("sasl_password"),
        }
    return options


def kafka_options(broker: BrokerSettings) -> dict[str, Any]:
    """Options that every aiokafka client shares: where the brokers are, TLS and login."""
    return {"bootstrap_servers": broker.bootstrap.split(","), **security_options(broker)}


def producer(settings: Settings, **options: Any) -> AIOKafkaProducer:
    """A producer whose ``send`` is done only when all in-sync replicas have the record.

    Keys are partitioned by aiokafka's default, Kafka's murmur2: pass the region's code as bytes.
    ``options`` override. Make it inside the event loop, start it, stop it.
    """
    defaults = {
        "acks": "all",
        "enable_idempotence": settings.broker.idempotent,
        "max_request_size": MAX_REQUEST_BYTES,
    }
    return AIOKafkaProducer(**{**kafka_options(settings.broker), **defaults, **options})


def consumer(broker: BrokerSettings, *topics: str, **options: Any) -> AIOKafkaConsumer:
    """A plain consumer: of no group, committing nothing, failing when a position is gone."""
    defaults = {
        "group_id": None,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "isolation_level": ISOLATION,
    }
    return AIOKafkaConsumer(*topics, **{**kafka_options(broker), **defaults, **options})


def stable_end(consumer: AIOKafkaConsumer, tp: TopicPartition) -> int | None:
    """The end of what may be read of ``tp``, of the last answer; None before the first.

    Up to the first transaction still under way; a broker that knows none tells the log's end.
    """
    end: int | None = consumer.last_stable_offset(tp)
    if end is None or end < 0:
        end = consumer.highwater(tp)
    return end


class _Admin(AIOKafkaAdminClient):  # type: ignore[misc]
    """One that asks another broker where one is away. aiokafka is pinned."""

    async def _send_request(self, request: Any, node_id: int | None = None) -> Any:
        # Overridden: the stock one asks any broker, be it the one that is away just now.
        nodes = [node_id]
        if node_id is None:
            nodes = [each.nodeId for each in self._client.cluster.brokers()]
            random.shuffle(nodes)
        failed: KafkaError = NodeNotReadyError("no broker is known yet")
        for node in nodes:
            try:
                return await self._client.send(node, request)
            except KafkaError as error:
                if not passes(error):
                    raise
                failed = error
        raise failed

    async def _send_to_controller(self, request: Any) -> Any:
        # Overridden: the stock one takes for granted that there is one.
        if self._client.cluster.controller is None:
            await self._client.force_metadata_update()
        if self._client.cluster.controller is None:
            raise NodeNotReadyError("no controller is known yet")
        return await super()._send_to_controller(request)


@asynccontextmanager
async def admin(broker: BrokerSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An administrator's client, started. AwayError: no broker answers, or not to the end."""
    if reason := await probe(broker):
        raise AwayError(f"{reason}. Is broker.bootstrap = {broker.bootstrap} right?")
    client = _Admin(**kafka_options(broker))
    try:
        with asking(broker):
            await client.start()
            yield client
    finally:
        await client.close()


def faust_brokers(broker: BrokerSettings) -> list[str]:
    """The brokers as Faust wants them."""
    return [f"kafka://{address}" for address in broker.bootstrap.split(",")]


def faust_credentials(broker: BrokerSettings) -> Any:
    """TLS and login as Faust's ``broker_credentials`` wants them; None: neither."""
    from faust.auth import SASLCredentials, SSLCredentials

    context = ssl_context(broker)
    if broker.security_protocol.startswith("SASL"):
        return SASLCredentials(
            username=broker.sasl_username,
            password=broker.secret("sasl_password"),
            ssl_context=context,
            mechanism=broker.sasl_mechanism,
        )
    return SSLCredentials(context) if context else None


async def probe(broker: BrokerSettings) -> str | None:
    """None when a broker lets us in, else why none can be reached now.

    UserError: one answered, and waiting will not help (login, certificate, no TLS there).
    """
    reasons = []
    options = security_options(broker)
    for host, port in addresses(broker):
        address = f"{host}:{port}"
        try:
            await _knock(host, port, options)
        except ssl.SSLError as error:
            raise UserError(handshake_trouble(address, error)) from None
        except (UnsupportedSaslMechanismError, IllegalSaslStateError) as error:
            asked = isinstance(error, UnsupportedSaslMechanismError)
            raise UserError(
                f"the broker at {address} offers no login by {broker.sasl_mechanism}. See "
                f"broker.sasl_mechanism{'' if asked else ' and broker.security_protocol'}"
            ) from None
        except (AuthenticationFailedError, SaslAuthenticationFailed) as error:
            raise UserError(
                f"the broker at {address} refuses the login of {broker.sasl_username!r} by "
                f"{broker.sasl_mechanism}: {error}. See broker.sasl_mechanism, sasl_username, "
                "sasl_password"
            ) from None
        except (OSError, KafkaError, TimeoutError) as error:
            context = options["ssl_context"]
            closed = isinstance(error, KafkaConnectionError)
            if closed and context and (alert := await refused_by(host, port, context)):
                raise UserError(certificate_trouble(broker, address, alert)) from None
            reasons.append(f"{address}: {_brief(error)}{_hint(broker, error)}")
        else:
            return None
    return f"no broker answers ({'; '.join(reasons)})"


async def _knock(host: str, port: int, options: Mapping[str, Any]) -> None:
    """Connect, and ask for something: a listener that wants a login talks of its versions first."""
    link = AIOKafkaConnection(host, port, request_timeout_ms=_PROBE_MS, **options)
    try:
        await link.connect()
    except KafkaError:
        await _goodbye(link)  # a login refused: closed already, and not waited for
        raise
    try:
        await link.send(MetadataRequest([]))
    finally:
        await _goodbye(link)


async def _goodbye(link: AIOKafkaConnection) -> None:
    """TLS says goodbye: what ends right after this must not cut that off."""
    await asyncio.wait([link.close()], timeout=_GOODBYE_SECONDS)


async def wait_for_broker(settings: Settings, say: Callable[[str], None]) -> None:
    """Return when a broker lets us in, trying on for ever.

    ``say`` gets one line when none answers at first, and one when one does in the end.
    UserError as ``probe``.
    """
    clock = asyncio.get_running_loop().time
    began, delay = clock(), _FIRST_DELAY
    reason = await probe(settings.broker)
    if reason is None:
        return
    say(f"{reason}; waiting for one, there is nothing else to do")
    while reason is not None:
        await asyncio.sleep(delay)
        delay = min(delay * 2, _LONGEST_DELAY)
        reason = await probe(settings.broker)
    say(f"a broker answers after {clock() - began:.0f} s; going on")


def addresses(broker: BrokerSettings) -> Iterator[tuple[str, int]]:
    """Host and port of each bootstrap broker."""
    for address in broker.bootstrap.split(","):
        host, _, port = address.rpartition(":")
        yield host.strip("[]"), int(port)


def _hint(broker: BrokerSettings, error: BaseException) -> str:
    """What a connection that the broker closes at once often means."""
    if not isinstance(error, KafkaConnectionError):
        return ""
    if broker.security_protocol == "PLAINTEXT":
        return " (does it want TLS or a login? see broker.security_protocol)"
    if not broker.security_protocol.startswith("SASL"):
        return " (does it ask for a login? see broker.security_protocol)"
    return ""


def _brief(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return f"no answer within {_PROBE_MS // 1000} s"
    return str(error) or type(error).__name__
