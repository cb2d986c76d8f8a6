"""Makes the events that a release accepted: ``python -m tests.contracts.corpus FOLDER``.

FOLDER is that of the release. Beside its schemas come ``accepted.jsonl`` and ``pack/``, the
election that the events are of, as it was then. The events are drawn from the schemas with a fixed
seed; of thousands those are kept that show something new: a field there, null or away, a value, two
fields together, two times or numbers in an order. So whatever rule is added later between any two
fields refuses one of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from schemas import Accepted, read
from schemas.pack import Pack
from tests.contracts.beyond import Event, fitted, leaves_of, times_of
from tests.contracts.documents import Schema, instances, resolved, schemas_in
from tests.packs import SMALL_FILES, small_pack

SEED: Final = 20230319
DRAWN: Final = 3000
"""Events drawn of each type."""
ACCEPTED: Final = "accepted.jsonl"
PACK: Final = "pack"

Feature = tuple[object, ...]
_MOMENTS: Final = (
    "2030-06-02T08:00:00Z",
    "2030-06-02T08:00:00.000001Z",
    "2030-06-02t14:00:00+06:00",
    "2030-06-02T10:00:00.5-01:30",
    "2030-06-02T21:00:00.123456789z",
)
_TEXTS: Final = ("a", "Ж b", "é\n")
_NUMBERS: Final = (0, 1, 2, 3)


def leaf(schema: Schema) -> st.SearchStrategy[Any]:
    """Few values of each form, so that they meet and are equal often."""
    if schema["type"] == "integer":
        return st.sampled_from((*_NUMBERS, schema["maximum"]))
    if schema.get("format") == "date-time":
        return st.sampled_from(_MOMENTS)
    if "pattern" not in schema:
        return st.sampled_from(_TEXTS)
    if "[0-9]{1,4}" in schema["pattern"]:
        return st.sampled_from(("0", "40.5", "100", "9999.12345678"))
    return st.sampled_from(("X", "Y") if "A-Z0-9-" in schema["pattern"] else ("x", "y", "1.z-_"))


def features(event: Event, schema: Schema) -> Iterator[Feature]:
    """Everything that an event shows. ``schema``: of its type."""
    values = leaves_of(event)
    states = _states(event, schema, schema)
    yield from states
    named = [(path, value) for path, value in values.items() if path in _listed(schema)]
    yield from named
    said = [(path, state == "there") for path, state in states]
    said += [one for one in named if isinstance(one[1], bool)]
    for a, b in (*combinations(said, 2), *product(said, named)):
        yield "both", a, b
    yield from _orders(times_of(event))
    counts = {path: n for path, n in values.items() if type(n) is int and _counts(path)}
    yield from _orders(counts)
    yield from ((path, n) for path, n in counts.items() if n == 0 or n > max(_NUMBERS))
    if event["data"].get("duplicate_of"):
        about, first = event["data"]["about"], event["data"]["duplicate_of"]
        yield "same", *(about[name] == first[name] for name in sorted(about))


def _counts(path: str) -> bool:
    """Whether a number is a count by itself: no revision, and not that of one contestant."""
    return path != "data.revision" and not path.startswith("data.votes.")


def _orders(values: dict[str, Any]) -> Iterator[Feature]:
    for a, b in combinations(sorted(values), 2):
        yield "order", a, b, (values[a] > values[b]) - (values[a] < values[b])


def _states(value: Event, schema: Schema, root: Schema, path: str = "") -> list[Feature]:
    """Of each optional field whether it is there, null or away."""
    schema = resolved(schema, root)
    found: list[Feature] = []
    for name, each in schema.get("properties", {}).items():
        if name not in schema.get("required", ()):
            state = "away" if name not in value else "null" if value[name] is None else "there"
            found.append((f"{path}{name}", state))
        if isinstance(value.get(name), dict) and "properties" in resolved(each, root):
            found += _states(value[name], each, root, f"{path}{name}.")
    return found


def _listed(schema: Schema) -> set[str]:
    """Paths of the fields with a list of values, or that are true or false."""
    data = resolved(schema["properties"]["data"], schema)
    return {f"data.{name}" for name, each in data["properties"].items() if _values(each, schema)}


def _values(schema: Schema, root: Schema) -> list[Any]:
    schema = resolved(schema, root)
    if "anyOf" in schema and "type" not in schema:
        return [value for each in schema["anyOf"] for value in _values(each, root)]
    if schema.get("type") == "boolean":
        return [True, False]
    return list(schema.get("enum", ()))


def expected(schema: Schema) -> set[Feature]:
    """What the corpus must show of a type at the least, by its schema alone."""
    found: set[Feature] = set()
    data = resolved(schema["properties"]["data"], schema)
    for prefix, holder in (("", schema), ("data.", data)):
        for name in holder["properties"].keys() - set(holder.get("required", ())):
            states = ["there", "away"]
            states += ["null"] if '"null"' in json.dumps(holder["properties"][name]) else []
            found |= {(f"{prefix}{name}", state) for state in states}
    for name, each in data["properties"].items():
        found |= {(f"data.{name}", value) for value in _values(each, schema)}
    whole = [
        f"data.{name}"
        for name, each in data["properties"].items()
        if name != "revision" and '"integer"' in json.dumps(resolved(each, schema))
        if "patternProperties" not in json.dumps(each)
    ]
    for (a, b), sign in product(combinations(sorted(whole), 2), (-1, 0, 1)):
        found.add(("order", a, b, sign))
    return found


def drawn(schema: Schema, number: int, pack: Pack) -> list[Event]:
    """Events of the form of ``schema`` that are accepted; the same for the same seed."""
    found: list[Event] = []

    @seed(SEED)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(event=fitted(instances(schema, schema, leaf)))
    def collect(event: Event) -> None:
        if isinstance(read(encoded(event), None, pack), Accepted):
            found.append(event)

    collect()
    return found


def encoded(event: Event) -> bytes:
    """The event as a line of the corpus, without its end."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def telling(events: Iterable[Event], schema: Schema) -> list[Event]:
    """Few of ``events`` that show all that the whole of them does: the most telling first."""
    shown = [(event, set(features(event, schema))) for event in events]
    kept, seen = [], set[Feature]()
    while shown:
        event, new = max(shown, key=lambda one: len(one[1]))
        if not new:
            break
        kept.append(event)
        seen |= new
        shown = [(one, left - new) for one, left in shown if left - new]
    return kept


def corpus(schemas: dict[str, Schema], pack: Pack, number: int = DRAWN) -> list[bytes]:
    """The lines of the corpus."""
    return [
        encoded(event)
        for _, schema in sorted(schemas.items())
        for event in telling(drawn(schema, number, pack), schema)
    ]


def write(folder: Path) -> None:
    """The corpus of the release in ``folder``, and the election it is of."""
    lines = corpus(schemas_in(folder), small_pack())
    (folder / ACCEPTED).write_bytes(b"".join(line + b"\n" for line in lines))
    (folder / PACK).mkdir(exist_ok=True)
    for name, text in SMALL_FILES.items():
        (folder / PACK / name).write_text(text, encoding="utf-8")
    print(f"{folder / ACCEPTED}: {len(lines)} events")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
