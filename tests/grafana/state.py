"""Folders, dashboards and annotations as Grafana keeps them, and when it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

TAGS_LENGTH = 500
"""Grafana's default of annotations.tags_length."""
Item = dict[str, Any]


class RefusedError(Exception):
    """What Grafana answers instead of doing it."""

    def __init__(self, status: int, message: str, kind: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message} | ({"status": kind} if kind else {})


@dataclass
class Board:
    """``versions``: the models that were saved, the newest last."""

    id: int
    folder: str
    versions: list[Item]
    messages: list[str]
    provisioned: bool = False


@dataclass
class State:
    """``prefix``: the path that Grafana is served below."""

    prefix: str = ""
    folders: dict[str, Item] = field(default_factory=dict)
    boards: dict[str, Board] = field(default_factory=dict)
    annotations: dict[int, Item] = field(default_factory=dict)
    ids: count[int] = field(default_factory=lambda: count(1))

    def folder(self, uid: str) -> Item:
        """A folder."""
        if uid not in self.folders:
            raise RefusedError(404, "folder not found", "not-found")
        return self.folders[uid]

    def create_folder(self, asked: Item) -> Item:
        """A new folder; its uid must be nobody's."""
        number = next(self.ids)
        uid, title = asked.get("uid") or f"made{number}", asked["title"]
        if not title:
            raise RefusedError(400, "folder title cannot be empty")
        if uid in self.folders:
            raise RefusedError(409, "a folder/dashboard with the same uid already exists")
        url = f"{self.prefix}/dashboards/f/{uid}/{_slug(title)}"
        self.folders[uid] = {"id": number, "uid": uid, "title": title, "url": url, "version": 1}
        return self.folders[uid]

    def update_folder(self, uid: str, asked: Item) -> Item:
        """A folder's title, under its version or with `overwrite`."""
        known = self.folder(uid)
        if not asked.get("overwrite") and asked.get("version") != known["version"]:
            raise RefusedError(409, "the folder has been changed by someone else")
        known |= {"title": asked["title"], "version": known["version"] + 1}
        return known

    def dashboard(self, uid: str) -> Item:
        """The newest version of a dashboard, and what is known about it."""
        if uid not in self.boards:
            raise RefusedError(404, "Dashboard not found", "not-found")
        board = self.boards[uid]
        model = board.versions[-1]
        folder = self.folders.get(board.folder, {"title": "Dashboards"})
        return {
            "dashboard": model,
            "meta": {
                "url": self._url(model),
                "slug": _slug(model["title"]),
                "folderUid": board.folder,
                "folderTitle": folder["title"],
                "provisioned": board.provisioned,
                "version": model["version"],
                "isFolder": False,
            },
        }

    def save(self, asked: Item) -> Item:
        """A new dashboard, or a new version of the one with its uid."""
        model, folder = dict(asked["dashboard"]), asked.get("folderUid", "")
        if not model.get("title"):
            raise RefusedError(400, "Dashboard title cannot be empty", "empty-name")
        if folder and folder not in self.folders:
            raise RefusedError(400, "Folder not found")
        uid = model.get("uid") or f"made{next(self.ids)}"
        if len(uid) > 40:
            raise RefusedError(400, "uid too long, max 40 characters")
        known = self.boards.get(uid)
        if known is not None and known.provisioned:
            raise RefusedError(400, "Cannot save provisioned dashboard")
        newest = known.versions[-1]["version"] if known is not None else None
        if newest not in (None, model.get("version", 0)) and not asked.get("overwrite"):
            message = "The dashboard has been changed by someone else"
            raise RefusedError(412, message, "version-mismatch")
        if known is None:
            known = self.boards[uid] = Board(next(self.ids), folder, [], [])
        known.folder = folder
        stored = model | {"id": known.id, "uid": uid, "version": len(known.versions) + 1}
        known.versions.append(stored)
        known.messages.append(asked.get("message", ""))
        return {
            "id": known.id,
            "uid": uid,
            "url": self._url(stored),
            "status": "success",
            "version": stored["version"],
            "title": _slug(stored["title"]),
            "folderUid": folder,
        }

    def find(self, query: Iterable[tuple[str, str]]) -> list[Item]:
        """The newest annotations that carry all tags: 100, or as many as the query says."""
        asked = list(query)
        tags = set(parse_tags([value for name, value in asked if name == "tags"]))
        limit = int(next((value for name, value in asked if name == "limit"), "100"))
        found = [each for each in self.annotations.values() if tags <= set(each["tags"])]
        return sorted(found, key=lambda each: (-each["timeEnd"], -each["time"]))[:limit]

    def annotate(self, asked: Item) -> Item:
        """A new annotation, of no dashboard."""
        if not asked["text"]:
            raise RefusedError(400, "Failed to save annotation")
        number = next(self.ids)
        begin, end = asked.get("time", 0), asked.get("timeEnd", 0)
        if not begin and not end:
            raise RefusedError(400, "Failed to save annotation")
        item = {
            "id": number,
            "dashboardId": 0,
            "panelId": asked.get("panelId", 0),
            "time": begin or end,
            "timeEnd": end or begin,
            "tags": parse_tags(asked.get("tags", [])),
            "text": asked["text"],
        }
        self.annotations[number] = _checked(item)
        return {"id": number, "message": "Annotation added"}

    def patch(self, one: str, asked: Item) -> Item:
        """What was given of an annotation, where it is not empty."""
        known = self._annotation(one)
        new = {name: value for name, value in asked.items() if value}
        self.annotations[known["id"]] = _checked(known | new)
        return {"message": "Annotation patched"}

    def delete(self, one: str) -> Item:
        """An annotation is no more."""
        del self.annotations[self._annotation(one)["id"]]
        return {"message": "Annotation deleted"}

    def _annotation(self, one: str) -> Item:
        found = self.annotations.get(int(one))
        if found is None:
            raise RefusedError(404, "Could not find annotation")
        return found

    def _url(self, model: Item) -> str:
        return f"{self.prefix}/d/{model['uid']}/{_slug(model['title'])}"


def parse_tags(tags: Sequence[str]) -> list[str]:
    """Tags as Grafana keeps them: key and value, parted by a colon; no second of the same.

    What follows a second colon is lost.
    """
    kept: list[str] = []
    for tag in tags:
        key, *values = (part.strip(" ") for part in tag.split(":"))
        whole = f"{key}:{values[0]}" if values and values[0] else key
        if key and whole not in kept:
            kept.append(whole)
    return kept


def _checked(item: Item) -> Item:
    length = 2 + sum(len(tag.encode()) + 3 for tag in item["tags"])
    if length > TAGS_LENGTH:
        raise RefusedError(500, "Failed to save annotation: tags length exceeds the maximum")
    return item


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
