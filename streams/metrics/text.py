"""Lines of the Prometheus text format, byte for byte as prometheus-client writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client.utils import floatToGoString

Labels = Sequence[str]
"""Values of a family's labels, in the order the family declares them."""

Sample = tuple[Labels, float]

_SMALL = tuple(f"{n}.0" for n in range(1000))


def escape(value: str) -> str:
    """A label value with backslash, newline and quote escaped."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def number(value: float) -> str:
    """A value as Go prints it."""
    if isinstance(value, int) and 0 <= value < len(_SMALL):
        return _SMALL[value]
    text: str = floatToGoString(value)  # type: ignore[no-untyped-call]
    return text


def series(name: str, names: Sequence[str], values: Labels) -> str:
    """``name{label="value",…}`` and a space. Labels are sorted, as prometheus-client does."""
    if not names:
        return f"{name} "
    pairs = sorted(zip(names, values, strict=True))
    inside = ",".join([f'{label}="{escape(value)}"' for label, value in pairs])
    return f"{name}{{{inside}}} "


def lines(name: str, names: Sequence[str], samples: Iterable[Sample]) -> str:
    """The lines of ``samples``, without HELP and TYPE."""
    return "".join([f"{series(name, names, values)}{number(value)}\n" for values, value in samples])
