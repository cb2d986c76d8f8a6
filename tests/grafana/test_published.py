"""Our contract agrees with the OpenAPI document that Grafana publishes, where there is a copy.

That document is not ours to carry. `GRAFANA_OPENAPI` names a copy: `public/openapi3.json` of
Grafana's source, of the version that our contract gives as its own. Without one the comparison is
skipped.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.grafana.contract import document

VARIABLE = "GRAFANA_OPENAPI"
METHODS = ("get", "post", "put", "patch", "delete")
Node = dict[str, Any]


def disagreements(ours: Node, theirs: Node) -> Iterator[str]:
    """Where a request that fits ours may not fit theirs, or an answer of theirs is not as ours."""
    paths = {_unnamed(path): item for path, item in theirs["paths"].items()}
    for path, item in ours["paths"].items():
        published = paths.get(_unnamed(path), {})
        for method in (method for method in METHODS if method in item):
            if method not in published:
                yield f"{method} {path}: is not published"
                continue
            where = f"{method} {path}"
            mine, other = item[method], published[method]
            yield from _query(where, mine, other)
            yield from _bodies(f"{where} request", (ours, mine), (theirs, other))
            for status, answer in mine["responses"].items():
                if status not in other["responses"]:
                    yield f"{where} {status}: is not published"
                    continue
                sides = (ours, answer), (theirs, other["responses"][status])
                yield from _schemas(f"{where} {status}", *(_schema(*side) for side in sides))


def _query(where: str, mine: Node, other: Node) -> Iterator[str]:
    known = {each["name"]: each["schema"] for each in other.get("parameters", [])}
    for each in mine.get("parameters", []):
        if each["name"] not in known:
            yield f"{where} ?{each['name']}: is not published"
        else:
            yield from _schemas(f"{where} ?{each['name']}", each["schema"], known[each["name"]])


def _bodies(where: str, mine: tuple[Node, Node], other: tuple[Node, Node]) -> Iterator[str]:
    ours, theirs = (side[1].get("requestBody") for side in (mine, other))
    if (ours is None) != (theirs is None):
        yield f"{where}: only one has a body"
    elif ours is not None and theirs is not None:
        yield from _schemas(where, _schema(mine[0], ours), _schema(other[0], theirs))


def _schemas(where: str, mine: Node, other: Node) -> Iterator[str]:
    if mine.get("type") != other.get("type"):
        yield f"{where}: {mine.get('type')}, published {other.get('type')}"
        return
    if missing := set(other.get("required", ())) - set(mine.get("required", ())):
        yield f"{where}: published as required: {', '.join(sorted(missing))}"
    known = other.get("properties", {})
    for name, inner in mine.get("properties", {}).items():
        if name not in known:
            yield f"{where}.{name}: is not published"
        else:
            yield from _schemas(f"{where}.{name}", inner, known[name])
    if "items" in mine:
        yield from _schemas(f"{where}[]", mine["items"], other.get("items", {}))


def _schema(document: Node, holder: Node) -> Node:
    """The JSON schema of a request body or response, its references replaced."""
    content = _whole(document, holder)["content"]["application/json"]["schema"]
    assert isinstance(content, dict)
    return content


def _whole(document: Node, node: Any, depth: int = 0) -> Any:
    if isinstance(node, list):
        return [_whole(document, each, depth) for each in node]
    if not isinstance(node, dict) or depth > 12:  # a folder holds folders
        return node
    if "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return _whole(document, found, depth + 1)
    return {name: _whole(document, value, depth) for name, value in node.items()}


def _unnamed(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_it_agrees_with_the_published_one() -> None:
    """Paths, methods, parameters, fields, types, what is required, and statuses."""
    where = os.environ.get(VARIABLE)
    if not where:
        pytest.skip(f"no copy of Grafana's OpenAPI document: name one in {VARIABLE}")
    published = json.loads(Path(where).read_text(encoding="utf-8"))
    found = list(disagreements(document(), published))
    assert not found, "\n".join(found)


def _annotation(paths: Node) -> Node:
    body = paths["/annotations"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert isinstance(body, dict)
    return body


CHANGES: dict[str, Callable[[Node], Any]] = {
    "get /annotations: is not published": lambda paths: paths["/annotations"].pop("get"),
    "patch /annotations/{annotation_id}: is not published": lambda paths: paths.pop(
        "/annotations/{annotation_id}"
    ),
    "post /annotations request.time: integer, published string": lambda paths: _annotation(paths)[
        "properties"
    ].update(time={"type": "string"}),
    "post /annotations request.text: is not published": lambda paths: _annotation(paths)[
        "properties"
    ].pop("text"),
    "post /annotations request: published as required: tags": lambda paths: _annotation(
        paths
    ).update(required=["tags", "text"]),
    "get /annotations ?limit: is not published": lambda paths: paths["/annotations"]["get"][
        "parameters"
    ].pop(1),
    "post /dashboards/db 412: is not published": lambda paths: paths["/dashboards/db"]["post"][
        "responses"
    ].pop("412"),
}


@pytest.mark.parametrize("told", CHANGES)
def test_a_disagreement_is_seen(told: str) -> None:
    """The comparison finds nothing between equals, and what was changed otherwise."""
    other = copy.deepcopy(document())
    assert not list(disagreements(document(), other))
    CHANGES[told](other["paths"])
    assert told in list(disagreements(document(), other))
