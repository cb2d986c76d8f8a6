"""Which role is named to whom the brokers refuse something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streams.log.refusals import refusal
from streams.log.roles import Kind, Operation
from streams.settings import BrokerSettings, Settings
from tests.authority import Authority

GATEWAY = Settings(
    broker=BrokerSettings(
        security_protocol="SASL_PLAINTEXT", sasl_username="ngo-a", sasl_password="x"
    )
)


@pytest.mark.parametrize(
    ("operation", "kind", "name", "role"),
    [
        ("Describe", "topic", "election.official", "monitoring"),
        ("Describe", "topic", "election.snapshot", "monitoring"),
        ("Read", "topic", "election.official", "archiver"),
        ("Read", "topic", "election.dead-letter", "desk"),
        ("Write", "topic", "election.official", "official-importer"),
        ("Read", "group", "scrutineer", "worker"),
        ("Create", "topic", "election.desk", "topic-admin"),
    ],
)
def test_no_more_is_offered_than_is_needed(
    operation: Operation, kind: Kind, name: str, role: str
) -> None:
    """An observers' gateway that looks at a topic is not told to become who writes the figures."""
    text = str(refusal(GATEWAY, operation, [name], kind))
    assert re.findall(r"scrutineer acls --role (\S+) --principal 'User:ngo-a'", text) == [role]
    assert "map names" not in text


def test_a_certificates_name_is_told_as_brokers_map_it(tmp_path: Path) -> None:
    """An ACL for the whole subject allows nothing where the common name alone is the user."""
    issued = Authority(tmp_path).issue("ngo-a")
    broker = BrokerSettings(
        security_protocol="SSL", ssl_certfile=issued.certificate, ssl_keyfile=issued.key
    )
    text = str(refusal(Settings(broker=broker), "Write", ["election.observer"]))
    assert "--principal 'User:CN=ngo-a' prints how; where the brokers map names" in text
    assert text.endswith("--principal 'User:ngo-a'")
