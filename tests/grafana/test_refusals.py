"""What can go wrong with Grafana: what, where, what to do; never a stack trace or the token."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from streams.embedded import free_port
from tests.grafana.conftest import Done, Scrutineer, write_board
from tests.grafana.contract import Asked
from tests.grafana.server import EDITOR, VIEWER, Grafana, serving
from tests.log.certificates import make_certificate

SECRET = "glsa_secret-that-nobody-may-see"


def fails(done: Done) -> str:
    """What a command that was the user's mistake said."""
    assert done.status == 2, done
    assert SECRET not in done.out + done.err
    return done.err


@pytest.fixture
def push(scrutineer: Scrutineer, tmp_path: Path) -> Any:
    """Pushes one dashboard."""
    write_board(tmp_path / "boards", "room")
    return lambda *more: scrutineer("grafana", "push", tmp_path / "boards", *more)


def test_a_token_that_is_not_known(
    grafana: Grafana, push: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """401, with what Grafana says of it."""
    monkeypatch.setenv("SCRUTINEER_GRAFANA__TOKEN", SECRET)
    said = fails(push())
    assert f"Grafana at http://127.0.0.1:{grafana.server_port} does not accept the token" in said
    assert "Invalid API key" in said
    assert "Set grafana.token_file" in said


@pytest.mark.parametrize("command", ["push", "annotate"])
def test_a_token_without_the_right(
    grafana: Grafana,
    push: Any,
    scrutineer: Scrutineer,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    """403, with the permission that is missing."""
    monkeypatch.setenv("SCRUTINEER_GRAFANA__TOKEN", VIEWER)
    said = fails(push() if command == "push" else scrutineer("grafana", "annotate"))
    assert "(403)" in said
    permission = {"push": "folders:create", "annotate": "annotations:create"}[command]
    assert f"needs the role Editor, or the permission {permission}" in said


def test_a_server_that_repeats_the_token(grafana: Grafana, push: Any) -> None:
    """Whatever a server says, the token is not shown with it."""
    body = json.dumps({"message": f"no such key: {EDITOR}"}).encode()
    grafana.raw = (403, {"Content-Type": "application/json"}, body)
    assert "no such key: ***" in fails(push())


def test_nobody_there(push: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address and the reason."""
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("SCRUTINEER_GRAFANA__URL", url)
    monkeypatch.setenv("SCRUTINEER_GRAFANA__TOKEN", SECRET)
    said = fails(push())
    assert f"cannot reach Grafana at {url}: Connection refused" in said
    assert "grafana.url" in said


def test_no_answer_in_time(grafana: Grafana, push: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting that says how long to wait."""
    over = threading.Event()

    def dawdle(_: Asked) -> None:
        over.wait(60)

    grafana.before = dawdle
    monkeypatch.setenv("SCRUTINEER_GRAFANA__TIMEOUT", "0.2")
    try:
        assert "does not answer in time (asked to read the folder scrutineer)" in fails(push())
    finally:
        over.set()


@pytest.mark.parametrize(
    ("status", "kind", "body", "told"),
    [
        (200, "text/html", b"<html>Log in</html>", "answers, but not as Grafana does"),
        (200, "application/json", b"[]", "answers, but not as Grafana does"),
        (200, "application/json", b"{", "answers, but not as Grafana does"),
        (404, "text/html", b"<html>Not found</html>", "read the folder scrutineer: 404"),
        (403, "text/html", b"<html>Proxy</html>", "read the folder scrutineer: 403"),
        (502, "text/html", b"<html>Bad gateway</html>", "has trouble of its own (502)"),
        (500, "application/json", b'{"message": "database is locked"}', "database is locked"),
        (400, "application/json", b'{"message": "uid too long"}', "refuses to read the folder"),
    ],
)
def test_something_else_answers(
    grafana: Grafana, push: Any, status: int, kind: str, body: bytes, told: str
) -> None:
    """A proxy, a wrong path, another program, a Grafana in trouble."""
    grafana.raw = (status, {"Content-Type": kind}, body)
    assert told in fails(push())


def test_a_redirect_is_not_followed(grafana: Grafana, push: Any) -> None:
    """It would turn a save into a look, and carry the token elsewhere."""
    with serving() as other:
        there = f"http://127.0.0.1:{other.server_port}/api/folders/scrutineer"
        grafana.raw = (302, {"Location": there}, b"")
        assert "sends us on to another address: set grafana.url" in fails(push())
        assert not other.seen


def test_a_certificate_that_nobody_knows(
    push: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused by default; taken with its authority; taken unchecked where that is set."""
    certificate, key = make_certificate(tmp_path, "grafana")
    monkeypatch.setenv("SCRUTINEER_GRAFANA__TOKEN", EDITOR)
    with serving(certificate=(certificate, key)) as server:
        monkeypatch.setenv("SCRUTINEER_GRAFANA__URL", f"https://127.0.0.1:{server.server_port}")
        said = fails(push())
        assert "no trusted connection to Grafana" in said
        assert "Set grafana.ssl_cafile" in said
        assert not server.seen
        monkeypatch.setenv("SCRUTINEER_GRAFANA__SSL_CAFILE", str(certificate))
        assert push().status == 0
        monkeypatch.delenv("SCRUTINEER_GRAFANA__SSL_CAFILE")
        monkeypatch.setenv("SCRUTINEER_GRAFANA__SSL_VERIFY", "false")
        unchecked = push()
        assert (unchecked.status, unchecked.err) == (0, "")
        monkeypatch.setenv("SCRUTINEER_GRAFANA__URL", f"https://localhost:{server.server_port}")
        monkeypatch.setenv("SCRUTINEER_GRAFANA__SSL_VERIFY", "true")
        monkeypatch.setenv("SCRUTINEER_GRAFANA__SSL_CAFILE", str(certificate))
        assert "no trusted connection" in fails(push())
        assert not server.faults


def test_no_tls_where_it_is_asked_for(
    grafana: Grafana, push: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS towards a server that has none."""
    monkeypatch.setenv("SCRUTINEER_GRAFANA__URL", f"https://127.0.0.1:{grafana.server_port}")
    assert "no trusted connection to Grafana" in fails(push())


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "grafana.url is not set"),
        ({"url": "http://g"}, "grafana.token_file is not set"),
        ({"url": "http://g", "token": "a b"}, "grafana.token: this can be no token"),
        ({"url": "http://g", "token": "ключ"}, "grafana.token: this can be no token"),
        ({"url": "http://g", "token_file": "none"}, "grafana.token_file: cannot read none"),
        ({"url": "http://g", "token": SECRET, "token_file": "x"}, "either token or token_file"),
        (
            {"url": "https://g", "token": SECRET, "ssl_cafile": "none.pem"},
            "grafana.ssl_cafile: cannot read none.pem",
        ),
        ({"ssl_verify": "false", "ssl_cafile": "x"}, "ssl_cafile has no use"),
        ({"url": f"https://admin:{SECRET}@g"}, "url must have no user or password in it"),
        ({"url": f"https://g/?token={SECRET}"}, "url must end with the host or a path"),
        ({"url": "grafana.example.org"}, "url must be http:// or https://"),
        ({"url": "ftp://g"}, "url must be http:// or https://"),
        ({"url": "http://g:99999"}, "url is no URL"),
        ({"url": "http://[g"}, "url is no URL"),
        ({"organization": "0"}, "greater than or equal to 1"),
        ({"timeout": "0"}, "greater than 0"),
    ],
)
def test_settings_that_cannot_work(
    push: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    settings: dict[str, str],
    told: str,
) -> None:
    """Told before anything is sent, by the setting's name, without what is secret in it."""
    monkeypatch.chdir(tmp_path)
    for name, value in settings.items():
        monkeypatch.setenv(f"SCRUTINEER_GRAFANA__{name.upper()}", value)
    assert told in fails(push())


def test_the_token_from_a_file(
    grafana: Grafana, push: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line end is no part of it; an empty file is told by its name."""
    monkeypatch.delenv("SCRUTINEER_GRAFANA__TOKEN")
    path = tmp_path / "token"
    monkeypatch.setenv("SCRUTINEER_GRAFANA__TOKEN_FILE", str(path))
    path.write_text(f"{EDITOR}\n", encoding="utf-8")
    assert push().status == 0
    path.write_text("\n", encoding="utf-8")
    assert f"{path}: this can be no token" in fails(push())


def test_the_list_of_settings_hides_the_token(
    scrutineer: Scrutineer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says where the token is from, not what it is."""
    monkeypatch.setenv("SCRUTINEER_GRAFANA__TOKEN", SECRET)
    said = scrutineer("settings").out
    assert "grafana.token = ***    (environment variable SCRUTINEER_GRAFANA__TOKEN)" in said
    assert SECRET not in said


BOARD = {"uid": "a", "title": "A", "panels": []}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "it is no JSON: "),
        ("[]", "it is no JSON object"),
        ('{"uid": NaN}', "NaN is no number"),
        ("[" * 100_000, "nested too deeply"),
        (json.dumps({"dashboard": BOARD}), "keep only the object below 'dashboard'"),
        (json.dumps({"apiVersion": "v2", "spec": {}}), "export it as the classic model"),
        (json.dumps(BOARD | {"uid": ""}), "it has no 'uid'"),
        (json.dumps(BOARD | {"uid": "a b"}), "it has no 'uid'"),
        (json.dumps(BOARD | {"uid": "a" * 41}), "it has no 'uid'"),
        (json.dumps(BOARD | {"title": " "}), "it has no 'title'"),
        (json.dumps(BOARD | {"panels": None}), "it has no list of 'panels'"),
    ],
)
def test_a_file_that_is_no_dashboard(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path, text: str, told: str
) -> None:
    """Told by its name, before any is sent, also when another file is one."""
    write_board(tmp_path, "a-good-one")
    (tmp_path / "bad.json").write_text(text, encoding="utf-8")
    said = fails(scrutineer("grafana", "push", tmp_path))
    assert f"{tmp_path / 'bad.json'} is no dashboard: " in said
    assert told in said
    assert not grafana.seen


def test_files_that_cannot_be_told_apart_or_read(
    grafana: Grafana, scrutineer: Scrutineer, tmp_path: Path
) -> None:
    """One uid in two files; bytes that are no text; a folder that is named like a file."""
    write_board(tmp_path, "a")
    (tmp_path / "b.json").write_text((tmp_path / "a.json").read_text(encoding="utf-8"))
    said = fails(scrutineer("grafana", "push", tmp_path))
    assert f"{tmp_path / 'b.json'}: its uid a is that of {tmp_path / 'a.json'} too" in said
    (tmp_path / "b.json").write_bytes(b"\xff\xfe{")
    assert "it is no JSON" in fails(scrutineer("grafana", "push", tmp_path))
    (tmp_path / "b.json").unlink()
    (tmp_path / "b.json").mkdir()
    assert "b.json: cannot be read" in fails(scrutineer("grafana", "push", tmp_path))
    assert not grafana.seen
