"""Settings: precedence, origins, and errors that say what to mend."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from streams.errors import UserError
from streams.settings import (
    BrokerSettings,
    Settings,
    TopicSettings,
    fields,
    load,
    load_settings,
    variable,
)


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("SCRUTINEER_"):
            monkeypatch.delenv(name)


def write(folder: Path, text: str) -> Path:
    """A settings file with this text."""
    path = folder / "scrutineer.toml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(config: Path | None = None, **overrides: object) -> str:
    """What loading complains about."""
    with pytest.raises(UserError) as caught:
        load_settings(config, **overrides)
    return str(caught.value)


def test_defaults_without_file_or_environment() -> None:
    """Nothing given: the documented defaults, and no origins."""
    settings, origins = load()
    assert settings == Settings()
    assert settings.topics.inputs == ("election.observer", "election.official", "election.desk")
    assert settings.topics.dead_letter == "election.dead-letter"
    assert origins == {}


def test_command_line_beats_environment_beats_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each value is taken from the strongest place that gives it, and that place is remembered."""
    config = write(tmp_path, '[topics]\nprefix = "file"\npartitions = 3\nreplication = 1\n')
    monkeypatch.setenv("SCRUTINEER_TOPICS__PARTITIONS", "4")
    monkeypatch.setenv("SCRUTINEER_TOPICS__REPLICATION", "2")
    settings, origins = load(config, topics={"replication": 5, "prefix": None})
    assert settings.topics == TopicSettings(prefix="file", partitions=4, replication=5)
    assert origins == {
        "topics.prefix": str(config),
        "topics.partitions": "environment variable SCRUTINEER_TOPICS__PARTITIONS",
        "topics.replication": "command line",
    }


def test_the_file_may_be_named_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SCRUTINEER_CONFIG names the file where no option does."""
    monkeypatch.setenv("SCRUTINEER_CONFIG", str(write(tmp_path, 'pack = "other"\n')))
    assert load_settings().pack == "other"
    assert load_settings(write(tmp_path, 'pack = "named"\n')).pack == "named"


def test_making_settings_by_hand_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's settings do not depend on where it runs."""
    monkeypatch.setenv("SCRUTINEER_PACK", "elsewhere")
    assert Settings().pack == "kazakhstan-2023"


def test_an_empty_variable_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass empty variables for what is not set."""
    monkeypatch.setenv("SCRUTINEER_BROKER__BOOTSTRAP", "")
    assert load_settings().broker.bootstrap == "127.0.0.1:9092"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("SCRUTINEER_TOPICS__PARTITIONS", "many", "valid integer"),
        ("SCRUTINEER_TOPICS__PARTITIONS", "0", "greater than or equal to 1"),
        ("SCRUTINEER_WORKER__PORT", "99999", "less than or equal to 65535"),
        ("SCRUTINEER_WORKER__CLOCK", "sundial", "'wall' or 'log'"),
        ("SCRUTINEER_BROKER__BOOTSTRAP", "kafka", "'kafka' is not host:port"),
        ("SCRUTINEER_BROKER__BOOTSTRAP", "kafka:9092,b:99999", "'b:99999' is not host:port"),
        ("SCRUTINEER_BROKER__BOOTSTRAP", "kafka:٣٣", "'kafka:٣٣' is not host:port"),
        ("SCRUTINEER_WORKER__HOST", "a b", "neither the name of a host nor an address"),
        ("SCRUTINEER_WORKER__HOST", "a" * 64, "neither the name of a host nor an address"),
        ("SCRUTINEER_LOG__LEVEL", "LOUD", "'INFO'"),
        ("SCRUTINEER_TOPICS__PREFIX", "a b", "pattern"),
        ("SCRUTINEER_BROKER__SESSION_TIMEOUT", "-1", "greater than 0"),
    ],
)
def test_a_bad_value_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    """The message has the key, the variable, the value, what is allowed and the meaning."""
    monkeypatch.setenv(name, value)
    said = complaint()
    key = name.removeprefix("SCRUTINEER_").lower().replace("__", ".")
    assert said.startswith(f"{key} (environment variable {name}): '{value}' is not allowed: ")
    assert allowed in said
    assert str(dict(fields())[key].description) in said


def test_bad_values_in_the_file_are_all_named(tmp_path: Path) -> None:
    """One run tells all mistakes, each with the file; an unknown key with the likely one."""
    config = write(
        tmp_path, '[broker]\nsesion_timeout = 3\n[worker]\nport = "x"\n[wroker]\na = 1\n'
    )
    said = complaint(config).splitlines()
    assert len(said) == 3
    assert said[0].startswith(f"broker.sesion_timeout ({config}): there is no such setting")
    assert said[0].endswith("did you mean broker.session_timeout?")
    assert said[1].startswith(f"worker.port ({config}): 'x' is not allowed")
    assert said[2].startswith(f"wroker ({config}): there is no such setting")


def test_an_unknown_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt section or key in the environment must not be ignored."""
    monkeypatch.setenv("SCRUTINEER_BROKR__BOOTSTRAP", "h:1")
    assert "SCRUTINEER_BROKR__BOOTSTRAP: there is no section 'brokr'" in complaint()
    monkeypatch.delenv("SCRUTINEER_BROKR__BOOTSTRAP")
    monkeypatch.setenv("SCRUTINEER_BROKER__BOOTSTRP", "h:1")
    assert "did you mean broker.bootstrap?" in complaint()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("SCRUTINEER_WORKER_PORT", "; did you mean SCRUTINEER_WORKER__PORT?"),
        ("Scrutineer_Pak", "; did you mean SCRUTINEER_PACK?"),
        ("SCRUTINEER_NOPE", ""),
        ("SCRUTINEER_", ""),
    ],
)
def test_a_variable_that_is_no_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, near: str
) -> None:
    """One underscore too few must not leave the default in place without a word."""
    monkeypatch.setenv(name, "1")
    said = complaint()
    assert said.startswith(f"environment variable {name}: there is no such setting")
    assert said.endswith(f"lists all){near}")


