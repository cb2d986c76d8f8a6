"""Clients: options from the settings, the partitioner, and a broker that is away."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from schemas.routing import murmur2, partition_of
from streams.embedded import EmbeddedBroker, free_port
from streams.errors import UserError
from streams.log.clients import (
    MAX_REQUEST_BYTES,
    addresses,
    faust_brokers,
    faust_credentials,
    kafka_options,
    probe,
    producer,
    wait_for_broker,
)
from streams.log.tls import ssl_context
from streams.settings import BrokerSettings, Settings
from tests.authority import Authority
from tests.log.certificates import make_certificate


@given(region=st.text(min_size=1, max_size=40), partitions=st.integers(1, 1000))
def test_the_producer_and_the_tables_agree_on_the_partition(region: str, partitions: int) -> None:
    """Aiokafka's default partitioner sends a key where ``partition_of`` expects it."""
    region = region.encode("utf-8", "replace").decode()
    everywhere = list(range(partitions))
    sent = DefaultPartitioner()(region.encode(), everywhere, everywhere)
    assert sent == partition_of(region, partitions)


def test_they_agree_on_hashes_that_java_calls_negative() -> None:
    """The sign bit is masked off, as Kafka does, and not the number negated."""
    negative = [code for code in (f"KZ-{n}" for n in range(200)) if murmur2(code.encode()) >= 2**31]
    assert len(negative) > 50
    for code in negative:
        assert DefaultPartitioner()(code.encode(), range(12), range(12)) == partition_of(code, 12)


def test_plain_options() -> None:
    """Several brokers, no login, no TLS."""
    options = kafka_options(BrokerSettings(bootstrap="a:1,[::1]:2"))
    assert options == {
        "bootstrap_servers": ["a:1", "[::1]:2"],
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
    }
    broker = BrokerSettings(bootstrap="a:1,[::1]:2")
    assert list(addresses(broker)) == [("a", 1), ("::1", 2)]
    assert faust_brokers(broker) == ["kafka://a:1", "kafka://[::1]:2"]
    assert faust_credentials(broker) is None


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_login_options(protocol: Any, mechanism: Any) -> None:
    """Aiokafka's clients and Faust get the same login, and TLS only where it is asked for."""
    from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

    broker = BrokerSettings(
        security_protocol=protocol,
        sasl_mechanism=mechanism,
        sasl_username="ann",
        sasl_password="s3cret",
    )
    ours = kafka_options(broker)
    assert ours["sasl_plain_username"] == "ann"
    assert ours["sasl_plain_password"] == "s3cret"
    faust = dict(credentials_to_aiokafka_auth(faust_credentials(broker)))
    assert isinstance(ours.pop("ssl_context"), ssl.SSLContext) is (protocol == "SASL_SSL")
    assert isinstance(faust.pop("ssl_context"), ssl.SSLContext) is (protocol == "SASL_SSL")
    ours.pop("bootstrap_servers")
    assert ours == faust


def test_mutual_tls(tmp_path: Path) -> None:
    """Certificate and key are loaded; the broker's certificate and name are checked."""
    certificate, key = make_certificate(tmp_path, "client", password="k3y")
    broker = BrokerSettings(
        security_protocol="SSL",
        ssl_cafile=certificate,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_key_password="k3y",
    )
    context = ssl_context(broker)
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert faust_credentials(broker).context.verify_mode is ssl.CERT_REQUIRED
    lenient = ssl_context(broker.model_copy(update={"ssl_check_hostname": False}))
    assert lenient is not None
    assert lenient.verify_mode is ssl.CERT_REQUIRED
    assert not lenient.check_hostname


def test_tls_files_that_do_not_fit(tmp_path: Path) -> None:
    """Each trouble names the setting and the file; OpenSSL never asks for a password."""
    certificate, key = make_certificate(tmp_path, "client", password="k3y")
    broker = BrokerSettings(security_protocol="SSL")
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no certificate")

    def trouble(**settings: object) -> str:
        with pytest.raises(UserError) as caught:
            ssl_context(broker.model_copy(update=settings))
        return str(caught.value)

    assert (
        trouble(ssl_cafile=tmp_path / "none")
        == f"broker.ssl_cafile: there is no file {tmp_path}/none"
    )
    assert "broker.ssl_cafile: " in trouble(ssl_cafile=rubbish)
    assert "broker.ssl_certfile" in trouble(ssl_certfile=rubbish)
    assert "cannot be used" in trouble(ssl_certfile=certificate, ssl_keyfile=key)


