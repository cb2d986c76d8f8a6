"""A server with the folders, dashboards and annotations of Grafana's HTTP API, on loopback.

It keeps state and refuses what Grafana refuses: unknown tokens, tokens without the right, saves
over somebody else's, tags that are too long. Each request and each answer is held against the
contract; what breaks it is listed, and answered with a 500.
"""

from __future__ import annotations

import json
import re
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.grafana.contract import Answer, Asked, faults
from tests.grafana.state import RefusedError, State

EDITOR = "glsa_editor-0123456789abcdef"
VIEWER = "glsa_viewer-0123456789abcdef"

Route = Callable[[State, Asked, str], Any]

ROUTES: list[tuple[str, str, Route]] = [
    ("POST", "/folders", lambda state, asked, _: state.create_folder(_json(asked))),
    ("GET", "/folders/(.+)", lambda state, _, uid: state.folder(uid)),
    ("PUT", "/folders/(.+)", lambda state, asked, uid: state.update_folder(uid, _json(asked))),
    ("POST", "/dashboards/db", lambda state, asked, _: state.save(_json(asked))),
    ("GET", "/dashboards/uid/(.+)", lambda state, _, uid: state.dashboard(uid)),
    ("GET", "/annotations", lambda state, asked, _: state.find(asked.query)),
    ("POST", "/annotations", lambda state, asked, _: state.annotate(_json(asked))),
    ("PATCH", "/annotations/(.+)", lambda state, asked, one: state.patch(one, _json(asked))),
    ("DELETE", "/annotations/(.+)", lambda state, _, one: state.delete(one)),
]


class Grafana(ThreadingHTTPServer):
    """``state``: what it holds. ``seen``: the requests. ``faults``: what broke the contract.

    ``before`` is called with each request before it is carried out: whatever else happens then.
    ``raw``, where it is set, answers instead: status, headers and body of something else.
    """

    daemon_threads = True

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.state = State(prefix)
        self.seen: list[Asked] = []
        self.faults: list[str] = []
        self.before: Callable[[Asked], None] = lambda _: None
        self.raw: tuple[int, dict[str, str], bytes] | None = None
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may hang up on a long answer: that is no error of the server's."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def writes(self) -> list[Asked]:
        """The requests that were to change something."""
        return [asked for asked in self.seen if asked.method != "GET"]

    def answer(self, asked: Asked) -> Answer:
        """What Grafana answers, without the contract."""
        role = {EDITOR: "editor", VIEWER: "viewer"}.get(
            asked.headers.get("Authorization", "").removeprefix("Bearer ")
        )
        if role is None:
            return Answer(401, {"message": "Invalid API key"})
        if asked.headers.get("X-Grafana-Org-Id", "1") != "1":
            return Answer(401, {"message": "Unauthorized"})
        if role == "viewer" and asked.method != "GET":
            return Answer(403, {"message": "You'll need additional permissions"})
        for method, pattern, route in ROUTES:
            path = re.fullmatch(pattern, asked.path.removeprefix("/api"))
            if path and method == asked.method:
                try:
                    return Answer(200, route(self.state, asked, path[1] if path.groups() else ""))
                except RefusedError as refused:
                    return Answer(refused.status, refused.body)
        return Answer(404, {"message": "Not found"})


class _Handler(BaseHTTPRequestHandler):
    server: Grafana
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        url = urlsplit(self.path)
        query = parse_qsl(url.query, keep_blank_values=True)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = url.path.removeprefix(self.server.prefix)
        asked = Asked(self.command, path, query, self.headers, body)
        self.server.seen.append(asked)
        if self.server.raw is not None:
            self._send(*self.server.raw)
            return
        self.server.before(asked)
        wrong = faults(asked, None)
        answer = Answer(500, {"message": "broken contract"}) if wrong else self.server.answer(asked)
        raw = json.dumps(answer.body).encode()
        wrong += faults(asked, answer, raw) if not wrong else []
        self.server.faults += wrong
        self._send(answer.status, {"Content-Type": "application/json"}, raw)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815


def _json(asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asked.body)
    return found


@contextmanager
def serving(prefix: str = "", certificate: tuple[Path, Path] | None = None) -> Iterator[Grafana]:
    """A server that answers, below ``prefix``, with TLS where there is a ``certificate``."""
    with Grafana(prefix) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
