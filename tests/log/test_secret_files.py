"""Files with secrets: who else can read them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.secret_files import exposed, secret_files
from streams.settings import BrokerSettings, Settings, WorkerSettings, fields


def settings_of(path: Path) -> Settings:
    """All secrets of broker and worker are in one file."""
    return Settings(
        broker=BrokerSettings(
            ssl_certfile=path, ssl_keyfile=path, ssl_key_password_file=path, sasl_password_file=path
        ),
        worker=WorkerSettings(token_file=path),
    )


def test_every_secret_has_a_file() -> None:
    """So that none needs to be in the environment, where other processes of the user read it."""
    names = {name for name, _ in fields()}
    secrets = {name for name, field in fields() if "SecretStr" in str(field.annotation)}
    assert len(secrets) >= 4
    assert {f"{name}_file" for name in secrets} <= names


@pytest.fixture
def folder() -> Iterator[Path]:
    """Below one that everybody may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="scrutineer-secrets-") as name:
        yield Path(name)


@pytest.mark.parametrize(
    ("mode", "folder_mode", "open_to_all"),
    [(0o644, 0o755, True), (0o640, 0o755, False), (0o600, 0o755, False), (0o444, 0o700, False)],
)
def test_a_file_that_everybody_can_read_is_told(
    folder: Path, mode: int, folder_mode: int, open_to_all: bool
) -> None:
    """By its own mode and its folders', each setting that names it; a closed folder is enough."""
    path = folder / "secret"
    path.write_text("0123456789abcdef", encoding="utf-8")
    path.chmod(mode)
    folder.chmod(folder_mode)
    names = [
        "broker.sasl_password_file",
        "broker.ssl_key_password_file",
        "broker.ssl_keyfile",
        "worker.token_file",
    ]
    assert [name for name, _ in secret_files(settings_of(path))] == names
    assert [name for name, _ in exposed(settings_of(path))] == (names if open_to_all else [])


def test_a_file_that_is_not_there_is_somebody_elses_to_tell(tmp_path: Path) -> None:
    """Whoever needs it says so."""
    assert exposed(settings_of(tmp_path / "none")) == []
