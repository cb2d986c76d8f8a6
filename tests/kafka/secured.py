"""Brokers that let nobody in without a login or a certificate, and nobody do what no ACL allows."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from streams import cli
from streams.log.roles import NAMES
from streams.log.topics import create_topics
from streams.settings import BrokerSettings, Settings
from tests.authority import Authority
from tests.kafka.harness import JVM, KafkaCluster, shared_classes
from tests.kafka.jars import class_path
from tests.kafka.rights import grant
from tests.worker.process import WorkerProcess

LISTENER = "listener.name.client"
SCRAM = "SCRAM-SHA-512"
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
STRANGER = "stranger"
"""A user with a password and no role."""

USERS = (*NAMES, STRANGER)
WayIn = Callable[..., dict[str, Any]]
"""``login`` or ``certified``: user and authority to broker settings, with changes by name."""

AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    # The brokers' own plain listeners, which no client of these tests but the tool below uses.
    "super.users": "User:ANONYMOUS",
}


def password(user: str) -> str:
    """Of a user: nothing else in any output looks like it."""
    return f"sentinel-{user}-0123456789abcdef"


def over_scram(folder: Path) -> tuple[KafkaCluster, Authority]:
    """A broker that requires TLS and a SCRAM login; a user for each role."""
    authority = Authority(folder)
    properties = {
        **AUTHORIZER,
        f"{LISTENER}.sasl.enabled.mechanisms": SCRAM,
        f"{LISTENER}.scram-sha-512.sasl.jaas.config": LOGIN,
        f"{LISTENER}.ssl.keystore.type": "PEM",
        f"{LISTENER}.ssl.keystore.location": str(authority.issue("broker").store()),
    }
    users = [f"{SCRAM}=[name={user},password={password(user)}]" for user in USERS]
    return KafkaCluster(1, properties, protocol="SASL_SSL", scram=users), authority


def over_certificates(folder: Path) -> tuple[KafkaCluster, Authority]:
    """A broker that requires a certificate of the authority; its common name is the user."""
    authority = Authority(folder)
    properties = {
        **AUTHORIZER,
        f"{LISTENER}.ssl.keystore.type": "PEM",
        f"{LISTENER}.ssl.keystore.location": str(authority.issue("broker").store()),
        f"{LISTENER}.ssl.truststore.type": "PEM",
        f"{LISTENER}.ssl.truststore.location": str(authority.certificate),
        f"{LISTENER}.ssl.client.auth": "required",
        f"{LISTENER}.ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/",
    }
    return KafkaCluster(1, properties, protocol="SSL"), authority


def login(user: str, authority: Authority, **changed: Any) -> dict[str, Any]:
    """Broker settings of a SCRAM user."""
    return {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": SCRAM,
        "sasl_username": user,
        "sasl_password": password(user),
        "ssl_cafile": authority.certificate,
        **changed,
    }


def certified(user: str, authority: Authority, **changed: Any) -> dict[str, Any]:
    """Broker settings of a user with a certificate."""
    issued = authority.issue(user)
    return {
        "security_protocol": "SSL",
        "ssl_cafile": authority.certificate,
        "ssl_certfile": issued.certificate,
        "ssl_keyfile": issued.key,
        **changed,
    }


def variables(broker: dict[str, Any]) -> dict[str, str]:
    """The same for the environment, without the prefix SCRUTINEER_."""
    return {f"BROKER__{name.upper()}": str(value) for name, value in broker.items()}


class KafkaTools:
    """Kafka's own command line, by the names of its scripts, on the plain listener of a broker."""

    def __init__(self, kafka: KafkaCluster, folder: Path) -> None:
        self.bootstrap = f"127.0.0.1:{kafka.brokers[0].internal}"
        self._path = folder
        path = class_path()
        java = ["java", *JVM, *shared_classes(path), "-cp", path]
        for script, name in (
            ("kafka-acls.sh", "org.apache.kafka.tools.AclCommand"),
            ("kafka-configs.sh", "kafka.admin.ConfigCommand"),
        ):
            file = folder / script
            words = " ".join(f"'{word}'" for word in (*java, name))
            file.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
            file.chmod(0o755)
        (folder / "admin.properties").write_text("", encoding="utf-8")

    def run(self, lines: str) -> str:
        """Run lines of a shell; returns what they print. AssertionError: one of them failed."""
        done = subprocess.run(
            ["sh", "-e"],
            cwd=self._path,
            env={**os.environ, "PATH": f"{self._path}{os.pathsep}{os.environ['PATH']}"},
            input=lines,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


class Said(NamedTuple):
    """A command's exit status, and what it printed."""

    status: int
    out: str
    err: str


class Guarded(NamedTuple):
    """A broker, who signs its certificate, the topics' settings, and how users get in."""

    kafka: KafkaCluster
    authority: Authority
    settings: Settings
    tools: KafkaTools
    folder: Path
    way_in: WayIn

    def of(self, user: str, **broker: Any) -> Settings:
        """The settings with a user's login."""
        chosen = self.way_in(user, self.authority, bootstrap=self.kafka.bootstrap, **broker)
        return self.settings.model_copy(update={"broker": BrokerSettings(**chosen)})

    def run(self, user: str, *arguments: str) -> Said:
        """A command of a user, run in this process: for it to be quick, and to fail on warnings."""
        config = self.config(user)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = cli.run(["--config", str(config), *arguments])
        return Said(status, out.getvalue(), err.getvalue())

    def config(self, user: str) -> Path:
        """A settings file with a user's login."""
        topics, path = self.settings.topics, self.folder / f"{user}.toml"
        broker = self.way_in(user, self.authority, bootstrap=self.kafka.bootstrap)
        chosen = "".join(f'{name} = "{value}"\n' for name, value in broker.items())
        path.write_text(
            f'[topics]\nprefix = "{topics.prefix}"\npartitions = {topics.partitions}\n'
            f"replication = {topics.replication}\n[broker]\n{chosen}",
            encoding="utf-8",
        )
        return path

    def acls(self, *arguments: str) -> str:
        """What `scrutineer acls` prints for an administrator on the broker's own listener."""
        path = self.folder / "administrator.toml"
        path.write_text(
            f'topics.prefix = "{self.settings.topics.prefix}"\n'
            f'broker.bootstrap = "{self.tools.bootstrap}"\n',
            encoding="utf-8",
        )
        out = io.StringIO()
        with redirect_stdout(out):
            assert cli.run(["--config", str(path), "acls", *arguments]) == 0
        return out.getvalue()

    def worker(self, folder: Path, **broker: Any) -> WorkerProcess:
        """A worker with its login, not started."""
        chosen = variables(self.way_in("worker", self.authority, **broker))
        return WorkerProcess(self.settings, folder, **chosen)


@contextmanager
def guarded_broker(folder: Path, way_in: WayIn = login) -> Iterator[Guarded]:
    """Every role granted to the user of its name, and the topics made by who may."""
    cluster, authority = (over_scram if way_in is login else over_certificates)(folder)
    with cluster as kafka:
        tools = KafkaTools(kafka, folder)
        found = Guarded(kafka, authority, kafka.settings("election", 2), tools, folder, way_in)
        printed = json.loads(found.acls("--format", "json"))
        asyncio.run(grant(BrokerSettings(bootstrap=tools.bootstrap), printed))
        asyncio.run(create_topics(found.of("topic-admin")))
        yield found
