"""Contracts: the event envelope, the event types, the election pack. Pure.

``read`` turns the bytes of a record into an :class:`Accepted` event or a :class:`Rejected` one.
"""

from schemas.reading import read
from schemas.verdict import Accepted, Origin, Reason, Rejected

__all__ = ["Accepted", "Origin", "Reason", "Rejected", "read"]
