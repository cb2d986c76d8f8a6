"""Sums by key that contributions are put into and taken out of, leaving no trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Protocol, Self, TypeVar


class Additive(Protocol):
    """What adds up and takes away, exactly."""

    def __add__(self, other: Self, /) -> Self:
        """The sum."""

    def __sub__(self, other: Self, /) -> Self:
        """The difference."""


Key = TypeVar("Key")
Sum = TypeVar("Sum", bound=Additive)


class Totals(Generic[Key, Sum]):
    """``values``: key → sum of all contributions; no key without one."""

    __slots__ = ("_nothing", "values")

    def __init__(self, nothing: Sum) -> None:
        self._nothing = nothing
        self.values: dict[Key, Sum] = {}

    def change(self, old: Mapping[Key, Sum], new: Mapping[Key, Sum]) -> None:
        """Put ``new`` in the place of ``old``, a contribution that was put in before."""
        for key, value in old.items():
            if new.get(key) != value:
                self._set(key, self.values[key] - value)
        for key, value in new.items():
            if old.get(key) != value:
                self._set(key, self.get(key) + value)

    def get(self, key: Key) -> Sum:
        """The sum of a key."""
        return self.values.get(key, self._nothing)

    def _set(self, key: Key, value: Sum) -> None:
        if value == self._nothing:
            self.values.pop(key, None)
        else:
            self.values[key] = value
