"""The contract can fail, and the server behind it refuses what Grafana refuses."""

from __future__ import annotations

import json
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.grafana.contract import Answer, Asked, faults
from tests.grafana.server import EDITOR, VIEWER, Grafana

BOARD = {"uid": "room", "title": "Room", "panels": []}
NOTE = {"panelId": 0, "time": 1, "timeEnd": 1, "tags": ["scrutineer"], "text": "x"}


def asked(method: str, path: str, body: Any = None, token: str | None = EDITOR) -> Asked:
    """A request of ours."""
    headers = Message()
    headers["Content-Type"] = "application/json"
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    address, _, query = path.partition("?")
    raw = b"" if body is None else json.dumps(body).encode()
    return Asked(method, f"/api{address}", parse_qsl(query), headers, raw)


@pytest.mark.parametrize(
    "request_",
    [
        asked("GET", "/folders/x"),
        asked("POST", "/folders", {"uid": "x", "title": "X"}),
        asked("POST", "/dashboards/db", {"dashboard": BOARD, "overwrite": False}),
        asked("GET", "/annotations?tags=a&tags=b:c&limit=10"),
        asked("POST", "/annotations", NOTE),
        asked("PATCH", "/annotations/7", {"time": 2, "timeEnd": 2, "tags": [], "text": "y"}),
        asked("DELETE", "/annotations/7"),
    ],
    ids=lambda each: f"{each.method} {each.path}",
)
def test_a_request_that_fits(request_: Asked) -> None:
    """Else everything would break the contract."""
    assert faults(request_, None) == []


@pytest.mark.parametrize(
    "request_",
    [
        asked("GET", "/folder/x"),
        asked("PUT", "/annotations/7", NOTE),
        asked("POST", "/annotations", NOTE | {"panelId": None}),
        asked("POST", "/annotations", NOTE | {"time": "1"}),
        asked("POST", "/annotations", NOTE | {"colour": "red"}),
        asked("POST", "/annotations", {"time": 1}),
        asked("POST", "/annotations"),
        asked("GET", "/annotations?tag=a"),
        asked("GET", "/annotations?limit=all"),
        asked("POST", "/folders", {"uid": "x"}),
        asked("POST", "/dashboards/db", BOARD),
        asked("GET", "/folders/x", token=None),
    ],
    ids=lambda each: f"{each.method} {each.path} {each.body[-30:]!r}",
)
def test_a_request_that_breaks_it(request_: Asked) -> None:
    """A wrong path, method, type, name, a null, something missing, nobody's name."""
    assert len(faults(request_, None)) == 1


@pytest.mark.parametrize(
    ("answer", "breaks"),
    [
        (Answer(200, {"id": 1, "message": "Annotation added"}), False),
        (Answer(403, {"message": "no"}), False),
        (Answer(200, {"id": "1", "message": "Annotation added"}), True),
        (Answer(200, {"message": "Annotation added"}), True),
        (Answer(200, {"id": 1, "message": "Annotation added", "mood": "good"}), True),
        (Answer(403, {"error": "no"}), True),
        (Answer(418, {"message": "no"}), True),
    ],
)
def test_answers_are_held_against_it_too(answer: Answer, breaks: bool) -> None:
    """A server that says what Grafana does not say proves nothing."""
    raw = json.dumps(answer.body).encode()
    assert bool(faults(asked("POST", "/annotations", NOTE), answer, raw)) == breaks


@pytest.fixture
def server() -> Any:
    """Without anybody listening: requests are put to it directly."""
    with Grafana() as made:
        yield made


def test_the_server_keeps_versions(server: Grafana) -> None:
    """A save over another one's version is refused, unless it is to overwrite."""
    save = {"dashboard": BOARD, "folderUid": "", "overwrite": False}
    assert server.answer(asked("POST", "/dashboards/db", save)).body["version"] == 1
    refused = server.answer(asked("POST", "/dashboards/db", save))
    assert (refused.status, refused.body["status"]) == (412, "version-mismatch")
    newer = save | {"dashboard": BOARD | {"version": 1}}
    assert server.answer(asked("POST", "/dashboards/db", newer)).body["version"] == 2
    forced = save | {"overwrite": True}
    assert server.answer(asked("POST", "/dashboards/db", forced)).body["version"] == 3
    lost = server.answer(asked("POST", "/dashboards/db", save | {"folderUid": "nowhere"}))
    assert lost.status == 400


def test_the_server_knows_who_may_what(server: Grafana) -> None:
    """Nobody, a reader, a writer."""
    make = {"uid": "x", "title": "X"}
    assert server.answer(asked("POST", "/folders", make, token="glsa_nobody")).status == 401
    assert server.answer(asked("POST", "/folders", make, token=VIEWER)).status == 403
    assert server.answer(asked("POST", "/folders", make)).status == 200
    assert server.answer(asked("POST", "/folders", make)).status == 409
    assert server.answer(asked("GET", "/folders/x", token=VIEWER)).body["title"] == "X"
    assert server.answer(asked("GET", "/folders/y")).status == 404


def test_the_server_keeps_annotations_by_tags(server: Grafana) -> None:
    """All tags must be there; a second colon cuts; too many are refused; a hundred are told."""
    tags = ["a", "b:c:d", "a", " e : f "]
    made = server.answer(asked("POST", "/annotations", NOTE | {"tags": tags})).body["id"]
    found = server.answer(asked("GET", "/annotations?tags=a&tags=b:c")).body
    assert [(each["id"], each["tags"]) for each in found] == [(made, ["a", "b:c", "e:f"])]
    assert server.answer(asked("GET", "/annotations?tags=a&tags=z")).body == []
    many = NOTE | {"tags": [f"tag:{number:020}" for number in range(30)]}
    assert server.answer(asked("POST", "/annotations", many)).status == 500
    server.answer(asked("PATCH", f"/annotations/{made}", {"text": "new", "tags": ["a"]}))
    (changed,) = server.answer(asked("GET", "/annotations?tags=a")).body
    assert (changed["text"], changed["tags"], changed["time"]) == ("new", ["a"], 1)
    for _ in range(120):
        server.answer(asked("POST", "/annotations", NOTE))
    assert len(server.answer(asked("GET", "/annotations")).body) == 100
    assert len(server.answer(asked("GET", "/annotations?limit=200")).body) == 121
    server.answer(asked("DELETE", f"/annotations/{made}"))
    assert server.answer(asked("GET", "/annotations?tags=a")).body == []
