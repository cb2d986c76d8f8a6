"""The Compose file: valid, closed to the outside, and in step with the files it mounts."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from streams.settings import load
from tests.data import ROOT
from tests.deploy.composed import FILE, resolved, settings_of
from tests.test_house_files import project

DEPLOY = ROOT / "deploy"
SERVICES = (
    *("kafka", "topics", "worker-1", "worker-2"),
    *("prometheus", "alertmanager", "grafana"),
)
WRITES_ITS_CONFIGURATION = "kafka"


def service(name: str) -> dict[str, Any]:
    """One service, resolved."""
    found: dict[str, Any] = resolved()["services"][name]
    return found


def port_of(target: str) -> int:
    """The port of ``host:port``."""
    return int(target.rpartition(":")[2])


def targets(name: str) -> list[str]:
    """What Prometheus finds in the targets file ``name`` that Compose mounts."""
    text = (DEPLOY / "compose" / "targets" / f"{name}.yml").read_text(encoding="utf-8")
    return [target for group in yaml.safe_load(text) for target in group["targets"]]


def test_compose_accepts_the_file_and_all_services_are_looked_at() -> None:
    """The tests below are about every service there is."""
    assert resolved()["services"].keys() == set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_little_harm(name: str) -> None:
    """No root, no capabilities, no new privileges, a root file system that stays as it is."""
    it = service(name)
    assert it["cap_drop"] == ["ALL"]
    assert it["security_opt"] == ["no-new-privileges:true"]
    assert it.get("read_only", False) != (name == WRITES_ITS_CONFIGURATION)
    assert not it.get("privileged")
    # Our own image has its user from the Containerfile.
    user = "10001" if it["image"].startswith("scrutineer:") else it["user"]
    assert user.partition(":")[0] not in ("", "0", "root")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_bounds(name: str) -> None:
    """Of processor, memory, processes and log; it is looked after while it runs."""
    it = service(name)
    limits = it["deploy"]["resources"]["limits"]
    assert float(limits["cpus"]) > 0
    assert limits["memory"]
    assert int(it["pids_limit"]) > 0
    assert {"max-size", "max-file"} <= it["logging"]["options"].keys()
    if name == "topics":
        assert it["restart"] == "on-failure"
    else:
        assert it["restart"] == "unless-stopped"
        assert it["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_one_version(name: str) -> None:
    """A full version, no registry, and our own image is this version's."""
    image, _, tag = service(name)["image"].partition(":")
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag), tag
    assert re.fullmatch(r"[a-z]+(/[a-z]+)?", image), image
    if image == "scrutineer":
        assert tag == project()["project"]["version"]


def test_only_grafana_and_alertmanager_are_reached_from_outside() -> None:
    """On the loopback address; all others are in networks that lead nowhere."""
    text = FILE.read_text(encoding="utf-8")
    published = re.findall(r"ports: \[\"([^\"]+)\"\]", text)
    assert sorted(published) == ["127.0.0.1:3000:3000", "127.0.0.1:9093:9093"]
    networks = resolved()["networks"]
    for name in SERVICES:
        inside = all(networks[network].get("internal") for network in service(name)["networks"])
        assert inside == (name not in ("grafana", "alertmanager")), name
        assert bool(service(name).get("ports")) == (not inside)


def test_kafka_and_grafana_do_not_meet() -> None:
    """Whoever gets into Grafana is not at the log."""
    assert not set(service("grafana")["networks"]) & set(service("kafka")["networks"])


def test_secrets_are_the_files_that_the_configurations_name() -> None:
    """A service is given every file in /run/secrets that its configuration reads, and no other."""
    wanted = {
        "alertmanager": (DEPLOY / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8"),
        "grafana": (DEPLOY / "grafana" / "grafana.ini").read_text(encoding="utf-8"),
    }
    for name, text in wanted.items():
        given = {each["source"] for each in map(_long, service(name)["secrets"])}
        assert given == set(re.findall(r"/run/secrets/(\w+)", text)), name
    files = {str(each["file"]) for each in resolved()["secrets"].values()}
    assert {file.rpartition("/secrets/")[0] for file in files} == {str(DEPLOY)}
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()


def _long(secret: Any) -> dict[str, Any]:
    return secret if isinstance(secret, dict) else {"source": secret}


def test_the_workers_settings_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both workers and the job that makes the topics have the same, on the one broker."""
    environment = settings_of("worker-1")
    assert environment == settings_of("worker-2") == settings_of("topics")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load().settings
    advertised = settings_of("kafka")["KAFKA_ADVERTISED_LISTENERS"]
    assert f"PLAINTEXT://{settings.broker.bootstrap}" == advertised
    assert settings.topics.replication == 1
    assert settings.worker.host == "0.0.0.0"
    assert {port_of(target) for target in targets("workers")} == {settings.worker.port}


def test_prometheus_knows_every_worker_and_alertmanager() -> None:
    """By the names of the services: one that is gone is missed."""
    workers = {target.partition(":")[0] for target in targets("workers")}
    assert workers == {name for name in SERVICES if name.startswith("worker-")}
    assert targets("alertmanagers") == ["alertmanager:9093"]


def test_prometheus_may_be_away_for_a_while() -> None:
    """Alertmanager takes alerts for over four resend delays after they were last sent."""
    (delay,) = re.findall(
        r"--rules\.alert\.resend-delay=(\d+)m", str(service("prometheus")["command"])
    )
    assert 4 * int(delay) >= 20
    option = f"--rules.alert.resend-delay={delay}m"
    for also in ("README.md", "kubernetes/base/prometheus.yaml"):
        assert option in (DEPLOY / also).read_text(encoding="utf-8"), also


def test_what_is_mounted_is_there() -> None:
    """Files of the project are mounted from where they are, and only to be read."""
    may_be_missing = (DEPLOY / "packs", ROOT / "dashboards" / "json")
    for name in SERVICES:
        for volume in service(name).get("volumes", ()):
            source, target, mode = _mount(volume)
            if source in resolved()["volumes"]:
                continue
            assert mode == "ro", (name, target)
            assert source.startswith(str(ROOT))
            if source not in map(str, may_be_missing):
                assert (ROOT / source).is_dir(), source


def _mount(volume: Any) -> tuple[str, str, str]:
    if isinstance(volume, dict):
        return volume["source"], volume["target"], "ro" if volume.get("read_only") else "rw"
    source, target, *mode = volume.split(":")
    return source, target, mode[0] if mode else "rw"
