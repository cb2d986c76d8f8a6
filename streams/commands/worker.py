"""`scrutineer worker`: a live worker in this process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.packs import load_pack
from streams.settings import load_settings

if TYPE_CHECKING:
    from streams.worker.app import ScrutineerApp


@click.command("worker")
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings file (TOML)."
)
@click.option("--pack", metavar="DIR", help="The election: a directory, or a built-in name.")
@click.option("--bootstrap", metavar="HOST:PORT", help="Brokers to ask first.")
@click.option("--group", help="Consumer group: workers of one group share the partitions.")
@click.option("--host", help="Address to serve metrics, health and tables on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of that; 0: any free one.")
@click.option("--clock", type=click.Choice(["wall", "log"]), help="What 'now' is.")
@click.option(
    "--accept-pack",
    is_flag=True,
    default=None,
    help="Go on with a pack that accepts other events than the group's last one.",
)
@click.pass_context
def command(ctx: click.Context, /, config: Path | None, **given: Any) -> None:
    """Run a live worker: it reads the topics, keeps the tables and serves them over HTTP.

    Start as many as you like, up to one per partition: they share the partitions of their group.
    Ends with 0 on SIGTERM and Ctrl-C, 1 on a defect, 2 when something is yours to mend.
    """
    settings = load_settings(
        config,
        pack=given.pop("pack"),
        broker={"bootstrap": given.pop("bootstrap")},
        worker=given,
    )
    pack = load_pack(settings.pack)

    def started(app: ScrutineerApp) -> None:
        click.echo(
            f"scrutineer worker: {app.http.address} serves {pack.name} ({pack.id}); "
            f"waiting for the broker at {settings.broker.bootstrap} and for partitions "
            f"of {', '.join(settings.topics.inputs)}"
        )

    from streams.worker.run import run

    ctx.exit(run(settings, pack, started))
