"""One to three Apache Kafka brokers (KRaft) for a test, which can be stopped, killed, restarted.

Everything is synchronous and belongs to the main thread: the brokers die with the thread that
started them, so do not start one through ``asyncio.to_thread``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from streams import processes
from streams.embedded import free_port
from streams.settings import BrokerSettings, Settings, TopicSettings
from tests.kafka.jars import HERE, cache, class_path

START_SECONDS = 60.0
STOP_SECONDS = 20.0
JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


@dataclass
class Broker:
    """One broker: its number (0 …), ports, files and, while it runs, its process."""

    number: int
    client: int
    internal: int
    controller: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> Path:
        """What the broker writes."""
        return self.folder / "broker.log"


class KafkaCluster:
    """``with KafkaCluster(3) as kafka:`` runs three brokers at ``kafka.bootstrap``.

    ``properties`` are extra server properties of every broker; ``protocol`` is that of the
    clients' listener, named CLIENT (brokers talk among themselves on a plain one); ``scram`` are
    arguments of the storage tool's --add-scram; ``jvm`` replaces the Java options; ``record`` is
    where to write an archive of the loaded classes (see ``shared_classes``).
    """

    def __init__(
        self,
        brokers: int = 1,
        properties: Mapping[str, str] | None = None,
        *,
        protocol: str = "PLAINTEXT",
        scram: Sequence[str] = (),
        jvm: Sequence[str] = JVM,
        record: Path | None = None,
    ) -> None:
        self._class_path = class_path()
        self._properties = dict(properties or {})
        self._protocol = protocol
        self._scram = scram
        self._jvm = [*jvm, *([] if record else shared_classes(self._class_path))]
        self._at_exit = [f"-XX:ArchiveClassesAtExit={record}"] if record else []
        self._folder = Path(tempfile.mkdtemp(prefix="scrutineer-kafka-"))
        self.brokers = [
            Broker(i, free_port(), free_port(), free_port(), self._folder / str(i))
            for i in range(brokers)
        ]

    @property
    def bootstrap(self) -> str:
        """The clients' addresses of all brokers, running or not."""
        return ",".join(f"127.0.0.1:{broker.client}" for broker in self.brokers)

    def settings(self, prefix: str | None = None, partitions: int = 3, **broker: Any) -> Settings:
        """Settings of this cluster with topics of their own (a new ``prefix`` with each call)."""
        return Settings(
            broker=BrokerSettings(bootstrap=self.bootstrap, **broker),
            topics=TopicSettings(
                prefix=prefix or f"t{uuid.uuid4().hex[:10]}",
                partitions=partitions,
                replication=min(3, len(self.brokers)),
            ),
        )

    def __enter__(self) -> Self:
        try:
            self._format()
            for broker in self.brokers:
                self._launch(broker)
            self.wait_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill all brokers and throw away their data."""
        for broker in self.brokers:
            self.kill_broker(broker.number)
        shutil.rmtree(self._folder, ignore_errors=True)

    def start_broker(self, number: int, *, wait: bool = True) -> None:
        """Start a stopped broker again, on the same ports and data."""
        self._launch(self.brokers[number])
        if wait:
            self.wait_ready()

    def stop_broker(self, number: int, seconds: float = STOP_SECONDS) -> None:
        """Stop a broker in good order (it hands its partitions over first)."""
        self._end(number, seconds)

    def kill_broker(self, number: int) -> None:
        """Kill -9."""
        if process := self.brokers[number].process:
            process.kill()
        self._end(number, STOP_SECONDS)

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Until every broker that runs knows of every other that runs, and of the controller."""
        deadline = time.monotonic() + seconds
        while not self.ready():
            for broker in self.brokers:
                if broker.process is not None and not broker.running:
                    raise RuntimeError(f"broker {broker.number} ended: {self._tail(broker)}")
            if time.monotonic() > deadline:
                tails = "\n".join(self._tail(broker) for broker in self.brokers)
                raise RuntimeError(f"Kafka was not ready within {seconds:.0f} s: {tails}")
            time.sleep(0.05)

    def ready(self) -> bool:
        """Whether every running broker lists exactly the running ones."""
        running = {broker.number + 1 for broker in self.brokers if broker.running}
        return all(
            known_brokers(broker.internal) == running for broker in self.brokers if broker.running
        )

    def _end(self, number: int, seconds: float) -> None:
        broker = self.brokers[number]
        if broker.process is not None:
            processes.stop(broker.process, seconds)
            broker.process = None

    def _launch(self, broker: Broker) -> None:
        assert not broker.running, f"broker {broker.number} runs already"
        with broker.log.open("ab") as output:
            broker.process = processes.start(
                [
                    *self._java(*self._at_exit),
                    *("kafka.Kafka", str(broker.folder / "server.properties")),
                ],
                {**os.environ},
                output,
            )

    def _java(self, *options: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
        return ["java", *self._jvm, *options, logging, "-cp", self._class_path]

    def _format(self) -> None:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        scram = [argument for user in self._scram for argument in ("--add-scram", user)]
        tools = []
        for broker in self.brokers:
            broker.folder.mkdir()
            properties = broker.folder / "server.properties"
            lines = (f"{key}={value}\n" for key, value in self._server(broker).items())
            properties.write_text("".join(lines), encoding="utf-8")
            # One word: an id may begin with a dash, and would be read as an option.
            tool = [*self._java(), "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}"]
            tools.append(
                subprocess.Popen(
                    [*tool, "-c", str(properties), *scram],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
        failed = [said for tool in tools if (said := tool.communicate()[0]) and tool.returncode]
        if failed:
            raise RuntimeError(f"the storage tool failed: {failed[0]}")

    def _server(self, broker: Broker) -> dict[str, str]:
        count = len(self.brokers)
        copies, in_sync = str(min(3, count)), "2" if count >= 3 else "1"
        host = "127.0.0.1"
        clients = f"CLIENT://{host}:{broker.client},INTERNAL://{host}:{broker.internal}"
        return {
            "node.id": str(broker.number + 1),
            "process.roles": "broker,controller",
            "controller.quorum.voters": ",".join(
                f"{other.number + 1}@{host}:{other.controller}" for other in self.brokers
            ),
            "listeners": f"{clients},CONTROLLER://{host}:{broker.controller}",
            "advertised.listeners": clients,
            "listener.security.protocol.map": f"CLIENT:{self._protocol},"
            "INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "INTERNAL",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(broker.folder / "data"),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "offsets.topic.num.partitions": "3",
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.num.partitions": "3",
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": in_sync,
            # A killed broker is noticed after 3 s instead of 9.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "log.cleaner.dedupe.buffer.size": "4194304",
            **self._properties,
        }

    def _tail(self, broker: Broker) -> str:
        text = broker.log.read_text(errors="replace") if broker.log.exists() else "no log"
        return f"[broker {broker.number}] …{text[-3000:]}"


def shared_classes(class_path: str) -> list[str]:
    """Java options that halve a broker's start: an archive of its classes, made once.

    Java ignores an archive that does not fit; a machine that cannot make one does without.
    """
    java = Path(shutil.which("java") or "java").resolve()
    name = hashlib.sha256(f"{java} {class_path}".encode()).hexdigest()[:12]
    with cache("classes") as base:
        archive = base / f"classes-{name}.jsa"
        if not archive.exists():
            part = base / f"classes-{name}.part"
            with KafkaCluster(1, record=part) as recorded:
                recorded.stop_broker(0, 120)
            # An empty file says: tried, to no avail.
            part.rename(archive) if part.exists() else archive.touch()
        usable = archive.stat().st_size > 0
    return [f"-XX:SharedArchiveFile={archive}", "-Xlog:cds=off"] if usable else []


def known_brokers(port: int, address: str = "127.0.0.1") -> set[int]:
    """The node ids that the broker at this plain port lists (Metadata version 1); empty: none."""
    request = struct.pack(">hhihi", 3, 1, 1, -1, 0)  # no topics
    try:
        with socket.create_connection((address, port), timeout=2) as link:
            link.sendall(struct.pack(">i", len(request)) + request)
            stream = link.makefile("rb")
            (size,) = struct.unpack(">i", stream.read(4))
            answer = stream.read(size)
    except (OSError, struct.error):
        return set()
    (count,) = struct.unpack_from(">i", answer, 4)
    at, nodes = 8, set()
    for _ in range(count):
        node, host = struct.unpack_from(">ih", answer, at)
        at += 6 + host + 4
        (rack,) = struct.unpack_from(">h", answer, at)
        at += 2 + max(rack, 0)
        nodes.add(node)
    return nodes
