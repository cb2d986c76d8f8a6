"""`scrutineer grafana`: dashboards and annotations for the room's Grafana."""

from __future__ import annotations

import html
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import click

from schemas.fields import rfc3339
from streams.commands.progress import Bar
from streams.grafana.annotations import region_of
from streams.packs import load_pack
from streams.settings import load_settings
from streams.sources.jsonl import read_lines

if TYPE_CHECKING:
    from schemas.pack import Pack
    from streams.grafana.annotations import Annotation, Change, Wanted
    from streams.grafana.notices import Notices

DASHBOARDS: Final = Path("dashboards/json")
_SHOWN: Final = 80
"""Characters of a notice that are shown; all of it goes to Grafana."""
_WOULD: Final = {
    "created": "would create",
    "updated": "would update",
    "deleted": "would delete",
    "unchanged": "unchanged",
}


@click.group("grafana")
def command() -> None:
    """Bring dashboards and annotations to Grafana.

    Its address and token come from the settings' section `grafana`. Running a command again
    changes nothing that is as it should be.
    """


@command.command("push")
@click.argument(
    "folder_of_files",
    metavar="[DIR]",
    type=click.Path(path_type=Path),
    default=DASHBOARDS,
)
@click.option("--folder", metavar="UID", help="Grafana's folder for them. Default: scrutineer.")
@click.option(
    "--folder-title", "title", metavar="TEXT", help="Its title; a folder that is missing is made."
)
@click.option(
    "--datasource", metavar="UID", help="Prometheus data source. Default: what the files name."
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
def push_command(
    *,
    folder_of_files: Path,
    folder: str | None,
    title: str | None,
    datasource: str | None,
    dry_run: bool,
) -> None:
    """Bring the dashboards of DIR (default: dashboards/json) to Grafana.

    Each is known by its uid: one that is there is replaced, and gets no new version when nothing
    differs. What somebody changed in Grafana by hand is overwritten; it stays in the dashboard's
    history of versions.
    """
    from streams.grafana.client import Grafana
    from streams.grafana.dashboards import with_prometheus
    from streams.grafana.push import FOLDER, push, push_folder, read_folder

    boards = read_folder(folder_of_files)
    if datasource is not None:
        boards = [with_prometheus(board, datasource) for board in boards]
    uid = folder or FOLDER
    with Grafana(load_settings().grafana) as grafana, _Report("dashboards", dry_run) as report:
        outcome, *shown = push_folder(grafana, uid, title, dry=dry_run)
        report.add(outcome, "folder", *shown, count=False)
        with Bar("pushing", len(boards)) as bar:
            for done, (outcome, *shown) in enumerate(push(grafana, boards, uid, dry=dry_run), 1):
                report.add(outcome, *shown)
                bar.update(done)


@command.command("annotate")
@click.argument("files", metavar="[FILE.jsonl...]", nargs=-1)
@click.option(
    "--worker",
    "workers",
    metavar="URL",
    multiple=True,
    help="Take notices from this live worker; may be given several times.",
)
@click.option("--no-polls", is_flag=True, help="Leave openings and closings of polls alone.")
@click.option("--pack", "where", metavar="DIR", help="Election pack. Default: the settings'.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
def annotate_command(
    *,
    files: tuple[str, ...],
    workers: tuple[str, ...],
    no_polls: bool,
    where: str | None,
    dry_run: bool,
) -> None:
    """Mark notices and polling hours on Grafana's time axes.

    The desk's notices are those of the events in FILEs ('-' is standard input, .gz is unpacked) or
    of live workers; polls open and close as the pack says. A corrected notice changes its
    annotation, a withdrawn one deletes it. Of everything else in the files, observers' reports
    above all, nothing goes to Grafana.
    """
    from streams.grafana.annotations import election_tags, plan
    from streams.grafana.client import Grafana

    if files and workers:
        raise click.UsageError("give either FILEs or --worker")
    if no_polls and not (files or workers):
        raise click.UsageError("--no-polls leaves nothing to do without FILEs or --worker")
    settings = load_settings()
    pack = load_pack(where if where is not None else settings.pack)
    wanted = _wanted(pack, _notices(pack, files, workers), polls=not no_polls)
    with Grafana(settings.grafana) as grafana, _Report("annotations", dry_run) as report:
        todo = plan(wanted, grafana.annotations(election_tags(pack.id)))
        report.count["unchanged"] = todo.unchanged
        with Bar("annotating", len(todo.changes)) as bar:
            for done, change in enumerate(todo.changes, 1):
                if not dry_run:
                    grafana.change(change)
                report.add(change.outcome, *_described(change))
                bar.update(done)


def _notices(pack: Pack, files: tuple[str, ...], workers: tuple[str, ...]) -> Notices:
    from streams.grafana.notices import Notices, from_events, from_workers
    from streams.worker.guard import token_of

    if workers:
        found = from_workers(pack, workers, token_of(load_settings().worker))
        if found.silent:
            numbers = ", ".join(map(str, sorted(found.silent)))
            click.echo(
                f"partitions {numbers} are live on no worker named here: the notices of their "
                "regions are left as they are",
                err=True,
            )
        return found
    if not files:
        return Notices()
    found, replay = from_events(pack, ((line.where, line.raw) for line in read_lines(files)))
    if rejected := replay.outcomes.get("rejected", 0):
        click.echo(
            f"rejected events: {rejected} of {replay.read}; `scrutineer replay --rejected` lists "
            "them",
            err=True,
        )
    return found


def _wanted(pack: Pack, notices: Notices, *, polls: bool) -> Wanted:
    from streams.grafana.annotations import Wanted, of_notices, of_polls

    annotations: list[Annotation] = list(of_notices(notices.rows, pack.id))
    if polls:
        annotations += of_polls(pack)
        unknown = [code for code in pack.region_codes() if not pack.polls(code)]
        if unknown:
            click.echo(f"polling hours not known: {', '.join(unknown)}", err=True)
    return Wanted(annotations, notices.withdrawn, notices.regions, polls)


def _described(change: Change) -> Iterator[str]:
    time, tags, text = change.annotation
    yield rfc3339(time * 1000)
    if region := region_of(tags):
        yield region
    flat = "".join(letter if letter.isprintable() else " " for letter in html.unescape(text))
    yield textwrap.shorten(flat, _SHOWN, placeholder=" …")


class _Report:
    """What was done, printed once nothing more is drawn: also when something goes wrong."""

    def __init__(self, what: str, dry: bool) -> None:
        self._what = what
        self._dry = dry
        self._lines: list[str] = []
        self.count: Counter[str] = Counter()

    def add(self, outcome: str, *shown: str, count: bool = True) -> None:
        """One of them, and what became of it."""
        told = _WOULD[outcome] if self._dry else outcome
        self._lines.append("  ".join((f"{told:12}", *shown)))
        self.count[outcome] += count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for line in self._lines:
            click.echo(line)
        if kind is None:
            told = ", ".join(f"{self.count[name]} {name}" for name in _WOULD if self.count[name])
            after = "; nothing was changed (--dry-run)" if self._dry else ""
            click.echo(f"{self._what}: {told or 'none'}{after}")
