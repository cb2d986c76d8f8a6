"""From the bytes of a record to an accepted event or a rejection: total, it never raises.

A common event is decoded by what is derived from the models (``decoding``). Any other one is
validated by the models in one pass, and only when that fails taken apart again, to say which
reason of the closed list it is: the common case pays nothing for good error messages.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json

from schemas.admission import admit, sender
from schemas.decoding import quick_decoder
from schemas.envelope import EVENTS, MAX_EVENT_BYTES, Envelope, Event, event_adapter
from schemas.urgency import is_urgent
from schemas.verdict import Accepted, Origin, Reason, Rejected

if TYPE_CHECKING:
    from schemas.pack import Pack

MAX_DETAIL: Final = 1000
"""Longest detail of a rejection, in characters of ASCII or their escapes."""


_quick: Final = cache(quick_decoder)


@cache
def _validator() -> Callable[[bytes], Event]:
    validate: Callable[[bytes], Event] = event_adapter().validator.validate_json
    return validate


@cache
def _envelope() -> TypeAdapter[Envelope]:
    return TypeAdapter(Envelope)


def read(raw: bytes, origin: Origin | None, pack: Pack) -> Accepted | Rejected:
    """Accept or reject the event in ``raw`` (UTF-8 JSON, at most 64 KiB).

    Without an ``origin`` (a file) what needs one is not checked: the topic's authority, the
    partition, times in the future. Duplicate keys of an object: the last one counts.
    """
    verdict = _read(raw, origin, pack)
    if verdict.__class__ is Rejected and is_urgent(raw, verdict.type):
        return verdict._replace(urgent=True)
    return verdict


def _read(raw: bytes, origin: Origin | None, pack: Pack) -> Accepted | Rejected:
    if len(raw) > MAX_EVENT_BYTES:
        detail = f"{len(raw)} bytes, allowed are {MAX_EVENT_BYTES}"
        return Rejected("too_large", detail, None)
    if (event := _quick()(raw)) is not None:
        return admit(event, origin, pack)
    return read_by_models(raw, origin, pack)


def read_by_models(raw: bytes, origin: Origin | None, pack: Pack) -> Accepted | Rejected:
    """``read`` of at most 64 KiB by pydantic alone: the contract, and all that can explain itself.

    What ``read`` says of any event that it decodes quickly is the same.
    """
    # The parser lets NaN and Infinity pass in extension attributes; JSON has neither. Looking for
    # one byte is several times faster than for a word.
    if (b"N" in raw or b"I" in raw) and (problem := _not_json(raw)):
        return _reject("not_json", problem, None)
    if raw.count(b'":') > MOST_MEMBERS and (crowd := _crowd(raw)) is not None:
        return _diagnose(raw, crowd, origin, pack)
    try:
        event = _validator()(raw)
    except ValidationError as error:
        return _diagnose(raw, error, origin, pack)
    return admit(event, origin, pack)


MOST_MEMBERS: Final = 1000
"""Contestants that a protocol may have; more fields than that has no type of event."""


def _crowd(raw: bytes) -> str | None:
    """What of an event has more members than any may have, before each of them is complained of.

    Thousands of complaints cost more than the event is long.
    """
    try:
        value: Any = from_json(raw)
    except ValueError:
        return None
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, dict):
        return None
    for name, part in (("data", data), ("data.votes", data.get("votes"))):
        if isinstance(part, dict) and len(part) > MOST_MEMBERS:
            return f"{name}: {len(part)} members, allowed are {MOST_MEMBERS}"
    return None


def _not_json(raw: bytes) -> str | None:
    """What keeps ``raw`` from being JSON, by the standard library's strict reading."""
    if b"NaN" not in raw and b"Infinity" not in raw:
        return None

    def refuse(name: str) -> NoReturn:
        raise ValueError(f"{name} is not JSON")

    try:
        json.loads(raw, parse_constant=refuse, parse_int=str)
    except RecursionError:
        return "nested too deeply"
    except ValueError as error:  # also UnicodeDecodeError and JSONDecodeError
        return str(error)
    return None


def _diagnose(
    raw: bytes, error: ValidationError | str, origin: Origin | None, pack: Pack
) -> Accepted | Rejected:
    """The reason, in the order of the closed list, why ``raw`` did not validate."""
    try:
        value: Any = from_json(raw, allow_inf_nan=False)
    except ValueError as problem:
        return _reject("not_json", str(problem), None)
    if not isinstance(value, dict):
        return _reject("bad_envelope", "the event is not a JSON object", None)
    name = value.get("type")
    if not isinstance(name, str):
        return _reject("bad_envelope", "type: a string is required", None)
    try:
        envelope = _envelope().validate_json(raw)
    except ValidationError as problems:
        return _reject("bad_envelope", _messages(problems.errors(**_BRIEF), 0), name)
    if name not in EVENTS:
        return _reject("unknown_type", f"type: '{name}' is not in the catalogue", name)
    if (refusal := sender(name, envelope, origin, pack)) is not None:
        return refusal
    told = error if isinstance(error, str) else _messages(error.errors(**_BRIEF), 1)
    return _reject("invalid_data", told, name)


_BRIEF: Final[dict[str, Any]] = {
    "include_url": False,
    # The wrong value stays out of details: it may be personal, and it is in the letter anyway.
    "include_input": False,
    "include_context": False,
}


def _messages(errors: list[ErrorDetails], skip: int) -> str:
    """The first errors as ``path: what``; ``skip`` parts of each path name the union's branch."""
    shown = [_message(error, skip) for error in errors[:4]]
    if len(errors) > len(shown):
        shown.append(f"and {len(errors) - len(shown)} more")
    return "; ".join(shown)


def _message(error: ErrorDetails, skip: int) -> str:
    path = ".".join(str(part) for part in error["loc"][skip:]) or "event"
    text = error["msg"].removeprefix("Value error, ")
    if error["type"] == "unexpected_keyword_argument":
        text = "unknown field"
    return f"{path}: {text}"


def _reject(reason: Reason, detail: str, name: str | None) -> Rejected:
    """A rejection whose texts are short and printable whatever the event held."""
    return Rejected(reason, _printable(detail)[:MAX_DETAIL], name and _printable(name)[:128])


def _printable(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode().translate(_CONTROLS)


_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
