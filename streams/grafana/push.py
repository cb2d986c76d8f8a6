"""Dashboards of a folder of files, brought to Grafana."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from streams.errors import UserError
from streams.grafana.client import Grafana
from streams.grafana.dashboards import UID, Dashboard, NotADashboardError, parse, same

FOLDER: Final = "scrutineer"
TITLE: Final = "Scrutineer"

Outcome = Literal["created", "updated", "unchanged"]


class Pushed(NamedTuple):
    """What became of a dashboard or of the folder, and where it is."""

    outcome: Outcome
    title: str
    url: str


def read_folder(folder: Path) -> list[Dashboard]:
    """The dashboards in the JSON files of ``folder``, by file name.

    UserError: there is none, a file is no dashboard, or two have the same uid.
    """
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    if not files:
        what = "has no *.json files" if folder.is_dir() else "is not a folder"
        raise UserError(
            f"{folder}: {what}: name the folder with the dashboards, as "
            "`scrutineer grafana push DIR`"
        )
    found: dict[str, tuple[Path, Dashboard]] = {}
    for path in files:
        try:
            board = parse(path.read_bytes())
        except OSError as error:
            raise UserError(f"{path}: cannot be read: {error.strerror}") from None
        except NotADashboardError as error:
            raise UserError(f"{path} is no dashboard: {error}") from None
        if board.uid in found:
            raise UserError(f"{path}: its uid {board.uid} is that of {found[board.uid][0]} too")
        found[board.uid] = path, board
    return [board for _, board in found.values()]


def push_folder(grafana: Grafana, uid: str, title: str | None, *, dry: bool) -> Pushed:
    """See to it that the folder is there, and bears ``title`` if one is given.

    UserError: it is missing and has no title to be made with, or ``uid`` can be none. ``dry``:
    change nothing.
    """
    if not UID.fullmatch(uid):
        raise UserError(
            f"--folder {uid}: it is a uid, of 1 to 40 letters, digits, - and _: the end of the "
            "folder's address, not its title"
        )
    known = grafana.folder(uid)
    url = grafana.page(f"/dashboards/f/{uid}")
    if known is None:
        new = title or (TITLE if uid == FOLDER else None)
        if new is None:
            raise UserError(
                f"Grafana at {grafana.address} has no folder {uid}: give the uid of one that is "
                "there (the end of its address), or --folder-title to have it made"
            )
        if not dry:
            grafana.create_folder(uid, new)
        return Pushed("created", new, url)
    if title is not None and title != known:
        if not dry:
            grafana.rename_folder(uid, title)
        return Pushed("updated", title, url)
    return Pushed("unchanged", known, url)


def push(
    grafana: Grafana, boards: Sequence[Dashboard], folder: str, *, dry: bool
) -> Iterator[Pushed]:
    """Save the dashboards that differ from what Grafana has, one after the other.

    UserError at the first that can't be; those before it are saved. ``dry``: change nothing.
    """
    for board in boards:
        found = grafana.dashboard(board.uid)
        if found is None:
            url = grafana.page(f"/d/{board.uid}")
            yield Pushed("created", board.title, url if dry else grafana.save(board, folder, None))
        elif same(board, found.model) and found.meta.folder == folder:
            yield Pushed("unchanged", board.title, grafana.page(found.meta.url))
        elif found.meta.provisioned:
            raise UserError(
                f"dashboard {board.uid} is one that Grafana at {grafana.address} reads from a file "
                "of its own (provisioning), and it lets nobody else change it: update that file, "
                "or take it out of Grafana's provisioning"
            )
        else:
            url = grafana.page(found.meta.url)
            saved = url if dry else grafana.save(board, folder, found.version)
            yield Pushed("updated", board.title, saved)
