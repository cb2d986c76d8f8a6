"""Three brokers, each on a host and a disk of its own in the sandbox."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from streams import processes
from streams.log.clients import admin
from streams.settings import Settings
from tests.chaos.sandbox import DATA, Host, mount_disk
from tests.kafka.harness import Broker, KafkaCluster, known_brokers

JVM: Final = (
    *("-Xms96m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    # Its file has the process's number in its name, which is another sandbox's broker's too.
    "-XX:-UsePerfData",
)
CLIENT, INTERNAL, CONTROLLER, DIRECT = 9092, 9093, 9094, 9095
PROXIED: Final = 19_091
"""Port on our bridge, of the first broker, that workers know it by: see ``proxy.py``."""
AMONG: Final = 19_191
"""The same, that other brokers know it by."""
_FIRST: Final = 11


class Brokers(KafkaCluster):
    """``with Brokers(hosts, megabytes) as kafka:`` runs them, at most so much on each disk.

    ``kafka.bootstrap`` is where workers find them, by way of the proxy; ``kafka.direct`` is
    without it.
    """

    def __init__(self, megabytes: int, count: int = 3) -> None:
        super().__init__(count, {"offsets.topic.num.partitions": "3"}, jvm=JVM)
        self.hosts = [Host(f"b{number + 1}", _FIRST + number) for number in range(count)]
        for broker in self.brokers:
            mount_disk(self.disk(broker.number), megabytes)

    def disk(self, number: int) -> Path:
        """Where the disk of a broker is mounted."""
        return self._folder / f"disk-{number}"

    @property
    def bootstrap(self) -> str:
        """The proxy's addresses."""
        return ",".join(f"{DATA}.1:{PROXIED + broker.number}" for broker in self.brokers)

    @property
    def direct(self) -> str:
        """The brokers' own addresses."""
        return ",".join(f"{host.address}:{DIRECT}" for host in self.hosts)

    def ready(self) -> bool:
        """Whether every running broker lists exactly the running ones."""
        running = {broker.number + 1 for broker in self.brokers if broker.running}
        return all(
            known_brokers(INTERNAL, self.hosts[number - 1].address) == running for number in running
        )

    def controller(self) -> int | None:
        """The number of the broker that is the active controller, by the quorum's newest file."""
        found: dict[int, int] = {}
        for broker in self.brokers:
            file = self.disk(broker.number) / "data" / "__cluster_metadata-0" / "quorum-state"
            try:
                state = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            found[state["leaderEpoch"]] = state["leaderId"]
        leader = found[max(found)] if found else -1
        return leader - 1 if leader > 0 else None

    async def leader(self, settings: Settings, topic: str, partition: int) -> int | None:
        """The number of the broker that leads a partition."""
        async with admin(settings.broker) as client:
            for found in await client.describe_topics([topic]):
                for part in found["partitions"]:
                    if part["partition"] == partition and part["leader"] > 0:
                        return int(part["leader"]) - 1
        return None

    async def coordinator(self, settings: Settings) -> int | None:
        """The number of the broker that coordinates the workers' group."""
        async with admin(settings.broker) as client:
            found = int(await client.find_coordinator(settings.worker.group))
        return found - 1 if found > 0 else None

    def fill(self, number: int) -> None:
        """Write to a broker's disk until it is full."""
        with (self.disk(number) / "filler").open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    pass

    def clear(self, number: int) -> None:
        """Take away what filled a disk."""
        (self.disk(number) / "filler").unlink(missing_ok=True)

    def _launch(self, broker: Broker) -> None:
        assert not broker.running, f"broker {broker.number} runs already"
        java = [*self._java(), "kafka.Kafka", str(broker.folder / "server.properties")]
        with broker.log.open("ab") as output:
            program = self.hosts[broker.number].program(*java)
            broker.process = processes.start(program, os.environ, output)

    def _server(self, broker: Broker) -> dict[str, str]:
        host = self.hosts[broker.number].address
        ports = {"CLIENT": CLIENT, "INTERNAL": INTERNAL, "DIRECT": DIRECT, "CONTROLLER": CONTROLLER}
        advertised = {
            "CLIENT": f"{DATA}.1:{PROXIED + broker.number}",
            "INTERNAL": f"{DATA}.1:{AMONG + broker.number}",
            "DIRECT": f"{host}:{DIRECT}",
        }
        return super()._server(broker) | {
            "controller.quorum.voters": ",".join(
                f"{n + 1}@{each.address}:{CONTROLLER}" for n, each in enumerate(self.hosts)
            ),
            "listeners": ",".join(f"{name}://{host}:{port}" for name, port in ports.items()),
            "advertised.listeners": ",".join(f"{name}://{at}" for name, at in advertised.items()),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in ports),
            "log.dirs": str(self.disk(broker.number) / "data"),
            "unclean.leader.election.enable": "false",
            # Files that are made at their full size would fill the small disks.
            "log.index.size.max.bytes": "1048576",
            "log.segment.bytes": "67108864",
        }
