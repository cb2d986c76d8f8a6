"""What a new schema breaks for those who send events by the old one.

Careful rather than clever: a pattern that changed counts as broken, since no program can tell
whether it allows at least as much. Whatever keyword is not known here counts as broken too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.contracts.documents import Schema, resolved

_WORDS = frozenset(
    {"title", "description", "default", "examples", "$id", "$schema", "$defs", "$comment"}
)
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxProperties", "maxItems")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minProperties", "minItems")
_FORMS = ("pattern", "format", "multipleOf")
_RULES = ("allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas")
_KNOWN = {
    *_WORDS,
    *_UPPER,
    *_LOWER,
    *_FORMS,
    *_RULES,
    "type",
    "enum",
    "const",
    "anyOf",
    "required",
    "properties",
    "patternProperties",
    "additionalProperties",
}


def broken(old: Schema, new: Schema) -> list[str]:
    """Each break as ``path: what``; empty when every event of ``old`` is one of ``new``."""
    return list(_breaks(old, new, old, new, "event"))


def topics_broken(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What a new AsyncAPI document breaks: types gone, types moved to another topic."""
    before, after = _topics(old), _topics(new)
    found = []
    for type_, topic in before.items():
        if type_ not in after:
            found.append(f"{type_}: type removed")
        elif after[type_] != topic:
            found.append(f"{type_}: moved from {topic} to {after[type_]}")
    return found


def _topics(document: Mapping[str, Any]) -> dict[str, str]:
    channels = document["channels"].values()
    return {type_: channel["address"] for channel in channels for type_ in channel["messages"]}


def _breaks(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str
) -> Iterator[str]:
    old, new = resolved(old, old_root), resolved(new, new_root)
    if unknown := (old.keys() | new.keys()) - _KNOWN:
        yield f"{path}: keywords that the comparison does not know: {sorted(unknown)}"
    if "type" not in old and "anyOf" in old:
        for variant in old["anyOf"]:
            yield from _variant(variant, new, old_root, new_root, path)
        return
    if "type" not in new and "anyOf" in new:
        yield from _variant(old, new, old_root, new_root, path)
        return
    if old.get("type") != new.get("type"):
        yield f"{path}: was {old.get('type')}, now {new.get('type')}"
        return
    yield from _values(old, new, path)
    yield from _bounds(old, new, path)
    yield from _rules(old, new, path)
    if old.get("type") == "object":
        yield from _object(old, new, old_root, new_root, path)


def _variant(
    variant: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str
) -> Iterator[str]:
    """``variant`` must fit one of the alternatives of ``new``."""
    alternatives = [new] if "type" in new or "anyOf" not in new else new["anyOf"]
    tried = [list(_breaks(variant, each, old_root, new_root, path)) for each in alternatives]
    if all(tried):
        kind = resolved(variant, old_root).get("type")
        same = [
            found
            for each, found in zip(alternatives, tried, strict=True)
            if resolved(each, new_root).get("type") == kind
        ]
        yield from same[0] if same else [f"{path}: {kind} is no longer taken"]


def _values(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = _allowed(old), _allowed(new)
    if after is None:
        return
    if before is None:
        yield f"{path}: only these values now: {after}"
    elif gone := [value for value in before if value not in after]:
        yield f"{path}: values no longer taken: {gone}"


def _allowed(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _bounds(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for word in _UPPER:
        if word in new and (word not in old or new[word] < old[word]):
            yield f"{path}: {word} tightened from {old.get(word, 'none')} to {new[word]}"
    for word in _LOWER:
        if word in new and (word not in old or new[word] > old[word]):
            yield f"{path}: {word} tightened from {old.get(word, 'none')} to {new[word]}"
    for word in _FORMS:
        if word in new and new[word] != old.get(word):
            yield f"{path}: {word} changed from {old.get(word, 'none')} to {new[word]}"


def _rules(old: Schema, new: Schema, path: str) -> Iterator[str]:
    # Beside a type, anyOf is a rule about its fields, not a list of forms.
    words = [*_RULES, "anyOf"]
    before = {word: old[word] for word in words if word in old}
    after = {word: new[word] for word in words if word in new}
    if after and after != before:
        yield f"{path}: rules between fields changed"


def _object(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str
) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before:
        if name not in after:
            yield f"{path}.{name}: field removed"
        else:
            yield from _breaks(before[name], after[name], old_root, new_root, f"{path}.{name}")
    was_open = old.get("additionalProperties", True) is not False
    if was_open and new.get("additionalProperties", True) is False:
        yield f"{path}: unknown fields are refused now"
    for name in after.keys() - before.keys():
        if was_open:
            yield f"{path}.{name}: others could use this name as they liked"
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{path}.{name}: required now"
    yield from _patterns(old, new, old_root, new_root, path)


def _patterns(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str
) -> Iterator[str]:
    before, after = old.get("patternProperties", {}), new.get("patternProperties", {})
    if before.keys() != after.keys():
        yield f"{path}: the form of names changed from {list(before)} to {list(after)}"
        return
    for pattern in before:
        yield from _breaks(before[pattern], after[pattern], old_root, new_root, f"{path}.*")
