"""Every setting, with its meaning: from a TOML file, the environment and the command line.

The command line wins over the environment, the environment over the file, the file over the
default. Making ``Settings`` by hand reads neither file nor environment; ``load_settings`` does.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from streams.addresses import Bootstrap, Host
from streams.errors import UserError
from streams.grafana_settings import GrafanaSettings
from streams.setting_parts import SECTION, Seconds, SnapshotSettings, read_secret

PREFIX: Final = "SCRUTINEER_"
CONFIG_VARIABLE: Final = "SCRUTINEER_CONFIG"
_NO_SETTINGS: Final = frozenset({CONFIG_VARIABLE, "SCRUTINEER_DATA", "SCRUTINEER_KAFKA_HOME"})
"""Variables with our prefix that are no settings; the last two are the tests'."""


class BrokerSettings(BaseModel):
    """How to reach the Kafka brokers."""

    model_config = SECTION

    bootstrap: Bootstrap = Field(
        "127.0.0.1:9092",
        description="Brokers to ask first: host:port, several separated by commas.",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT",
        description="PLAINTEXT, SSL (with ssl_certfile: mutual TLS), SASL_PLAINTEXT or SASL_SSL.",
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512",
        description="How to log in where the protocol is a SASL one: "
        "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.",
    )
    sasl_username: str | None = Field(None, description="User name of the SASL login.")
    sasl_password: SecretStr | None = Field(
        None, description="Password of the SASL login; better kept in sasl_password_file."
    )
    sasl_password_file: Path | None = Field(
        None, description="File that holds the SASL password; a line end after it is ignored."
    )
    ssl_cafile: Path | None = Field(
        None,
        description="PEM file of the authorities that may sign the brokers' certificates; "
        "without it those the system trusts.",
    )
    ssl_certfile: Path | None = Field(
        None, description="PEM file of our certificate, where the brokers ask for one (mutual TLS)."
    )
    ssl_keyfile: Path | None = Field(
        None, description="PEM file of the key of ssl_certfile; without it the key is in there."
    )
    ssl_key_password: SecretStr | None = Field(
        None, description="Password of ssl_keyfile; better kept in ssl_key_password_file."
    )
    ssl_key_password_file: Path | None = Field(
        None, description="File that holds the password of ssl_keyfile."
    )
    ssl_check_hostname: bool = Field(
        True,
        description="Whether a broker's certificate must name the host we connect to. "
        "The certificate itself is always checked.",
    )
    idempotent: bool = Field(
        True,
        description="Whether the broker weeds out repeated sends of a producer. Switch it off only "
        "for a broker without InitProducerId; a repeat is harmless either way.",
    )
    session_timeout: Seconds = Field(
        10.0, description="Seconds without a sign of life after which a worker counts as gone."
    )
    rebalance_timeout: Seconds = Field(
        30.0, description="Seconds that workers have to join when the group shares out partitions."
    )
    heartbeat_interval: Seconds = Field(
        3.0, description="Seconds between a worker's signs of life; below session_timeout."
    )

    @model_validator(mode="after")
    def _consistent(self) -> BrokerSettings:
        if self.heartbeat_interval >= self.session_timeout:
            raise ValueError("heartbeat_interval must be below session_timeout (a third is usual)")
        if self.security_protocol.startswith("SASL") and not (
            self.sasl_username and (self.sasl_password or self.sasl_password_file)
        ):
            raise ValueError(
                f"security_protocol {self.security_protocol} needs sasl_username and "
                "sasl_password or sasl_password_file"
            )
        if self.ssl_keyfile and not self.ssl_certfile:
            raise ValueError("ssl_keyfile needs ssl_certfile, the certificate that the key is of")
        for secret in ("sasl_password", "ssl_key_password"):
            if getattr(self, secret) and getattr(self, f"{secret}_file"):
                raise ValueError(f"give either {secret} or {secret}_file")
        return self

    def secret(self, name: Literal["sasl_password", "ssl_key_password"]) -> str | None:
        """The secret ``name``, from the setting or its file. UserError: the file is unreadable."""
        return read_secret(f"broker.{name}", getattr(self, name), getattr(self, f"{name}_file"))


