"""The settings' section `grafana`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, model_validator

from streams.errors import UserError
from streams.setting_parts import SECTION, Seconds, read_secret

_TOKEN: Final = re.compile(r"[!-~]+")


class GrafanaSettings(BaseModel):
    """How to reach the Grafana that shows the dashboards."""

    model_config = SECTION

    url: str | None = Field(
        None,
        description="Address of Grafana, as https://grafana.example.org, with the path if it is "
        "served below one; needed by `scrutineer grafana`.",
    )
    token: SecretStr | None = Field(
        None, description="Token of a service account of Grafana; better kept in token_file."
    )
    token_file: Path | None = Field(
        None, description="File that holds the token; a line end after it is ignored."
    )
    organization: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Id of Grafana's organization, where the token is good for several."
    )
    ssl_cafile: Path | None = Field(
        None,
        description="PEM file of the authorities that may sign Grafana's certificate; without it "
        "those the system trusts.",
    )
    ssl_verify: bool = Field(
        True,
        description="Whether Grafana's certificate is checked. Switched off, whoever is on the "
        "way can read the token.",
    )
    timeout: Seconds = Field(10.0, description="Seconds to wait for an answer of Grafana.")

    @model_validator(mode="after")
    def _consistent(self) -> GrafanaSettings:
        # Here rather than at the field, whose complaints repeat the value: it may hold a password.
        if self.url is not None and (fault := _fault(self.url)):
            raise ValueError(f"url {fault}")
        if self.token is not None and self.token_file is not None:
            raise ValueError("give either token or token_file")
        if self.ssl_cafile is not None and not self.ssl_verify:
            raise ValueError("ssl_cafile has no use where ssl_verify is off")
        return self

    def address(self) -> str:
        """The URL without a slash at its end. UserError: there is none."""
        if self.url is None:
            raise UserError(
                "grafana.url is not set: it is the address of Grafana, as "
                "https://grafana.example.org (in the settings file or SCRUTINEER_GRAFANA__URL)"
            )
        return self.url.rstrip("/")

    def secret(self) -> str:
        """The token. UserError: there is none, or it can be none; it is never shown."""
        token = read_secret("grafana.token", self.token, self.token_file)
        if token is None:
            raise UserError(
                "grafana.token_file is not set: it names the file with the token of a service "
                "account of Grafana (or set SCRUTINEER_GRAFANA__TOKEN)"
            )
        if not _TOKEN.fullmatch(token):
            where = "grafana.token" if self.token_file is None else f"{self.token_file}"
            raise UserError(
                f"{where}: this can be no token of Grafana: it is empty, or has spaces or "
                "characters other than ASCII"
            )
        return token


def _fault(url: str) -> str | None:
    """What is wrong with ``url``, without repeating it."""
    try:
        parts = urlsplit(url)
        port_is_wrong = parts.port == 0
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("http", "https") or not parts.hostname or port_is_wrong:
        return "must be http:// or https:// with a host, as https://grafana.example.org"
    if parts.username is not None or parts.password is not None:
        return "must have no user or password in it: token is for that"
    if parts.query or parts.fragment or not re.fullmatch(r"[!-~]+", url):
        return "must end with the host or a path below it, and have no spaces"
    return None
