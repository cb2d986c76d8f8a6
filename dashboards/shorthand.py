"""Queries as the documentation writes them: what all of them share has a name."""

from __future__ import annotations

import re
from typing import Final

from dashboards.queries import AHEAD, NOW

_COUNT: Final = r"(?P<count>(?:(?! or on ).)+?)"

_WHILE_HEARD: Final = (
    rf"\({_COUNT} > 0\) or \((?P=count) and on \(\) \(count\(heard\) > 0\)"
    r" unless on \(\) \(unwatched\)\)"
)

_NAMED: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r'(?:, )?\w+=~"\$\w+\|?"', ""),
        (r"\{, ", "{"),
        (r"furthest\(\((code of [^()]+)\)\)", r"furthest(\1)"),
        (r"\{\}", ""),
        (re.escape(NOW), "now"),
        (r'furthest\(election_region_heard\{state="reporting"\}\) == 1', "heard"),
        (
            r"pack:election_region:info unless on \(region\) scrutineer_region_live",
            "unwatched",
        ),
        (
            rf"\({_COUNT} > 0\) or \((?P=count) and on \(region\) \(heard\)\)"
            r" or on \(region\) \(furthest\(scrutineer_region_live\) - 2\)",
            r"spoken(\g<count>)",
        ),
        (
            _WHILE_HEARD + r" or (?:on \(\) vector\(-1\)|\((?P=count) \* 0 - 1\))",
            r"spoken(\g<count>)",
        ),
        (_WHILE_HEARD, r"while_heard(\g<count>)"),
        (r"\((.+)\) or on \(region\) \(furthest\(scrutineer_region_live\) - 1\)", r"\1"),
        (r"max by \(region\) \((?=\(\(.+ \* 0 \+ 0\)\)$)", "first_of("),
        (r"\(\((?!\()(.+?)\) \* 0 \+ ([1-9])\) or on \(region\) ", r"\2: \1; "),
        (r"\(\((.+?)\) \* 0 \+ 0\)\)$", r"0: \1)"),
    )
)


def short(expression: str) -> str:
    """The query with names for what is the same in many."""
    text = _codes(_furthest(expression))
    for pattern, name in _NAMED:
        text = pattern.sub(name, text)
    return text


def _furthest(text: str) -> str:
    """``furthest(…)`` for each region's value from the worker that is furthest."""
    while (end := text.find(AHEAD)) >= 0:
        opening = _opening(text, end)
        start = text.rindex("max by (", 0, opening)
        inside = text[opening + 1 : end]
        text = f"{text[:start]}furthest({inside}){text[end + len(AHEAD) + 1 :]}"
    return text


def _codes(text: str) -> str:
    """``code of <label>`` for a choice among families of which exactly one value is 1."""
    one = r'\d+ \* \(([\w:]+)\{(\w+)="\w+"(.*?)\} == 1\)'
    found = re.search(rf"\({one}(?: or {one})+\)", text)
    if found is None:
        return text
    family, label, after = found.group(1, 2, 3)
    return text.replace(found[0], f"(code of {label} in {family}{{{after.removeprefix(', ')}}})")


def _opening(text: str, end: int) -> int:
    """Where the parenthesis begins that ``end`` stands in."""
    depth = 0
    for place in range(end - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[place], 0)
        if depth < 0:
            return place
    raise ValueError(text)
