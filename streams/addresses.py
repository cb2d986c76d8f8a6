"""Names of hosts and addresses, as settings take them."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

_HOST_PORT: Final = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}"


def _bootstrap(text: str) -> str:
    if "@" in text:
        # Not repeated: what stands before it may be a password.
        raise ValueError("a host has no user or password before it: sasl_username is for that")
    for part in text.split(","):
        if not re.fullmatch(_HOST_PORT, part) or int(part.rpartition(":")[2]) > 65535:
            raise ValueError(f"{part!r} is not host:port")
    return text


def _host(text: str) -> str:
    labels = text.rstrip(".").split(".")
    name = re.fullmatch(r"[A-Za-z0-9._-]{1,253}", text) and all(0 < len(x) < 64 for x in labels)
    if not name and not re.fullmatch(r"[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,15})?", text):
        raise ValueError("this is neither the name of a host nor an address")
    return text


Bootstrap = Annotated[str, AfterValidator(_bootstrap)]
"""One or several host:port, separated by commas."""

Host = Annotated[str, AfterValidator(_host)]
"""A host's name, or an IPv4 or IPv6 address."""
