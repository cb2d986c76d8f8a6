"""A quick decoder of events, derived from their models when it is first used.

pydantic's models are the contract, and what they refuse only they explain. This reads a common
event into the same objects in a fraction of the time: msgspec parses the JSON and checks types,
bounds and lists of values in one go, by structs made from the models' fields; patterns, times and
the models' own rules between fields are checked on what that gives. Whatever it is not sure of it
leaves to pydantic, extension attributes for one: it may give up on an event that is good, but
never accept one, or understand one otherwise, where pydantic does not.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from functools import cache, lru_cache
from hashlib import sha256
from types import NoneType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import Ge, Le
from msgspec import NODEFAULT, Meta, MsgspecError, defstruct
from msgspec.json import Decoder
from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from schemas.envelope import EVENTS, Event
from schemas.fields import MAX_TEXT, Code, Pairs, Rfc3339, TextDigest, moment_of, pairs
from schemas.filling import EVENT, FILLS

KEPT: Final = 16_384
"""Strings of a kind that are kept because they come again: stations, observers, sources."""

Mend = Callable[[Any], Any]
"""From what JSON has to what a model has, checked. ValueError: it is not one."""


class UnknownFieldError(TypeError):
    """A model has a field of a kind that cannot be derived: pydantic reads its events alone."""


class Kind(NamedTuple):
    """How a field is decoded. ``mend``: what is still to be done; None: nothing."""

    struct: Any
    mend: Mend | None = None
    optional: bool = False


def quick_decoder() -> Callable[[bytes], Event | None]:
    """A function from JSON to the event in it, None where pydantic must be asked."""
    makers: dict[type, Mend] = {}
    for name, (model, _) in EVENTS.items():
        try:
            struct, make, _ = _made(model, tag_field="type", tag=name)
        except UnknownFieldError:
            continue
        assert make is not None
        makers[struct] = make
    decode = Decoder(Union[tuple(makers)]).decode  # noqa: UP007 - made from a list

    def read(raw: bytes) -> Event | None:
        try:
            found = decode(raw)
            made: Event = makers[found.__class__](found)
        except (MsgspecError, ValueError, RecursionError):
            return None
        return made

    return read


def kinds_of(model: Any) -> dict[str, Kind]:
    """How each field of a model is decoded. UnknownFieldError: one of them cannot be."""
    fields: dict[str, FieldInfo] = model.__pydantic_fields__
    return {
        key: _kind(key, field.annotation, tuple(field.metadata)) for key, field in fields.items()
    }


def _made(model: Any, **more: str) -> Kind:
    """The struct of a model, and what makes the model of it: of an event, of ``data``, inside it.

    A frozen object is slow to fill. So one of a subclass that is not frozen is, and then becomes
    one of the model, as classes with the same slots may.
    """
    kinds = kinds_of(model)
    mends = {key: kind.mend for key, kind in kinds.items() if kind.mend is not None}
    if more:
        kinds.pop("type")  # that is the tag, which no struct has a field for
    ways = {
        # Both, or CPython goes through the frozen one's for each attribute: ten times slower.
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    open_ = type(model.__name__, (model,), {"__slots__": (), **ways})
    fill = FILLS.get(EVENT if more else model.__name__, _unknown)
    struct = _struct(model.__name__, model.__pydantic_fields__, kinds, **more)
    return Kind(struct, fill(open_, model, mends))


def _unknown(*_: object) -> Mend:
    """Of a model that was added since `make docs`: pydantic makes it."""

    def fill(_: object) -> None:
        raise ValueError

    return fill


def _struct(name: str, fields: dict[str, FieldInfo], kinds: dict[str, Kind], **more: Any) -> type:
    """What msgspec decodes into."""
    return defstruct(
        name,
        [
            (key, kinds[key].struct, NODEFAULT if field.is_required() else field.default)
            for key, field in fields.items()
            if key in kinds
        ],
        rename={key: fields[key].alias or key for key in kinds},
        namespace={"type": more.get("tag")},
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,
        **more,
    )


def _kind(name: str, annotation: Any, metadata: tuple[Any, ...]) -> Kind:
    """How a field of that name, type and what is annotated to it is decoded."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(name, inner[0], (*_flat(inner[1:]), *metadata))
    if NoneType in inner:
        (there,) = (each for each in inner if each is not NoneType)
        kind = _kind(name, there, metadata)
        return Kind(kind.struct | None, kind.mend, optional=True)
    for each in metadata:
        if each is Rfc3339:
            return Kind(str, moment_of)
        if isinstance(each, Pairs):
            return _pairs_kind(name, each)
    if origin is Literal:
        return Kind(annotation)
    return _plain_kind(name, annotation, metadata)


