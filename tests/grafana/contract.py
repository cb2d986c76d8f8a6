"""The contract of Grafana's HTTP API, and what of a request or an answer breaks it."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

DOCUMENT = Path(__file__).parent / "openapi.yaml"


class Asked(NamedTuple):
    """A request as it came: path with its `/api`, query and headers as sent."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Message
    body: bytes


class Answer(NamedTuple):
    """A status and a JSON-ready body."""

    status: int
    body: Any


@cache
def document() -> dict[str, Any]:
    """The contract as it is written."""
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return loaded


@cache
def _contract() -> OpenAPI:
    return OpenAPI.from_dict(document())


def _request(asked: Asked) -> MockRequest:
    query: dict[str, list[str]] = {}
    for name, value in asked.query:
        query.setdefault(name, []).append(value)
    return MockRequest(
        "http://grafana.invalid",
        asked.method,
        asked.path,
        args=query,
        headers=dict(asked.headers),
        data=asked.body,
        content_type=asked.headers.get("Content-Type", ""),
    )


def faults(asked: Asked, answer: Answer | None, raw: bytes = b"") -> list[str]:
    """What in a request, or in the answer to it, is not in the contract."""
    what = f"{asked.method} {asked.path}"
    try:
        if answer is None:
            _contract().validate_request(_request(asked))
            return [f"{what}: query {name}" for name in _unknown(asked)]
        response = MockResponse(raw, answer.status)
        _contract().validate_response(_request(asked), response)
    except OpenAPIError as error:
        causes = getattr(error.__cause__, "schema_errors", None) or [error.__cause__ or error]
        said = "; ".join(getattr(cause, "message", str(cause)) for cause in causes)
        side = "the request" if answer is None else f"the answer {answer.status}"
        return [f"{what}: {side}: {type(error).__name__}: {said}"]
    return []


def _unknown(asked: Asked) -> list[str]:
    """Names in the query that the operation does not have: a server would ignore them."""
    found = document()["paths"].get(asked.path.removeprefix("/api"), {})
    operation = found.get(asked.method.lower(), {})
    known = {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"}
    return sorted({name for name, _ in asked.query} - known)