def test_variables_that_belong_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the settings file, the tests' data and the tests' Kafka are is no setting."""
    for name in ("SCRUTINEER_CONFIG", "SCRUTINEER_DATA", "SCRUTINEER_KAFKA_HOME"):
        monkeypatch.setenv(name, "")
    assert load().origins == {}


def test_a_section_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole section in one variable."""
    monkeypatch.setenv("SCRUTINEER_TOPICS", '{"partitions": 7}')
    assert load_settings().topics.partitions == 7


def test_a_section_that_is_no_section(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A plain value where a section belongs is told as such."""
    assert complaint(write(tmp_path, 'broker = "h:1"\n')).startswith(f"broker ({tmp_path}")
    monkeypatch.setenv("SCRUTINEER_BROKER", "h:1")
    assert "SCRUTINEER_BROKER__BOOTSTRAP" in complaint()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and a file that is no TOML: its name, and the line."""
    assert "No such file" in complaint(tmp_path / "none.toml")
    said = complaint(write(tmp_path, "[broker\n"))
    assert "scrutineer.toml is not a TOML file" in said
    assert "line 1" in said


@pytest.mark.parametrize("host", ["::1", "fe80::1%eth0", "0.0.0.0", "localhost", "a.b-c.", "_x"])
def test_hosts_to_serve_on(host: str) -> None:
    """Names and addresses of both kinds."""
    assert load_settings(worker={"host": host}).worker.host == host


def test_secrets_never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the settings' text nor a complaint about a secret repeats it."""
    monkeypatch.setenv("SCRUTINEER_BROKER__SASL_PASSWORD", "hunter2")
    assert "hunter2" not in repr(load_settings())
    said = complaint(None, broker={"sasl_password": 4711})
    assert "4711" not in said
    assert "broker.sasl_password (command line): the value is not allowed" in said


def test_secrets_from_files(tmp_path: Path) -> None:
    """A secret's file is read when it is asked for; a line end is not part of it."""
    path = tmp_path / "password"
    path.write_text(" s3cret \r\n", encoding="utf-8")
    broker = BrokerSettings(sasl_password_file=path)
    assert broker.secret("sasl_password") == " s3cret "
    assert broker.secret("ssl_key_password") is None
    with pytest.raises(UserError, match=r"broker\.sasl_password_file: cannot read .*nothing"):
        BrokerSettings(sasl_password_file=tmp_path / "nothing").secret("sasl_password")


@pytest.mark.parametrize(
    ("broker", "said"),
    [
        ({"security_protocol": "SASL_SSL"}, "needs sasl_username"),
        ({"security_protocol": "SASL_SSL", "sasl_username": "a"}, "sasl_password"),
        ({"heartbeat_interval": 10}, "heartbeat_interval must be below session_timeout"),
        ({"ssl_keyfile": "k.pem"}, "ssl_keyfile needs ssl_certfile"),
        ({"sasl_password": "a", "sasl_password_file": "b"}, "either sasl_password or"),
    ],
)
def test_settings_that_do_not_fit_together(broker: dict[str, object], said: str) -> None:
    """What cannot work is refused at once, naming both settings."""
    assert said in complaint(None, broker=broker)


def test_every_setting_has_a_meaning_and_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting without a description; each is settable by the variable that is listed."""
    for name, field in fields():
        assert field.description, name
        assert field.description.endswith("."), name
        if isinstance(field.default, int) and not isinstance(field.default, bool):
            monkeypatch.setenv(variable(name), str(field.default + 1))
            section, _, key = name.partition(".")
            assert getattr(getattr(load_settings(), section), key) == field.default + 1
