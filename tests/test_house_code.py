"""Rules of the house that no linter knows: what is pure stays pure, nothing is made at import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.data import ROOT
from tests.sources_of import imported, modules

PURE = ("schemas", "streams/tables", "streams/turnout")
IMPURE_MODULES = {
    "asyncio",
    "glob",
    "http",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "select",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
    "uuid",
}
IMPURE_IO = {"io.open", "io.FileIO", "io.open_code"}
IMPURE_NAMES = {"importlib.resources"}
IMPURE_CALLS = {"open", "input", "print", "breakpoint", "exec", "eval", "__import__"}
CLOCK_METHODS = {"now", "utcnow", "today"}

MAX_LINES = 400
MAX_FUNCTION_LINES = 50


def impurities(tree: ast.AST) -> Iterator[str]:
    """What in ``tree`` touches files, network, clock, chance or the console."""
    for line, name in imported(tree):
        if (
            name.split(".")[0] in IMPURE_MODULES
            or name in IMPURE_NAMES
            or (name.startswith("io.") and name != "io.StringIO")
        ):
            yield f"{line}: imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in IMPURE_IO:
            yield f"{node.lineno}: uses io.{node.attr}"
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            yield f"{node.lineno}: calls {node.func.id}()"
        if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_METHODS:
            owner = ast.unparse(node.func.value)
            if owner.split(".")[-1] in {"datetime", "date"}:
                yield f"{node.lineno}: reads the clock, {owner}.{node.func.attr}()"


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "from pathlib import Path",
        "def f():\n    import time",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.date.today()",
        "open('x')",
        "import io\nio.open('x')",
        "import logging.handlers",
    ],
)
def test_an_impurity_is_seen(source: str) -> None:
    """The check finds every kind of impurity that it is there for."""
    assert list(impurities(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "import io\nio.StringIO('a')",
        "from io import StringIO",
        "from zoneinfo import ZoneInfo",
        "now = 3\nf(now)",
        "class A:\n    def now(self): return self.clock.now()",
    ],
)
def test_purity_is_let_pass(source: str) -> None:
    """The check lets pass what only looks like a file or a clock."""
    assert not list(impurities(ast.parse(source)))


def test_the_core_is_pure() -> None:
    """No input, output, clock, chance or logging in contracts, tables and estimators."""
    found = [f"{path}:{what}" for path, tree in modules(*PURE) for what in impurities(tree)]
    assert not found, "\n".join(found)


def test_contracts_need_only_pydantic_and_msgspec() -> None:
    """`schemas` can be used by a producer that has nothing else installed, which is no service."""
    own = {"pydantic", "pydantic_core", "annotated_types", "msgspec", "schemas"}
    known = sys.stdlib_module_names | own
    found = [
        f"{path}:{line}: {name}"
        for path, tree in modules("schemas")
        for line, name in imported(tree)
        if name.split(".")[0] not in known
    ]
    assert not found, "\n".join(found)


def test_modules_and_functions_are_small() -> None:
    """A module has at most 400 lines, a function at most 50: one concept a file."""
    found = []
    for path, tree in modules("schemas", "streams", "audit", "docs", "benchmarks", "dashboards"):
        lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
        if lines > MAX_LINES:
            found.append(f"{path}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    found.append(f"{path}:{node.lineno}: {node.name} has {length} lines")
    assert not found, "\n".join(found)


def test_importing_makes_nothing() -> None:
    """Importing every module starts no thread, opens no socket and registers no metric."""
    names = sorted(
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path, _ in modules("schemas", "streams")
        if not path.endswith("__main__.py")
    )
    script = f"""
import importlib, socket, threading, sys
def refuse(*a, **k): raise AssertionError("a socket at import")
names = {names!r}
import asyncio, faust, prometheus_client  # what others make at import is not ours
families = len(list(prometheus_client.REGISTRY.collect()))
threads = threading.active_count()
socket.socket.connect = socket.socket.bind = refuse
for name in names:
    importlib.import_module(name)
assert threading.active_count() == threads, threading.enumerate()
assert len(list(prometheus_client.REGISTRY.collect())) == families
import faust.app
made = [m for m in names for v in vars(sys.modules[m]).values() if isinstance(v, faust.App)]
assert not made, made
"""
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
