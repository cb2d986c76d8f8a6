"""Clients of the brokers: their options from the settings, and waiting for a broker to answer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from schemas.envelope import MAX_EVENT_BYTES
from streams.errors import UserError
from streams.settings import BrokerSettings, Settings

MAX_LETTER_BYTES: Final = MAX_EVENT_BYTES + 64 * 1024
"""Longest value of a dead letter: what is rejected for its size still fits, within reason."""

MAX_REQUEST_BYTES: Final = MAX_LETTER_BYTES + 8 * 1024
"""Largest record a producer sends: value, key, headers and Kafka's own overhead."""

ISOLATION: Final = "read_committed"
"""What a transaction aborted never was, for anybody: worker, archive and replay read alike."""

_PROBE_MS: Final = 5_000
_FIRST_DELAY: Final = 0.25
_LONGEST_DELAY: Final = 5.0


def ssl_context(broker: BrokerSettings) -> ssl.SSLContext | None:
    """The TLS context, None without TLS. UserError: a file is missing or does not fit."""
    if "SSL" not in broker.security_protocol:
        return None
    cafile = _existing(broker.ssl_cafile, "ssl_cafile")
    certfile = _existing(broker.ssl_certfile, "ssl_certfile")
    keyfile = _existing(broker.ssl_keyfile, "ssl_keyfile")
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=cafile)
    except (ssl.SSLError, OSError) as error:
        raise UserError(
            f"broker.ssl_cafile: {cafile} is not a PEM file of certificates: {error}"
        ) from None
    context.check_hostname = broker.ssl_check_hostname
    if certfile:
        password = broker.secret("ssl_key_password") or ""
        try:
            # A function, so that OpenSSL never asks at the terminal for what is not set.
            context.load_cert_chain(certfile, keyfile, password=lambda: password)
        except (ssl.SSLError, OSError) as error:
            raise UserError(
                f"broker.ssl_certfile, ssl_keyfile, ssl_key_password: {certfile} and "
                f"{keyfile or 'the key in it'} cannot be used: {error}"
            ) from None
    return context


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


@asynccontextmanager
async def admin(broker: BrokerSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An administrator's client, started. UserError: no broker answers."""
    if reason := await probe(broker):
        raise UserError(f"{reason}. Is broker.bootstrap = {broker.bootstrap} right?")
    client = AIOKafkaAdminClient(**kafka_options(broker))
    try:
        await client.start()
        yield client
    except KafkaConnectionError as error:
        raise UserError(f"the broker at {broker.bootstrap} went away: {error}") from None
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
        try:
            link = await create_conn(host, port, request_timeout_ms=_PROBE_MS, **options)
        except ssl.SSLError as error:
            raise UserError(_tls_trouble(f"{host}:{port}", error)) from None
        except UnsupportedSaslMechanismError:
            raise UserError(
                f"the broker at {host}:{port} offers no login by {broker.sasl_mechanism}. "
                "See broker.sasl_mechanism"
            ) from None
        except (AuthenticationFailedError, SaslAuthenticationFailed) as error:
            raise UserError(
                f"the broker at {host}:{port} refuses the login of {broker.sasl_username!r} by "
                f"{broker.sasl_mechanism}: {error}. See broker.sasl_mechanism, sasl_username, "
                "sasl_password"
            ) from None
        except (OSError, KafkaError, TimeoutError) as error:
            reasons.append(f"{host}:{port}: {_brief(error)}{_hint(broker, error)}")
        else:
            link.close()
            return None
    return f"no broker answers ({'; '.join(reasons)})"


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


def _existing(path: Path | None, name: str) -> str | None:
    if path is not None and not path.is_file():
        raise UserError(f"broker.{name}: there is no file {path}")
    return str(path) if path else None


def _tls_trouble(address: str, error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of the broker at {address} is not accepted: {error.verify_message}. "
            "See broker.ssl_cafile and broker.ssl_check_hostname"
        )
    return (
        f"no TLS with the broker at {address}: {error.reason or error}. "
        "See broker.security_protocol, ssl_certfile"
    )


def _hint(broker: BrokerSettings, error: BaseException) -> str:
    """In TLS 1.3 a missing client certificate shows only as a closed connection."""
    closed = isinstance(error, KafkaConnectionError)
    if closed and "SSL" in broker.security_protocol and not broker.ssl_certfile:
        return " (does it ask for a certificate? see broker.ssl_certfile)"
    return ""


def _brief(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return f"no answer within {_PROBE_MS // 1000} s"
    return str(error) or type(error).__name__
