"""The country's official figures against those of all its regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.pack import Pack
from streams.tables.findings import Finding, decimal, figure
from streams.tables.region import RegionTables
from streams.tables.versions import Version
from streams.turnout.series import sum_mismatch, summed_by


def sum_mismatches(
    regions: Mapping[str, RegionTables], pack: Pack
) -> Iterator[tuple[str, Finding]]:
    """(contest, finding) of each headline of the country that its regions do not add up to.

    ``regions`` must be those of all partitions. Only where all regions have a figure at the same
    checkpoint. Stations abroad often have none: then voters of the country may be more than the
    sum, never fewer, and percentages are held against the lowest and the highest region.
    """
    country = regions.get(pack.country)
    if country is None:
        return
    below = [
        region
        for region in pack.regions.values()
        if region.kind != "country" and region.parent in (None, pack.country)
    ]
    for contest in pack.contests:
        totals = _headlines(country, contest)
        if not totals:
            continue
        known = {code: _headlines(tables, contest) for code, tables in regions.items()}
        for checkpoint, total in totals.items():
            parts = {region.code: known.get(region.code, {}).get(checkpoint) for region in below}
            left_out = {
                region.code
                for region in below
                if region.kind == "out_of_country" and parts[region.code] is None
            }
            heads = [head for code, head in parts.items() if code not in left_out]
            found = _mismatch(checkpoint, total, heads, complete=not left_out)
            if found is not None:
                yield contest, found


def _headlines(tables: RegionTables, contest: str) -> dict[int, Version]:
    """Checkpoint (µs) → headline of the region itself."""
    series = tables.official.series.get(("", contest))
    return {} if series is None else {one.checkpoint: one.headline for one in series.figures()}


def _mismatch(
    checkpoint: int, total: Version, heads: list[Version | None], *, complete: bool
) -> Finding | None:
    whole = figure(total)
    parts = [None if head is None else figure(head) for head in heads]
    found = sum_mismatch(whole, parts, complete=complete)
    if found is None:
        return None
    value: int | str = total.data.percent
    made: int | str
    if summed_by(whole, parts) == "voted":
        value, made = total.data.voted, int(found.expected)
    else:
        made = decimal(found.expected, total.data.percent)
    return Finding("sum_mismatch", checkpoint, True, total, None, value, made)
