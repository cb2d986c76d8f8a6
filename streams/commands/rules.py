"""`scrutineer rules`: Prometheus rules for an election."""

from __future__ import annotations

from pathlib import Path

import click

from streams.commands.outputs import create, unwritable
from streams.errors import UserError
from streams.packs import load_pack
from streams.rules.alert import Links
from streams.rules.files import files


@click.command(name="rules")
@click.option(
    "--pack",
    "where",
    metavar="DIR",
    default="kazakhstan-2023",
    show_default=True,
    help="Election pack: a directory, or the name of a built-in one.",
)
@click.option(
    "--to",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files here; made if it is not there. Default: only say what there is.",
)
@click.option(
    "--runbooks",
    metavar="URL",
    default=Links().runbooks,
    show_default=True,
    help="Where the runbooks are served: a URL, or a path in the repository.",
)
@click.option(
    "--dashboards",
    metavar="URL",
    default=Links().dashboards,
    show_default=True,
    help="Where the dashboards are: Grafana's URL with /d.",
)
def command(where: str, folder: Path | None, runbooks: str, dashboards: str) -> None:
    """Write the recording rules and alerts of an election for Prometheus.

    Thresholds, texts, regions and hours are those of the pack: write the files anew when it
    changes, and let Prometheus reload them. The ones in deploy/prometheus/rules/ are those of the
    built-in election.
    """
    links = Links(_link("--runbooks", runbooks), _link("--dashboards", dashboards))
    texts = files(load_pack(where), links)
    if folder is not None:
        write(folder, texts)
    width = max(map(len, texts))
    for name, text in texts.items():
        alerts = text.count("\n  - alert: ")
        click.echo(f"{name:<{width}}  {text.count(chr(10) + '  - record: '):>3} recorded", nl=False)
        click.echo(f"  {alerts:>2} alerts" if alerts else "")


def _link(option: str, value: str) -> str:
    if not value.strip() or not value.isprintable() or "{{" in value:
        raise UserError(f"{option} {value!r}: give a URL or a path")
    return value.rstrip("/")


def write(folder: Path, texts: dict[str, str]) -> None:
    """Write each file whole. UserError: it can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    for name, text in texts.items():
        path = folder / name
        try:
            with create(path) as stream:
                stream.write(text.encode())
        except OSError as error:
            raise unwritable(path, error) from error
