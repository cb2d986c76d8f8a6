"""Restrictions on observers: one alert each, and one for many at once."""

from __future__ import annotations

from typing import Final

from schemas.pack import Pack
from streams.rules.alert import REGION, Sheet, Writer, words
from streams.rules.model import Alerting, Group
from streams.rules.series import furthest, held
from streams.tables.buckets import BUCKET, WINDOWS

OPENED: Final = "region:election_restriction_opened_timestamp_seconds:held"
RECENT: Final = "region:election_restrictions_recent:held"
_LABELS: Final = ("region", "place", "kind", "observer_group", "report_id")
_PLACE: Final = "{{ with $labels.place }}, place {{ . }}{{ end }}"

OPEN: Final = Sheet(
    name="ObserverRestrictionOpen",
    severity="page",
    team="access",
    dashboard="observer-access",
    fields=_LABELS,
    summary=f"Observers restricted: {words('kind')}, {REGION}",
    description=f"{words('observer_group')} observers report {words('kind')} in {REGION}{_PLACE}, "
    "since {{ $value | humanizeTimestamp }}. Report {{ $labels.report_id }}. Nobody has lifted it "
    "or closed it yet.",
)

UNLISTED: Final = Sheet(
    name="ObserverRestrictionOpen",
    severity="page",
    team="access",
    dashboard="observer-access",
    fields=("region", "kind"),
    summary="Observers restricted: {{ $value }} more cases without an alert of their own",
    description="Worker {{ $labels.instance }} has more open restrictions than it can list one by "
    "one. Work from the table open_restrictions; alerts of the oldest have ended though nobody "
    "lifted them.",
)


def group(writer: Writer) -> Group:
    """Held while no worker speaks: only a live worker can say that a restriction is over."""
    opened = "election_restriction_opened_timestamp_seconds"
    window = window_of(writer.pack)
    recent = f"sum by (region) ({_counted(window)})"
    return Group(
        "access",
        [
            # First the clusters: they inhibit the single pages, so they are to be sent before.
            held(RECENT, recent),
            *_clusters(writer, window),
            held(OPENED, furthest(opened, *_LABELS)),
            writer.alert(OPEN, OPENED, severity="warning", labels={"channel": "chat"}),
            writer.alert(OPEN, OPENED, labels={"channel": "page"}),
            _unlisted(writer),
        ],
    )


def _counted(window: str) -> str:
    return furthest(f'election_restrictions_recent{{window="{window}"}}', "region", "kind")


def window_of(pack: Pack) -> str:
    """The smallest window of the rolling tables that holds the pack's ``cluster_minutes``."""
    time = pack.judgement.alarms.cluster_minutes * 60_000_000
    return next(name for name, buckets in WINDOWS.items() if time <= buckets * BUCKET)


def _unlisted(writer: Writer) -> Alerting:
    labels = {"region": writer.pack.country, "kind": "unlisted"}
    expr = "max by (instance) (election_restrictions_open_unlisted) > 0"
    return writer.alert(UNLISTED, expr, labels=labels)


def _clusters(writer: Writer, window: str) -> list[Alerting]:
    """In one region, and over the country: then one page, not one for each region."""
    alarms, country = writer.pack.judgement.alarms, writer.pack.country
    here = _cluster(
        f"Observers restricted {{{{ $value }}}} times within {window} in {REGION}",
        f"{{{{ $value }}}} restrictions on observers began in {REGION} within {window}; "
        f"{alarms.cluster_reports} make a cluster. While this fires, each single restriction of "
        "the region goes to chat only.",
    )
    everywhere = _cluster(
        f"Observers restricted in {{{{ $value }}}} regions within {window}",
        f"Restrictions on observers began in {{{{ $value }}}} regions within {window}; "
        f"{alarms.cluster_regions} make a cluster: it looks like an instruction.",
    )
    return [
        writer.alert(here, f"{RECENT} >= {alarms.cluster_reports}", labels={"scope": "region"}),
        writer.alert(
            everywhere,
            f'count({RECENT}{{region!="{country}"}} > 0) >= {alarms.cluster_regions}',
            labels={"scope": "country", "region": country},
        ),
    ]


def _cluster(summary: str, description: str) -> Sheet:
    return Sheet(
        name="RestrictionsCluster",
        severity="page",
        team="access",
        dashboard="observer-access",
        summary=summary,
        description=description,
    )