def _flat(metadata: tuple[Any, ...]) -> list[Any]:
    """What is annotated, what pydantic's ``Field`` says included."""
    parts = (each.metadata if isinstance(each, FieldInfo) else [each] for each in metadata)
    return [one for part in parts for one in part]


def _plain_kind(name: str, annotation: Any, metadata: tuple[Any, ...]) -> Kind:
    if annotation is bool and not metadata:
        return Kind(bool)
    if annotation is int and {each.__class__ for each in metadata} <= {Ge, Le}:
        bounds: dict[str, Any] = {}
        for each in metadata:
            bounds |= {"ge": each.ge} if isinstance(each, Ge) else {"le": each.le}
        return Kind(Annotated[int, Meta(**bounds)])
    if annotation is str and len(metadata) == 1 and isinstance(metadata[0], StringConstraints):
        return _text_kind(name, metadata[0])
    if annotation is TextDigest:
        return Kind(Annotated[str, Meta(max_length=MAX_TEXT)], _digest)
    if dataclasses.is_dataclass(annotation) and not metadata:
        return _made(annotation)
    raise UnknownFieldError(name)


_PRINTABLE: Final = re.compile(r"\^\[!-~\]\{1,[0-9]+\}\$")
_ONE_CLASS: Final = re.compile(r"\^\[[^]]+\]\{([0-9]+),([0-9]+)\}\$")
"""Patterns of so many characters of one class."""


def _text_kind(name: str, rules: StringConstraints) -> Kind:
    """Text of a pattern or of a length."""
    pattern = rules.pattern
    if rules != StringConstraints(
        pattern=pattern, min_length=rules.min_length, max_length=rules.max_length
    ):
        raise UnknownFieldError(name)
    if pattern is None:
        return Kind(Annotated[str, Meta(min_length=rules.min_length, max_length=rules.max_length)])
    if not isinstance(pattern, str) or rules.min_length or rules.max_length:
        raise UnknownFieldError(name)
    # What names one thing does not come again; anything else is checked, and kept, once.
    once = name in {"id", "subject"} or name.endswith("_id")
    if (found := _ONE_CLASS.fullmatch(pattern)) and _PRINTABLE.fullmatch(pattern):
        length = Meta(min_length=int(found[1]), max_length=int(found[2]))
        return Kind(Annotated[str, length], _printable if once else _kept_printable)
    return Kind(str, _checked(pattern) if once else _kept(pattern))


def _printable(text: str) -> str:
    """ASCII that shows, without blanks: ``[!-~]``."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    raise ValueError(text)


_kept_printable: Final = lru_cache(maxsize=KEPT)(_printable)


def _digest(text: str) -> TextDigest:
    return TextDigest(sha256(text.encode()).digest())


def _checked(pattern: str) -> Mend:
    match = re.compile(pattern).fullmatch

    def check(text: str) -> str:
        if match(text) is None:
            raise ValueError(text)
        return text

    return check


@cache
def _kept(pattern: str) -> Mend:
    return lru_cache(maxsize=KEPT)(_checked(pattern))


def _pairs_kind(name: str, each: Pairs) -> Kind:
    """A JSON object as pairs."""
    code, value = _kind(f"{name} of", Code, ()), _kind(name, each.values, ())
    if code.mend is None or value.mend is not None:
        raise UnknownFieldError(name)
    check = code.mend

    def mend(mapping: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
        return pairs(mapping, check)

    members: Any = dict.__class_getitem__((str, value.struct))
    return Kind(Annotated[members, Meta(max_length=each.most)], mend)
