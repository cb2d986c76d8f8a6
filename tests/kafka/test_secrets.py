"""No secret leaves the program: not in a log, an answer, a metric, an error or a command line."""

from __future__ import annotations

import asyncio
import io
import urllib.error
import urllib.request
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import psutil
import pytest

from streams import cli
from streams.settings import PREFIX, fields
from tests.kafka.secured import Guarded, login, password
from tests.worker.process import WorkerProcess, send
from tests.worker.sample import encoded, incident

SENTINEL = "sentinel-"
SECRETS = [name for name, field in fields() if "SecretStr" in str(field.annotation)]
PAGES = ("/", "/healthz", "/readyz", "/metrics", "/state", "/tables", "/digest")
ABSENT = ("/settings", "/table", "/stats", "/graph", "/router")
"""Pages that would show settings, and those that Faust serves of itself."""


def secret(name: str) -> str:
    """What a secret setting is here; the login's own password lets the worker in."""
    if name == "broker.sasl_password":
        return password("worker")
    return f"{SENTINEL}{name.replace('.', '-')}-0123456789abcdef"


def variables(guarded: Guarded) -> dict[str, str]:
    """Every secret setting, and what needs them, for the environment of a worker."""
    issued = guarded.authority.issue("secretive", password=secret("broker.ssl_key_password"))
    extra = {
        "BROKER__SSL_CERTFILE": str(issued.certificate),
        "BROKER__SSL_KEYFILE": str(issued.key),
        "GRAFANA__URL": "http://127.0.0.1:9",
        "LOG__LEVEL": "DEBUG",
    }
    return {name.replace(".", "__").upper(): secret(name) for name in SECRETS} | extra


def worker(guarded: Guarded, folder: Path, **env: str) -> WorkerProcess:
    """One that has all of them."""
    chosen = {
        f"BROKER__{name.upper()}": str(value)
        for name, value in login("worker", guarded.authority).items()
    }
    return WorkerProcess(guarded.settings, folder, **{**chosen, **variables(guarded), **env})


def get(port: int, path: str) -> str:
    """A page's head and body, with the token."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    request.add_header("Authorization", f"Bearer {secret('worker.token')}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return f"{answer.status} {answer.headers} {answer.read().decode()}"
    except urllib.error.HTTPError as error:
        with error:
            return f"{error.code} {error.headers} {error.read().decode()}"


def command_line(running: WorkerProcess) -> str:
    """As everybody on the machine sees it."""
    assert running._process is not None
    line = " ".join(psutil.Process(running._process.pid).cmdline())
    assert line.endswith("worker")
    return line


async def test_a_worker_tells_no_secret(guarded: Guarded, tmp_path: Path) -> None:
    """Live, at the level DEBUG, over TLS, with an event to reject: nothing, anywhere."""
    await send(
        guarded.of("observer-gateway"), [encoded(incident(7, "KZ-10", rumour=1), "observer")]
    )
    with worker(guarded, tmp_path) as running:
        await running.until_ready()
        shown = [await asyncio.to_thread(get, running.port, path) for path in PAGES + ABSENT]
        statuses = ["200"] * len(PAGES) + ["404"] * len(ABSENT)
        assert [page[:3] for page in shown] == statuses
        shown.append(command_line(running))
        assert running.stop() == 0
    assert '"logger": "aiokafka' in running.said, "the libraries are heard at this level"
    for text in (*shown, running.said):
        assert SENTINEL not in text


async def test_a_worker_that_is_refused_tells_no_secret(guarded: Guarded, tmp_path: Path) -> None:
    """A wrong password, at the level DEBUG: status 2 and what to do, no trace, no password."""
    wrong = {"BROKER__SASL_PASSWORD": f"{SENTINEL}of-another-one", "LOG__FORMAT": "text"}
    with worker(guarded, tmp_path, **wrong) as refused:
        assert await asyncio.to_thread(refused.exit_status) == 2, refused.said
    assert "refuses the login of 'worker' by SCRAM-SHA-512" in refused.said
    assert "See broker.sasl_mechanism, sasl_username, sasl_password" in refused.said
    assert "Traceback" not in refused.said
    assert SENTINEL not in refused.said


COMMANDS = [
    ("settings",),
    ("settings", "--json"),
    ("topics", "check"),
    ("acls",),
    ("publish", "docs/examples/observer-incident.jsonl"),
    ("notice", "all quiet"),
    ("grafana", "push"),
    ("dead-letters", "list"),
    ("archive", "ARCHIVE", "--once"),
]
MISTAKES = [
    'broker.sasl_password = ["SECRET"]',
    'broker.sasl_pasword = "SECRET"',
    'broker.sasl_password = "SECRET"\nbroker.sasl_password_file = "/nowhere"',
    'worker.token = "SECRET"\nworker.token_file = "/nowhere"',
    'worker.token = {secret = "SECRET"}',
    'grafana.url = "https://ann:SECRET@grafana.example.org"',
    'grafana.token = "SECRET"\ngrafana.token_file = "/nowhere"',
    'broker.sasl_password = "SECRET\n',
    'broker.bootstrap = "ann:SECRET@kafka"',
]


def said(config: Path, *arguments: str) -> tuple[int, str]:
    """A command's status and all it prints."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = cli.run(["--config", str(config), *arguments])
    return status, out.getvalue() + err.getvalue()


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_command_tells_no_secret(
    guarded: Guarded,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    arguments: tuple[str, ...],
) -> None:
    """With every secret in the environment, and a password that is wrong; libraries heard too."""
    caplog.set_level("DEBUG")
    config = guarded.config("worker")
    text = config.read_text(encoding="utf-8").replace(f'"{password("worker")}"', '""')
    own = tmp_path / "own.toml"
    own.write_text(text.replace('sasl_password = ""\n', ""), encoding="utf-8")
    for name, value in variables(guarded).items():
        monkeypatch.setenv(PREFIX + name, value)
    monkeypatch.setenv(f"{PREFIX}BROKER__SASL_PASSWORD", f"{SENTINEL}of-another-one")
    words = [str(tmp_path / "archive") if word == "ARCHIVE" else word for word in arguments]
    status, text = said(own, *words)
    assert status == (0 if arguments[0] in ("settings", "acls") else 2), text
    assert SENTINEL not in text
    assert SENTINEL not in caplog.text


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_settings_tells_no_secret(tmp_path: Path, mistake: str) -> None:
    """The message says what is wrong and where, never what the value is."""
    config = tmp_path / "wrong.toml"
    config.write_text(mistake.replace("SECRET", f"{SENTINEL}in-a-file"), encoding="utf-8")
    status, text = said(config, "settings")
    assert status == 2
    assert "wrong.toml" in text
    assert SENTINEL not in text
