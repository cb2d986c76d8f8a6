"""The manifests: valid, closed, and whole: what one refers to is there, or the page says so."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import kubernetes_validate
import pytest
import yaml

from streams.settings import Settings
from tests.data import ROOT
from tests.deploy.composed import resolved
from tests.deploy.manifests import FOLDER, RENDERED, Pod, documents, named, of_kind, pods, selects

README = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
WORKLOADS = {"topics", "worker", "prometheus", "alertmanager", "grafana"}
OBJECT_BYTES = 1_000_000
"""What Kubernetes stores of one object, rounded down from 1 MiB."""

both = pytest.mark.parametrize("which", RENDERED)


@both
def test_every_object_is_valid(which: str) -> None:
    """By the API's own schemas, strictly: a misspelt field is refused."""
    assert {pod.name for pod in pods(which)} == WORKLOADS
    for document in documents(which):
        kubernetes_validate.validate(document, "1.35", strict=True)


def test_the_schemas_refuse_a_misspelt_field() -> None:
    """The check above can fail."""
    service = {**named("base", "Service", "worker")}
    service["spec"] = {**service["spec"], "clusterIp": "None"}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(service, "1.35", strict=True)


@both
def test_every_container_can_do_little_harm(which: str) -> None:
    """What the restricted level of Kubernetes asks for, and a file system that stays as it is."""
    for pod in pods(which):
        security = pod.spec["securityContext"]
        assert security["runAsNonRoot"], pod.name
        assert security["runAsUser"] > 0
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod.spec["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.spec.keys()
        for container in pod.containers:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
    labels = named(which, "Namespace", "scrutineer")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@both
def test_every_container_has_bounds_and_is_asked_how_it_is(which: str) -> None:
    """Requests, limits and, but for the job, both probes on a port that the container names."""
    for pod in pods(which):
        for container in pod.containers:
            resources = container["resources"]
            assert resources["requests"].keys() == resources["limits"].keys() == {"cpu", "memory"}
            if pod.workload["kind"] != "Job":
                ports = {port["name"] for port in container["ports"]}
                for probe in ("livenessProbe", "readinessProbe"):
                    assert container[probe]["httpGet"]["port"] in ports
    paths = _probes(next(pod for pod in pods(which) if pod.name == "worker"))
    assert paths == {"livenessProbe": "/healthz", "readinessProbe": "/readyz"}


def _probes(pod: Pod) -> dict[str, str]:
    (container,) = pod.containers
    return {key: container[key]["httpGet"]["path"] for key in container if key.endswith("Probe")}


@both
def test_every_selector_selects_what_it_is_for(which: str) -> None:
    """A service, a disruption budget and a workload each have exactly one workload's pods."""
    running = list(pods(which))
    for each in documents(which):
        spec = each.get("spec", {})
        if each["kind"] == "Service":
            selector = {"matchLabels": spec["selector"]}
        elif each["kind"] in ("PodDisruptionBudget", "StatefulSet"):
            selector = spec["selector"]
        else:
            continue
        found = [pod for pod in running if selects(selector, pod.labels)]
        assert [pod.name for pod in found] == [each["metadata"]["name"]]
        for port in spec.get("ports", ()):
            names = [p["name"] for c in found[0].containers for p in c["ports"]]
            assert port["targetPort"] in names
    for pod in running:
        if pod.workload["kind"] == "StatefulSet":
            assert named(which, "Service", pod.workload["spec"]["serviceName"])


@both
def test_who_may_talk_to_whom(which: str) -> None:
    """Nothing is open by itself; each peer that a policy names is somebody, at a port they have."""
    policies = of_kind(which, "NetworkPolicy")
    closed = next(each for each in policies if each["metadata"]["name"] == "nothing-else")
    assert closed["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    running = list(pods(which))
    for policy in policies:
        spec = policy["spec"]
        assert any(selects(spec["podSelector"], pod.labels) for pod in running)
        rules = [*spec.get("ingress", ()), *spec.get("egress", ())]
        for peer in (
            peer for rule in rules for peer in (*rule.get("from", ()), *rule.get("to", ()))
        ):
            if "podSelector" in peer:
                assert any(selects(peer["podSelector"], pod.labels) for pod in running)
    incoming = {
        policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for policy in policies
        if policy["spec"].get("ingress")
    }
    outside = {"grafana"} if which != "base" else set()
    assert incoming == {"worker", "prometheus", "alertmanager"} | outside


@both
def test_what_a_pod_mounts_is_made_here_or_told_on_the_page(which: str) -> None:
    """Config maps are generated from the files of deploy/; secrets are the operator's to make."""
    maps = {each["metadata"]["name"] for each in of_kind(which, "ConfigMap")}
    used, secrets = set(), set()
    for pod in pods(which):
        volumes = {volume["name"]: volume for volume in pod.spec.get("volumes", ())}
        claims = pod.workload["spec"].get("volumeClaimTemplates", ())
        volumes |= {claim["metadata"]["name"]: claim for claim in claims}
        mounted = {mount["name"] for c in pod.containers for mount in c["volumeMounts"]}
        assert mounted == volumes.keys(), pod.name
        used |= {v["configMap"]["name"] for v in volumes.values() if "configMap" in v}
        secrets |= {v["secret"]["secretName"] for v in volumes.values() if "secret" in v}
    assert used == maps
    secrets |= {tls["secretName"] for i in of_kind(which, "Ingress") for tls in i["spec"]["tls"]}
    assert not of_kind(which, "Secret")
    for name in secrets:
        assert re.search(rf"create secret \w+ {name}\b", README), name


def test_the_page_makes_every_key_that_is_read() -> None:
    """The secrets of Alertmanager and Grafana come from the folder that Compose reads too."""
    for name, given in (("alertmanager", "alertmanager"), ("grafana", "grafana")):
        keys = [
            each if isinstance(each, str) else each["source"]
            for each in resolved()["services"][given]["secrets"]
        ]
        command = README.partition(f"create secret generic {name} ")[2].partition("\n$ ")[0]
        for key in keys:
            assert f"--from-file=deploy/secrets/{key}" in command, key


@both
def test_the_settings_load_and_prometheus_knows_every_worker(which: str) -> None:
    """As many targets as replicas, by the names that a StatefulSet gives them."""
    settings = Settings(
        **tomllib.loads(named(which, "ConfigMap", "scrutineer")["data"]["scrutineer.toml"])
    )
    assert settings.broker.security_protocol == "SASL_SSL"
    data = named(which, "ConfigMap", "prometheus-targets")["data"]
    replicas = named(which, "StatefulSet", "worker")["spec"]["replicas"]
    (workers,) = yaml.safe_load(data["workers.yml"])
    assert workers["targets"] == [
        f"worker-{number}.worker:{settings.worker.port}" for number in range(replicas)
    ]
    assert replicas <= settings.topics.partitions
    (port,) = named(which, "Service", "worker")["spec"]["ports"]
    assert port["port"] == settings.worker.port
    (alertmanagers,) = yaml.safe_load(data["alertmanagers.yml"])
    assert alertmanagers["targets"] == ["alertmanager:9093"]


@both
def test_config_maps_hold_the_files_and_fit(which: str) -> None:
    """The same bytes as outside Kubernetes, below what it stores of one object."""
    for name, folder in (
        ("prometheus", "prometheus"),
        ("alertmanager", "alertmanager"),
        ("grafana", "grafana"),
    ):
        for key, text in named(which, "ConfigMap", name)["data"].items():
            assert text == (ROOT / "deploy" / folder / key).read_text(encoding="utf-8")
    for each in of_kind(which, "ConfigMap"):
        assert sum(len(text.encode()) for text in each.get("data", {}).values()) < OBJECT_BYTES


@pytest.mark.parametrize(
    ("folder", "pattern", "name"),
    [
        ("deploy/prometheus", "rules/*.yml", "prometheus-rules"),
        ("deploy/alertmanager", "*.tmpl", "alertmanager"),
        ("dashboards", "json/*.json", "grafana-dashboards"),
    ],
)
def test_no_file_is_forgotten(folder: str, pattern: str, name: str) -> None:
    """Kustomize takes no patterns, so a new file is a new line of its folder's kustomization."""
    there = {str(path.relative_to(ROOT / folder)) for path in (ROOT / folder).glob(pattern)}
    kustomization = yaml.safe_load((ROOT / folder / "kustomization.yaml").read_text("utf-8"))
    files: list[str] = next(
        each["files"] for each in kustomization["configMapGenerator"] if each["name"] == name
    )
    wanted = sorted({*there, *(file for file in files if file == "alertmanager.yml")})
    assert files == wanted, f"{folder}/kustomization.yaml, {name}: files: {wanted}"


@both
def test_images_are_those_of_compose(which: str) -> None:
    """One version of each program, wherever it runs; our own may come from elsewhere."""
    composed = {each["image"] for each in resolved()["services"].values()}
    images = {
        c["image"].removeprefix("images.example.org/") for p in pods(which) for c in p.containers
    }
    assert images == {image for image in composed if "kafka" not in image}


def test_every_folder_is_rendered() -> None:
    """The base and every overlay are what is tested here."""
    found: list[Any] = [path.parent for path in FOLDER.rglob("kustomization.yaml")]
    assert {str(path.relative_to(FOLDER)) for path in found} == set(RENDERED)
