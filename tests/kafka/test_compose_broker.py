"""The broker of deploy/compose.yaml, run here as its image would run it."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.deploy.composed import settings_of
from tests.kafka.harness import Broker, KafkaCluster


class ComposedBroker(KafkaCluster):
    """A broker whose properties are the Compose file's variables, but for ports and folder.

    The image writes KAFKA_NODE_ID as node.id, and so on; KAFKA_HEAP_OPTS is for Java.
    """

    def _server(self, broker: Broker) -> dict[str, str]:
        broker.internal = broker.client  # it has one listener for all
        properties = {
            name.removeprefix("KAFKA_").replace("_", ".").lower(): value
            for name, value in settings_of("kafka").items()
            if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS"
        }
        ports = {"9092": broker.client, "9093": broker.controller}
        for name in ("listeners", "advertised.listeners", "controller.quorum.voters"):
            for port, here in ports.items():
                properties[name] = properties[name].replace(f"kafka:{port}", f":{port}")
                properties[name] = properties[name].replace(f":{port}", f"127.0.0.1:{here}")
        return {**properties, "log.dirs": str(broker.folder / "data")}


def topics(bootstrap: str, command: str) -> str:
    """`scrutineer topics` with the Compose file's settings; what it printed."""
    kept = {name: value for name, value in os.environ.items() if "SCRUTINEER" not in name}
    settings = settings_of("topics") | {"SCRUTINEER_BROKER__BOOTSTRAP": bootstrap}
    run = subprocess.run(
        [sys.executable, "-m", "streams", "topics", command],
        env={**kept, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_the_topics_are_made_and_as_they_should_be() -> None:
    """One broker suffices for its own topics and for ours, and the job can be run again."""
    with ComposedBroker(1) as kafka:
        topics(kafka.bootstrap, "create")
        assert "as they should be" in topics(kafka.bootstrap, "check")
        topics(kafka.bootstrap, "create")