class TopicSettings(BaseModel):
    """The topics, one per authority, and those of rejected events and snapshots."""

    model_config = SECTION

    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,200}$")] = Field(
        "election", description="First part of every topic's name, as in election.observer."
    )
    partitions: Annotated[int, Field(ge=1, le=1000)] = Field(
        12,
        description="Partitions of each input topic. Fixed for an election: growing a topic would "
        "send a region's events to another partition than its past.",
    )
    replication: Annotated[int, Field(ge=1, le=15)] = Field(
        3, description="Copies of each topic, on as many brokers; 1 only where loss is acceptable."
    )

    @property
    def observer(self) -> str:
        """Topic of the observers' reports."""
        return f"{self.prefix}.observer"

    @property
    def official(self) -> str:
        """Topic of what the authorities publish."""
        return f"{self.prefix}.official"

    @property
    def desk(self) -> str:
        """Topic of the operations room's decisions."""
        return f"{self.prefix}.desk"

    @property
    def dead_letter(self) -> str:
        """Topic of the rejected events."""
        return f"{self.prefix}.dead-letter"

    @property
    def snapshot(self) -> str:
        """Topic of the workers' snapshots."""
        return f"{self.prefix}.snapshot"

    @property
    def inputs(self) -> tuple[str, str, str]:
        """The three topics that are read: observer, official, desk."""
        return (self.observer, self.official, self.desk)


class WorkerSettings(SnapshotSettings):
    """The process that turns the log into tables and metrics."""

    model_config = SECTION

    group: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,200}$")] = Field(
        "scrutineer", description="Consumer group: workers of one group share the partitions."
    )
    host: Host = Field(
        "127.0.0.1",
        description="Address that metrics, health and tables are served on. Metrics and health are "
        "open to whoever reaches it; so is all else on a loopback address; elsewhere with token.",
    )
    token: SecretStr | None = Field(
        None,
        description="What a reader of tables, digest and state must show (Authorization: Bearer); "
        "better kept in token_file.",
    )
    token_file: Path | None = Field(
        None, description="File that holds the token; a line end after it is ignored."
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        6066, description="TCP port that metrics, health and tables are served on; 0: any free."
    )
    clock: Literal["wall", "log"] = Field(
        "wall",
        description="What 'now' is: wall (the computer's clock) or log (the clock that a player "
        "writes into the log, for a demo or a past election; 1970 until one is live here).",
    )
    accept_pack: bool = Field(
        False,
        description="Whether to go on with an election pack that accepts other events than the one "
        "this group has worked with; everything is then folded anew.",
    )
    data_dir: Path = Field(
        Path("var/worker"),
        description="Folder for the small files that Faust keeps; nothing in it must survive.",
    )

    @model_validator(mode="after")
    def _one_token(self) -> WorkerSettings:
        if self.token is not None and self.token_file is not None:
            raise ValueError("give either token or token_file")
        return self


class LogSettings(BaseModel):
    """What the program writes about itself."""

    model_config = SECTION

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least serious message written: DEBUG, INFO, WARNING or ERROR."
    )
    format: Literal["json", "text"] = Field(
        "json", description="One JSON object a line (json), or lines for people (text)."
    )


class Settings(BaseSettings):
    """All settings. Sections are immutable; the environment's name is SCRUTINEER_SECTION__NAME."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        validate_default=True,
    )

    broker: BrokerSettings = BrokerSettings()
    topics: TopicSettings = TopicSettings()
    worker: WorkerSettings = WorkerSettings()
    log: LogSettings = LogSettings()
    grafana: GrafanaSettings = GrafanaSettings()
    pack: str = Field(
        "kazakhstan-2023",
        min_length=1,
        description="The election: a directory with its pack, or the name of a built-in one.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed: ``load`` reads the rest itself, to know where a value is from."""
        return (init_settings,)


class Loaded(NamedTuple):
    """Settings, and where each value that is not a default came from (by dotted name)."""

    settings: Settings
    origins: Mapping[str, str]


