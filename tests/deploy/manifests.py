"""The Kubernetes manifests, as kubectl renders them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest
import yaml

from tests.data import ROOT
from tests.tools import tool

FOLDER = ROOT / "deploy" / "kubernetes"
RENDERED = ("base", "overlays/example")


class Pod(NamedTuple):
    """A pod as a workload describes it."""

    workload: dict[str, Any]
    labels: dict[str, str]
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        """The workload's name."""
        return str(self.workload["metadata"]["name"])

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All of them, those that only prepare too."""
        return [*self.spec.get("initContainers", ()), *self.spec["containers"]]


@cache
def documents(which: str) -> list[dict[str, Any]]:
    """Every object of ``deploy/kubernetes/WHICH``."""
    kubectl = tool("kubectl", "kubernetes-client (of Debian 13 or newer)")
    run = subprocess.run(
        [kubectl, "kustomize", FOLDER / which], capture_output=True, text=True, check=False
    )
    if "must be a file" in run.stderr:
        pytest.fail(f"{kubectl} is older than 1.21, which reads no folders as resources")
    assert run.returncode == 0, run.stderr
    return list(yaml.safe_load_all(run.stdout))


def of_kind(which: str, *kinds: str) -> list[dict[str, Any]]:
    """The objects of these kinds."""
    return [each for each in documents(which) if each["kind"] in kinds]


def named(which: str, kind: str, name: str) -> dict[str, Any]:
    """The object of this name, whatever hash is behind it."""
    (found,) = [
        each
        for each in of_kind(which, kind)
        if re.sub(r"-[a-z0-9]{10}$", "", each["metadata"]["name"]) == name
    ]
    return found


def pods(which: str) -> Iterator[Pod]:
    """What every workload runs."""
    for each in documents(which):
        template = each.get("spec", {}).get("template")
        if template:
            yield Pod(each, template["metadata"]["labels"], template["spec"])


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a label selector selects ``labels``; only the operator In is used here."""
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        each["operator"] == "In" and labels.get(each["key"]) in each["values"]
        for each in selector.get("matchExpressions", ())
    )
