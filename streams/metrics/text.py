"""Lines of the Prometheus text format, byte for byte as prometheus-client writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from prometheus_client.utils import floatToGoString

Values = dict[tuple[str, ...], float]
"""{values of labels, in the order the family declares them: value}"""

_SMALL: Final = tuple(f"{n}.0" for n in range(1000))


@lru_cache(maxsize=4096)
def escape(value: str) -> str:
    """A label value with backslash, newline and quote escaped."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def number(value: float) -> str:
    """A value as Go prints it."""
    if isinstance(value, int) and 0 <= value < len(_SMALL):
        return _SMALL[value]
    text: str = floatToGoString(value)  # type: ignore[no-untyped-call]
    return text


class Lines:
    """Writes the samples of one name whose first labels are always ``head``.

    Labels stand in the order of their names, as prometheus-client writes them.
    """

    __slots__ = ("_pattern", "_places")

    def __init__(self, name: str, labels: Sequence[str], head: tuple[str, ...] = ()) -> None:
        pairs: list[str] = []
        self._places: list[int] = []
        for place, label in sorted(enumerate(labels), key=lambda item: item[1]):
            if place < len(head):
                pairs.append(f'{label}="{escape(head[place])}"'.replace("%", "%%"))
            else:
                pairs.append(f'{label}="%s"')
                self._places.append(place - len(head))
        inside = f"{{{','.join(pairs)}}}" if pairs else ""
        self._pattern = f"{name}{inside} %s\n"

    def write(self, values: Mapping[tuple[str, ...], float]) -> str:
        """One line for each of ``values`` ({the labels after ``head``: value}), sorted."""
        pattern, places = self._pattern, self._places
        return "".join(
            [
                pattern % (*[escape(labels[place]) for place in places], number(value))
                for labels, value in sorted(values.items())
            ]
        )