def load_settings(config: Path | None = None, **overrides: Any) -> Settings:
    """Settings from ``config`` (else the file SCRUTINEER_CONFIG names), environment and overrides.

    An override is a section's mapping or a plain value, as in ``broker={"bootstrap": "h:1"}``;
    None in it means "not given". UserError names each bad value, its origin and what is allowed.
    """
    return load(config, **overrides).settings


def load(config: Path | None = None, **overrides: Any) -> Loaded:
    """``load_settings``, with the origins."""
    if config is None and os.environ.get(CONFIG_VARIABLE):
        config = Path(os.environ[CONFIG_VARIABLE])
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if config is not None:
        _merge(values, origins, read_file(config), lambda _: str(config))
    _merge(values, origins, _environment(), lambda name: f"environment variable {variable(name)}")
    _merge(values, origins, overrides, lambda _: "command line")
    try:
        return Loaded(Settings(**values), origins)
    except ValidationError as error:
        raise UserError("\n".join(_complaints(error, origins))) from None


def read_file(path: Path) -> dict[str, Any]:
    """The TOML file's content. UserError: unreadable, or not TOML (with the line)."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read the settings file {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a TOML file: {error}") from None


def variable(name: str) -> str:
    """The environment variable of the setting with this dotted name."""
    return PREFIX + name.replace(".", "__").upper()


def fields() -> Iterator[tuple[str, Any]]:
    """Every setting: its dotted name and pydantic's field, in order."""
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from ((f"{name}.{key}", inner) for key, inner in section.model_fields.items())
        else:
            yield name, field


def _environment() -> dict[str, Any]:
    for name in os.environ:
        if name.upper().startswith(PREFIX):
            _check_variable(name)
    try:
        return EnvSettingsSource(Settings)()
    except SettingsError as error:
        raise UserError(
            f"{error}: set single values, such as {variable('broker.bootstrap')}"
        ) from None


def _check_variable(name: str) -> None:
    """UserError: no setting is named so. Keys within a section are checked with the values."""
    known = {variable(setting) for setting, _ in fields()}
    sections = {setting.split(".")[0] for setting, _ in fields() if "." in setting}
    upper = name.upper()
    section, delimiter, _ = upper.removeprefix(PREFIX).partition("__")
    if delimiter and section:
        if section.lower() not in sections:
            raise UserError(
                f"environment variable {name}: there is no section '{section.lower()}'; "
                f"there are {', '.join(sorted(sections))}"
            )
    elif upper not in known and section.lower() not in sections and upper not in _NO_SETTINGS:
        raise UserError(f"environment variable {name}: {_unknown(upper, known)}")


def _merge(
    into: dict[str, Any], origins: dict[str, str], source: Mapping[str, Any], origin: Any
) -> None:
    for key, value in source.items():
        if isinstance(value, Mapping):
            section = into.setdefault(key, {})
            if isinstance(section, dict):
                known = {inner: item for inner, item in value.items() if item is not None}
                section.update(known)
                origins.update({f"{key}.{inner}": origin(f"{key}.{inner}") for inner in known})
                continue
        if value is not None:
            into[key] = value
            origins[key] = origin(key)


def _complaints(error: ValidationError, origins: Mapping[str, str]) -> Iterator[str]:
    known = dict(fields())
    for problem in error.errors(include_url=False):
        name = ".".join(str(part) for part in problem["loc"][:2])
        where = origins.get(name) or "; ".join(
            sorted({at for key, at in origins.items() if key.startswith(f"{name}.")})
        )
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = _unknown(name, known)
        elif name in known:
            given = repr(problem["input"])
            if _is_secret(known[name]) or "@" in given:  # user:password@host
                given = "the value"
            message = f"{given} is not allowed: {message}. {known[name].description}"
        yield f"{name} ({where or 'default'}): {message}"


def _unknown(name: str, known: Iterable[str]) -> str:
    import difflib

    bare = {each.removeprefix(PREFIX): each for each in known}
    close = difflib.get_close_matches(name.removeprefix(PREFIX), bare, n=1)
    near = f"; did you mean {bare[close[0]]}?" if close else ""
    return f"there is no such setting ('scrutineer settings' lists all){near}"


def _is_secret(field: Any) -> bool:
    return "SecretStr" in str(field.annotation)
