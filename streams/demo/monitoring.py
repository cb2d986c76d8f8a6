"""Prometheus and Alertmanager beside the demo's worker, where the machine has them."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from schemas.pack import Pack
from streams.demo.monitoring_files import alertmanager_file, prometheus_files
from streams.servers import Server, StartError

FOLDER: Final = "monitoring"
PACKAGES: Final = ("prometheus", "prometheus-alertmanager")
"""Debian's; each brings a program of its name."""
_DEPLOY: Final = Path(__file__).resolve().parents[2] / "deploy"


class UnmonitoredError(Exception):
    """There are no alerts to show; says why, and what to do. ``missing``: packages to install."""

    def __init__(self, why: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.missing = missing


class Addresses(NamedTuple):
    """Where both are: URLs."""

    prometheus: str
    alertmanager: str


class Found(NamedTuple):
    """What there is to start: paths of the programs and texts of their configurations, by name."""

    programs: Mapping[str, str]
    texts: Mapping[str, str]


def find(deploy: Path = _DEPLOY) -> Found:
    """What there is. UnmonitoredError: a program is missing, or the configuration at ``deploy``."""
    return Found(_programs(), _configuration(deploy))


@contextlib.asynccontextmanager
async def monitoring(
    found: Found, pack: Pack, worker: str, directory: Path
) -> AsyncIterator[Addresses]:
    """Both, watching ``worker`` (host:port) with the rules of ``pack``, until the block ends.

    Their configuration is left in ``directory``/monitoring, their data are not. UnmonitoredError:
    they do not start.
    """
    programs, texts = found
    folder = directory / FOLDER
    for old in folder.glob("prometheus/rules/*.yml"):
        old.unlink()
    _write(folder, {"alertmanager.yml": alertmanager_file(texts["alertmanager"])})
    try:
        with tempfile.TemporaryDirectory(
            prefix="data-", dir=folder, ignore_cleanup_errors=True
        ) as data:
            async with _alertmanager(programs, folder, data) as told:
                files = prometheus_files(
                    texts["prometheus"], pack, worker=worker, alertmanager=told.address
                )
                _write(folder / "prometheus", files)
                async with _prometheus(programs, folder, data) as server:
                    yield Addresses(f"http://{server.address}", f"http://{told.address}")
    except StartError as error:
        raise UnmonitoredError(f"Prometheus or Alertmanager does not start; {error}") from None


def _programs() -> dict[str, str]:
    found = {name: shutil.which(name) for name in PACKAGES}
    missing = tuple(name for name, path in found.items() if path is None)
    if missing:
        raise UnmonitoredError(f"install {' and '.join(missing)}, of Debian's packages", missing)
    return {name: path for name, path in found.items() if path is not None}


def _configuration(deploy: Path) -> dict[str, str]:
    try:
        return {
            name: (deploy / name / f"{name}.yml").read_text(encoding="utf-8")
            for name in ("prometheus", "alertmanager")
        }
    except OSError:
        raise UnmonitoredError(
            "their configuration, deploy/, is not in the installed package: use `make demo` in a "
            "checkout of the project"
        ) from None


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _alertmanager(programs: Mapping[str, str], folder: Path, data: str) -> Server:
    return Server(
        lambda address: [
            programs["prometheus-alertmanager"],
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={data}/alertmanager",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
        ],
        folder / "alertmanager.log",
    )


def _prometheus(programs: Mapping[str, str], folder: Path, data: str) -> Server:
    return Server(
        lambda address: [
            programs["prometheus"],
            f"--config.file={folder / 'prometheus' / 'prometheus.yml'}",
            f"--storage.tsdb.path={data}/prometheus",
            f"--web.listen-address={address}",
        ],
        folder / "prometheus.log",
    )
