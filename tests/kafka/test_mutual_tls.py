"""A broker that asks for a certificate: the name in it is the login."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.errors import UserError
from streams.log.clients import probe
from tests.authority import Authority
from tests.kafka.secured import Guarded, certified, guarded_broker
from tests.tools import tool
from tests.worker.process import Answer, send, until_caught_up
from tests.worker.sample import encoded, incident


@pytest.fixture(scope="module")
def certifying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A broker, ACLs and topics, and nobody gets in without a certificate."""
    with guarded_broker(tmp_path_factory.mktemp("certifying"), certified) as found:
        yield found


async def test_a_worker_with_a_certificate(certifying: Guarded, tmp_path: Path) -> None:
    """From the start over a rebuild, live events, a letter and a commit to the next start."""
    events = [encoded(incident(n, "KZ-75"), "observer") for n in range(20)]
    wrong = encoded(incident(99, "KZ-75", category="rumour"), "observer")
    gateway, archiver = certifying.of("observer-gateway"), certifying.of("archiver")
    await send(gateway, events[:10])
    with certifying.worker(tmp_path) as worker:
        await worker.until_ready()
        await send(gateway, [*events[10:], wrong])
        (live,) = await until_caught_up(archiver, [worker])
        await worker.until("/state", _all_committed)
        assert worker.get("/state").body["letters"]["written"] == 1
        assert worker.stop() == 0
    with certifying.worker(tmp_path) as worker:
        (again,) = await until_caught_up(archiver, [worker])
        assert again.body["statement_digest"] == live.body["statement_digest"]
        assert worker.get("/state").body["letters"] == {"waiting": 0, "written": 0}
        assert worker.stop() == 0


def _all_committed(answer: Answer) -> bool:
    partitions = answer.body["partitions"].values()
    return all(each["committed"] == each["positions"] for each in partitions)


def test_a_role_is_the_certificates(certifying: Guarded) -> None:
    """What it may not do is told with the certificate's name."""
    said = certifying.run("observer-gateway", "publish", "docs/examples/official-turnout.jsonl")
    assert said.status == 2
    assert "ACLs do not allow User:CN=observer-gateway the operation Write on" in said.err
    assert said.err.endswith("--principal 'User:observer-gateway'\n")


def test_kcat_gets_in_by_certificate(certifying: Guarded, tmp_path: Path) -> None:
    """Whichever librdkafka it is: not all of them can log in by SCRAM (docs/producers.md)."""
    broker = certified("archiver", certifying.authority)
    lines = {
        "security.protocol": "SSL",
        "ssl.ca.location": broker["ssl_cafile"],
        "ssl.certificate.location": broker["ssl_certfile"],
        "ssl.key.location": broker["ssl_keyfile"],
    }
    (tmp_path / "kcat").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    done = subprocess.run(
        [
            tool("kcat", "kcat"),
            "-F",
            str(tmp_path / "kcat"),
            "-L",
            "-b",
            certifying.kafka.bootstrap,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert 'topic "election.observer" with 2 partitions' in done.stdout


async def test_a_certificate_that_is_not_accepted_is_told(
    certifying: Guarded, tmp_path: Path
) -> None:
    """Expired, of another authority, none: each says what is wrong with which, and what to do."""
    expired = certifying.authority.issue("late", days=-1)
    foreign = Authority(tmp_path, "another").issue("foreign")

    async def said(**changed: Path | None) -> str:
        with pytest.raises(UserError) as told:
            await probe(certifying.of("worker", **changed).broker)
        return str(told.value)

    late = await said(ssl_certfile=expired.certificate, ssl_keyfile=expired.key)
    assert "does not accept our certificate (certificate" in late
    assert "CN=late, signed by CN=authority, it ended on 2" in late
    other = await said(ssl_certfile=foreign.certificate, ssl_keyfile=foreign.key)
    assert "CN=foreign, signed by CN=another, valid until 2" in other
    assert "authority the brokers trust" in other
    none = await said(ssl_certfile=None, ssl_keyfile=None)
    assert "asks for a certificate" in none
    assert "set broker.ssl_certfile" in none
    worker = certifying.worker(tmp_path, ssl_certfile=expired.certificate, ssl_keyfile=expired.key)
    with worker:
        assert await asyncio.to_thread(worker.exit_status) == 2, worker.said
    assert "it ended on" in worker.said
    assert "Traceback" not in worker.said


async def test_a_login_where_none_is_taken_is_told(certifying: Guarded) -> None:
    """A password for a listener that goes by certificates."""
    settings = certifying.of(
        "worker", security_protocol="SASL_SSL", sasl_username="ann", sasl_password="secret"
    )
    with pytest.raises(UserError, match=r"offers no login by .* and broker.security_protocol"):
        await probe(settings.broker)
