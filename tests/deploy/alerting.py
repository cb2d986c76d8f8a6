"""A real Alertmanager with the committed configuration, told of alerts as Prometheus tells it."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, get_args

import aiohttp
import yaml

from schemas.pack.judgement import Alert
from streams import processes
from streams.embedded import free_port
from tests.data import ROOT
from tests.deploy.receivers import PATIENCE, Inbox
from tests.tools import tool

FOLDER = ROOT / "deploy" / "alertmanager"
CONFIG = FOLDER / "alertmanager.yml"
ALERTS: tuple[str, ...] = get_args(Alert)
SECRETS = "/run/secrets/"
PASSWORD = "the mail server's password"


def amtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Alertmanager's own tool."""
    return subprocess.run(
        [tool("amtool", "prometheus-alertmanager"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def restriction(region: str, number: int = 1, **labels: str) -> dict[str, str]:
    """Labels of an open restriction at a station, as the rules give them."""
    return {
        "alertname": "ObserverRestrictionOpen",
        "severity": "page",
        "team": "access",
        "region": region,
        "kind": "protocol_copy_refused",
        "place": f"station-{number}",
        "observer_group": "party_agent",
        "report_id": f"secret-report-{number}",
        **labels,
    }


class Alertmanager:
    """``async with Alertmanager(folder, inbox) as alerts:`` runs one whose receivers are ``inbox``.

    The configuration is the committed one, but for the addresses, the files of secrets, TLS to the
    mail server and the waiting times outside the access routes, which are a second at most unless
    ``hurry`` is false. ``more`` are further receivers' settings of the access desk's phone.
    """

    def __init__(
        self,
        folder: Path,
        inbox: Inbox,
        more: dict[str, Any] | None = None,
        *,
        hurry: bool = True,
    ) -> None:
        self._folder = folder
        self._inbox = inbox
        self._more = more or {}
        self._hurry = hurry
        self.address = f"127.0.0.1:{free_port()}"
        self._url = f"http://{self.address}"

    async def __aenter__(self) -> Self:
        self._write()
        with (self._folder / "log").open("wb") as output:
            self._process = processes.start(
                [
                    tool("prometheus-alertmanager", "prometheus-alertmanager"),
                    f"--config.file={self._folder / 'alertmanager.yml'}",
                    f"--storage.path={self._folder / 'data'}",
                    f"--web.listen-address={self.address}",
                    "--cluster.listen-address=",
                ],
                {},
                output,
            )
        self._session = aiohttp.ClientSession(self._url)
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self._ready():
                    assert self._process.poll() is None, (self._folder / "log").read_text()
                    await asyncio.sleep(0.05)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        processes.stop(self._process, PATIENCE)

    async def fire(self, *alerts: dict[str, str], **annotations: str) -> None:
        """Say that these alerts are so, by their labels."""
        await self._post(alerts, annotations)

    async def end(self, *alerts: dict[str, str], **annotations: str) -> None:
        """Say that these alerts are over."""
        await self._post(alerts, annotations, endsAt=datetime.now(UTC).isoformat())

    async def _post(self, alerts: Any, annotations: dict[str, str], **times: str) -> None:
        body = [{"labels": labels, "annotations": annotations, **times} for labels in alerts]
        async with self._session.post("/api/v2/alerts", json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def _ready(self) -> bool:
        try:
            async with self._session.get("/-/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False

    def _write(self) -> None:
        text = CONFIG.read_text(encoding="utf-8").replace(SECRETS, f"{self._folder}/")
        config = yaml.safe_load(text)
        config["global"]["smtp_smarthost"] = f"127.0.0.1:{self._inbox.mail_port}"
        config["global"]["smtp_require_tls"] = False
        config["templates"] = [f"{FOLDER}/*.tmpl"]
        for receiver in config["receivers"]:
            for slack in receiver.get("slack_configs", ()):
                url = f"http://127.0.0.1:{self._inbox.web_port}/{receiver['name']}"
                Path(slack["api_url_file"]).write_text(url, encoding="utf-8")
            if receiver["name"] == "access-phone":
                receiver.update(self._more)
        (self._folder / "smtp_password").write_text(PASSWORD, encoding="utf-8")
        if self._hurry:
            _hurry(config["route"])
        (self._folder / "alertmanager.yml").write_text(yaml.safe_dump(config), encoding="utf-8")


def _hurry(route: dict[str, Any]) -> None:
    if 'team="access"' in route.get("matchers", ()):
        return
    for key in ("group_wait", "group_interval"):
        if route.get(key, "0s") != "0s":
            route[key] = "1s"
    for inner in route.get("routes", ()):
        _hurry(inner)