@pytest.mark.parametrize(("days", "what"), [(-1, "has expired"), (5, "is not yet valid")])
async def test_a_brokers_certificate_out_of_time(tmp_path: Path, days: int, what: str) -> None:
    """The broker's to mend, or the clock's: no setting is named that would not help."""
    authority = Authority(tmp_path)
    issued = authority.issue("broker", days=days)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.certificate, issued.key)
    server = await asyncio.start_server(lambda _, out: out.close(), "127.0.0.1", ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        broker = BrokerSettings(
            bootstrap=f"127.0.0.1:{port}",
            security_protocol="SSL",
            ssl_cafile=authority.certificate,
        )
        with pytest.raises(UserError, match=rf"{what}\. By this machine's clock it is") as told:
            await probe(broker)
    assert "the broker needs another certificate" in str(told.value)
    assert "ssl_check_hostname" not in str(told.value)


async def test_a_producer_waits_for_all_replicas() -> None:
    """acks=all always; idempotent unless the broker cannot; callers may override the rest."""
    safe = producer(Settings())
    plain = producer(Settings(broker=BrokerSettings(idempotent=False)), linger_ms=5)
    for made in (safe, plain):
        assert made._sender._acks == -1
        assert made._max_request_size == MAX_REQUEST_BYTES
    assert safe._txn_manager is not None
    assert plain._txn_manager is None
    await safe.stop()
    await plain.stop()


async def test_waiting_for_a_broker_that_is_there_says_nothing() -> None:
    """No line, no delay when all is well."""
    said: list[str] = []
    async with EmbeddedBroker() as broker:
        settings = Settings(broker=BrokerSettings(bootstrap=broker.bootstrap))
        await wait_for_broker(settings, said.append)
    assert said == []


async def test_waiting_for_a_broker_that_comes_late(caplog: pytest.LogCaptureFixture) -> None:
    """One line while it is away, however often it is tried, and one when it is back."""
    port = free_port()
    settings = Settings(broker=BrokerSettings(bootstrap=f"127.0.0.1:{port}"))
    said: list[str] = []
    spoken = asyncio.Event()

    def say(line: str) -> None:
        said.append(line)
        spoken.set()

    waiting = asyncio.create_task(wait_for_broker(settings, say))
    await asyncio.wait_for(spoken.wait(), 30)
    assert said == [
        f"no broker answers (127.0.0.1:{port}: connection refused); "
        "waiting for one, there is nothing else to do"
    ]
    await asyncio.sleep(1)  # several more attempts
    assert len(said) == 1
    assert not waiting.done()
    async with EmbeddedBroker(port=port):
        await asyncio.wait_for(waiting, 30)
    assert len(said) == 2
    assert said[1].startswith("a broker answers after ")
    assert caplog.records == []


async def test_one_broker_of_several_is_enough() -> None:
    """The first may be away."""
    async with EmbeddedBroker() as broker:
        away = f"127.0.0.1:{free_port()}"
        assert await probe(BrokerSettings(bootstrap=f"{away},{broker.bootstrap}")) is None


async def test_a_port_that_is_no_broker_and_one_without_tls() -> None:
    """What hangs up counts as away; TLS where there is none is told at once."""
    with hangs_up() as port:
        said = await probe(BrokerSettings(bootstrap=f"127.0.0.1:{port}"))
        assert said is not None
        assert said.startswith(f"no broker answers (127.0.0.1:{port}: ")
    async with EmbeddedBroker() as broker:
        tls = BrokerSettings(bootstrap=broker.bootstrap, security_protocol="SSL")
        refused = probe(tls)
        try:
            said = await refused
        except UserError as error:
            said = str(error)
        assert said is not None
        assert broker.bootstrap in said


@contextmanager
def hangs_up() -> Iterator[int]:
    """A port where connections are accepted and closed at once."""
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    link, _ = server.accept()
                except OSError:
                    return
                link.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
