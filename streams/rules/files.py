"""The rule files of one election."""

from __future__ import annotations

from typing import Any, Final

import yaml

from schemas.pack import Pack
from streams.rules import (
    access,
    archive,
    constants,
    incidents,
    pipeline,
    recording,
    results,
    turnout,
)
from streams.rules.alert import Links, Writer
from streams.rules.model import INTERVAL, Group

_HEAD: Final = """\
# Written by `scrutineer rules`: change the pack or streams/rules/, then write the files anew.
# {name}
"""


def groups(pack: Pack, links: Links | None = None) -> list[Group]:
    """Every group, the pack's constants first. UserError: a text or threshold can't be used."""
    writer = Writer(pack, links or Links())
    return [
        constants.group(pack),
        recording.group(pack),
        *(part.group(writer) for part in (access, incidents, turnout, results, pipeline, archive)),
    ]


def files(pack: Pack, links: Links | None = None, interval: str = INTERVAL) -> dict[str, str]:
    """File name → text, one file a group. ``interval``: that of the scrapes."""
    head = _HEAD.format(name=pack.name)
    return {
        f"{group.name}.yml": head + _dump({"groups": [group.document(interval)]})
        for group in groups(pack, links)
    }


class _Dumper(yaml.SafeDumper):
    """Expressions of several lines as they are, everything in its own order, no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    style = "|" if "\n" in data else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _text)


def _dump(document: dict[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000)
