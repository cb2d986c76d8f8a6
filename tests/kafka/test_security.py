"""Logging in to Apache Kafka, and TLS in both directions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from streams.errors import UserError
from streams.log.clients import consumer, probe, producer
from streams.log.topics import check_topics, create_topics
from streams.settings import Settings
from tests.kafka.harness import KafkaCluster
from tests.log.certificates import make_certificate

SECURITY = "org.apache.kafka.common.security"
LISTENER = "listener.name.client"
SCRAM = {
    f"{LISTENER}.sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512",
    f"{LISTENER}.scram-sha-256.sasl.jaas.config": f"{SECURITY}.scram.ScramLoginModule required;",
    f"{LISTENER}.scram-sha-512.sasl.jaas.config": f"{SECURITY}.scram.ScramLoginModule required;",
}
PLAIN = {
    f"{LISTENER}.sasl.enabled.mechanisms": "PLAIN",
    f"{LISTENER}.plain.sasl.jaas.config": f"{SECURITY}.plain.PlainLoginModule required "
    'user_ann="plain-secret";',
}


async def there_and_back(settings: Settings) -> None:
    """Create topics, write an event, read it: all three kinds of client log in."""
    await create_topics(settings)
    assert await check_topics(settings) == []
    async with producer(settings) as sender:
        await sender.send_and_wait(settings.topics.observer, b"event", key=b"KZ-10")
    topic = settings.topics.observer
    async with consumer(settings.broker, topic, auto_offset_reset="earliest") as reader:
        record = await reader.getone()
    assert (record.key, record.value) == (b"KZ-10", b"event")


def changed(settings: Settings, **broker: Any) -> Settings:
    """The same with other broker settings."""
    return settings.model_copy(update={"broker": settings.broker.model_copy(update=broker)})


def connections_to(kafka: KafkaCluster) -> int:
    """Connections of this process to the brokers that are not closed."""
    ports = {int(address.rpartition(":")[2]) for address in kafka.bootstrap.split(",")}
    return sum(
        bool(link.raddr) and link.raddr.port in ports
        for link in psutil.Process().net_connections("tcp")
    )


async def test_sasl_plain(kafka_cluster: Callable[..., KafkaCluster], tmp_path: Path) -> None:
    """The password comes from a file; a wrong one is told at once, not waited for."""
    kafka = kafka_cluster(1, PLAIN, protocol="SASL_PLAINTEXT")
    password = tmp_path / "password"
    password.write_text("plain-secret\n", encoding="utf-8")
    settings = kafka.settings(
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_username="ann",
        sasl_password_file=password,
    )
    await there_and_back(settings)
    password.write_text("wrong\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"refuses the login of 'ann' by PLAIN"):
        await probe(settings.broker)
    with pytest.raises(UserError, match=r"offers no login by SCRAM-SHA-512"):
        await probe(changed(settings, sasl_mechanism="SCRAM-SHA-512").broker)


async def test_scram_over_mutual_tls(
    kafka_cluster: Callable[..., KafkaCluster], tmp_path: Path
) -> None:
    """SCRAM over TLS where the broker asks for a certificate; the broker's own is checked."""
    broker_certificate, broker_key = make_certificate(tmp_path, "broker")
    certificate, key = make_certificate(tmp_path, "client", password="k3y")
    store = tmp_path / "broker-store.pem"
    store.write_text(broker_key.read_text() + broker_certificate.read_text())
    kafka = kafka_cluster(
        1,
        {
            **SCRAM,
            f"{LISTENER}.ssl.keystore.type": "PEM",
            f"{LISTENER}.ssl.keystore.location": str(store),
            f"{LISTENER}.ssl.truststore.type": "PEM",
            f"{LISTENER}.ssl.truststore.location": str(certificate),
            f"{LISTENER}.ssl.client.auth": "required",
        },
        protocol="SASL_SSL",
        scram=[
            "SCRAM-SHA-256=[name=ann,password=scram-256]",
            "SCRAM-SHA-512=[name=bob,password=scram-512]",
        ],
    )
    settings = kafka.settings(
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="bob",
        sasl_password="scram-512",
        ssl_cafile=broker_certificate,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_key_password="k3y",
    )
    await there_and_back(settings)
    ann = {"sasl_username": "ann", "sasl_password": SecretStr("scram-256")}
    other = changed(settings, sasl_mechanism="SCRAM-SHA-256", **ann)
    assert await probe(other.broker) is None
    with pytest.raises(UserError, match=r"refuses the login of 'bob' by SCRAM-SHA-256"):
        await probe(changed(settings, sasl_mechanism="SCRAM-SHA-256").broker)
    assert connections_to(kafka) == 0, "a command that ends now would cut the goodbye off"
    with pytest.raises(UserError, match=r"certificate of the broker .* is not accepted"):
        await probe(changed(settings, ssl_cafile=None).broker)
    with pytest.raises(UserError, match=r"certificate of the broker .* is not accepted"):
        await probe(changed(settings, ssl_cafile=certificate).broker)
    without = changed(settings, ssl_certfile=None, ssl_keyfile=None)
    with pytest.raises(UserError, match=r"asks for a certificate .*: set broker.ssl_certfile"):
        await probe(without.broker)
