"""docs/rules.md: the alerts and recorded series, from the rules of the built-in election."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from streams.packs import load_pack
from streams.rules.files import groups
from streams.rules.model import Alerting, Recording

_ALERTMANAGER: Final = (
    Path(__file__).resolve().parents[2] / "deploy" / "alertmanager" / "alertmanager.yml"
)

_HEAD: Final = """\
<!-- Written by `make docs`. Change streams/rules/ or docs/generate/rules.py. -->

# Rules for Prometheus

`scrutineer rules --pack DIR --to DIR` writes the recording rules and alerts of an election: one
file a group. Thresholds, regions, hours and texts are the pack's. The ones of the built-in
election are in [deploy/prometheus/rules/](../deploy/prometheus/rules/), which
[prometheus.yml](../deploy/prometheus/prometheus.yml) loads.

<!-- run -->
```console
$ scrutineer rules --pack kazakhstan-2023 --to rules --runbooks https://example.org/runbooks
…access.yml …5 alerts
…
$ grep -c 'https://example.org/runbooks/RegionSilent.md' rules/incidents.yml
1
```

When the pack changes, write them anew and let Prometheus reload them; until then PackMismatch
says so. They need Prometheus 2.42 or newer, and scrapes every 5 seconds under the job names
`scrutineer` and, for [archivers](archive.md#on-election-day), `archiver`.

## What they rest on

- **The furthest worker is right.** During a handover two workers show a region, and one that was
  cut off from Kafka goes on showing old numbers. Rules take the series of the instance with the
  highest `scrutineer_region_position`, never the highest value. Counters take
  `max by (partition, …)` before they are compared with those of a minute ago.
- **Only a live worker ends an alert.** When a worker dies its series vanish. Series `…:held` keep
  their last value until a live worker shows the region again, however long that takes; what was
  over before the death stays over. Dashboards use `…:furthest`, which are not held: a region that
  nobody watches has no number, and RegionUnwatched fires.
- **Nobody has to archive.** Where no archiver is listed and none was seen within a day, none is
  missed.
- **The workers' clock, not Prometheus's.** Rules about the election compare with
  `scrutineer_now_timestamp_seconds`, so that they mean the same on a day that is played in a
  minute. Whether the clock of a worker that plays no day is right, ClockDiffers tells.
- **A group reads what it records itself**, beside the pack's constants: groups are evaluated at
  different moments.

Where the pack does not know the polling hours of a region, neither its silence nor a surge is
judged.

## Labels that routes use

`severity` is page, warning or info; `team` is access, turnout, room or engineers; `election` is the
pack's id. ObserverRestrictionOpen comes twice for each restriction: `channel="chat"` always, and
`channel="page"` to be inhibited while a RestrictionsCluster of its region fires. A cluster of
several regions (`scope="country"`) mutes none. What mutes what in
[alertmanager.yml](../deploy/alertmanager/alertmanager.yml):

INHIBITIONS

An alert's labels change only when its report's kind or place is corrected. Alerts about the whole
country have its code as `region`, and `scope="country"`.

A pack may have its own summaries in `[judgement.alerts]`, where `{region}` and the other labels of
the alert's series are filled in.

## What is proved, and how long it takes

`tests/endtoend/test_restrictions.py` runs a real Kafka, two workers, Prometheus and Alertmanager,
with these rules and the configurations of [deploy/](../deploy/README.md):

- A restriction is told to phone and desk once, and its end once; each by itself, however many are
  open in the region.
- A worker that is killed ends no restriction and tells none again: not while nobody watches, not
  when another one takes over, not when it is back.
- While a region has a cluster its next restriction goes to the desk alone; afterwards the phone
  hears what is still open.
- A restriction that is rejected, so that no table shows it, rings a phone as well.

From the log a restriction waits for the next scrape and then for the next evaluation, at most 5
seconds each, and a fraction of a second for all else. An end waits for the group's interval as
well: 5 seconds more. `python -m benchmarks alerts` measures both on your machine.
"""

_SERIES: Final = """\

## Recorded series

`level:metric:operation`. Level `region`: of the furthest worker, with the metric's own labels;
`country`: over all regions that are watched. For dashboards; alerts have their own in their groups.

| series | what it is |
|---|---|
| `region:METRIC:furthest` | every metric of a region that starts with `election_`, once |
| `country:METRIC:sum` | its sum over the regions, where a sum says something |
"""

_MEANINGS: Final = {
    "country:scrutineer_regions_live:count": "regions that are watched",
    "region:election_visits_rated:sum": "visits with a rating, by phase: the n of the next",
    "region:election_visits_negative:ratio": "part of them assessed bad or very bad",
    "country:election_visits_rated:sum": "the same of the country",
    "country:election_visits_negative:ratio": "the same of the country",
    "region:election_stations_reporting:ratio": "reporting of expected stations",
    "country:election_stations_reporting:ratio": "the same of the country",
    "region:election_results_published_stations:ratio": "stations with published results",
    "country:election_results_published_stations:ratio": "the same of the country",
    "country:election_turnout_observed_ratio:level": "turnout estimated from the sample of all "
    "regions, by contest and checkpoint; from the pack's minimum of stations on",
    "country:election_turnout_gap_ratio:level": "official less observed",
    "country:election_turnout_gap_half_width_ratio:level": "half width of its interval, by "
    "`level`: 95 or family",
    "country:election_turnout_stations:sum": "the n of these",
    "country:election_turnout_degrees_of_freedom:count": "stations less strata",
    "country:election_turnout_verdict:level": "1 for the one verdict of each contest and "
    "checkpoint",
    "country:election_turnout_gap:sign": "1 above, -1 below, 0 neither, of what was judged",
    "election_t_quantile": "Student's t by `df` and `level`, up to 40 degrees of freedom",
}


def page() -> str:
    """The page's text."""
    head = _HEAD.replace("INHIBITIONS", "\n".join(_inhibitions()))
    return "\n".join([head, *_alerts(), _SERIES.rstrip("\n"), *_series()]) + "\n"


def _inhibitions() -> Iterator[str]:
    yield "| while this fires | this is not told | of the same |\n|---|---|---|"
    text = _ALERTMANAGER.read_text(encoding="utf-8")
    for rule in yaml.safe_load(text)["inhibit_rules"]:
        source, target = (
            "`" + ", ".join(rule[f"{side}_matchers"]).replace("|", r"\|") + "`"
            for side in ("source", "target")
        )
        yield f"| {source} | {target} | {', '.join(rule.get('equal', ()))} |"


def _alerts() -> Iterator[str]:
    yield "## Alerts\n\nEach name leads to its runbook.\n"
    yield "| alert | severity | team | waits | other labels |\n|---|---|---|---|---|"
    pack = load_pack("kazakhstan-2023")
    for group in groups(pack):
        for rule in group.rules:
            if isinstance(rule, Alerting):
                labels = dict(rule.labels)
                severity, team = labels.pop("severity"), labels.pop("team")
                labels.pop("election")
                rest = ", ".join(f'`{name}="{value}"`' for name, value in labels.items())
                name = f"[{rule.alert}](runbooks/{rule.alert}.md)"
                yield f"| {name} | {severity} | {team} | {rule.wait} | {rest} |"


def _series() -> Iterator[str]:
    recorded = {
        rule.record
        for group in groups(load_pack("kazakhstan-2023"))
        for rule in group.rules
        if isinstance(rule, Recording)
    }
    for name, meaning in _MEANINGS.items():
        if name not in recorded:
            raise LookupError(f"{name} is not recorded: mend docs/generate/rules.py")
        yield f"| `{name}` | {meaning} |"
