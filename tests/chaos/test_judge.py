"""The judges find what is wrong: a right run has no problems, and every sabotage has one."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from copy import deepcopy
from functools import cache

import pytest

from tests.chaos.evidence import Evidence
from tests.chaos.judge import judge
from tests.chaos.made import Made
from tests.chaos.sampler import Sample


@cache
def _recorded() -> Evidence:
    made = Made()
    for _ in range(2):
        made.send(100)
    return made.evidence()


@pytest.fixture
def evidence() -> Evidence:
    """Of a run without any fault, the test's own."""
    kept = _recorded()
    copy = {name: deepcopy(value) for name, value in vars(kept).items() if name != "pack"}
    return Evidence(pack=kept.pack, **copy)


def test_a_run_without_faults_is_green(evidence: Evidence) -> None:
    """Nothing is found where nothing is wrong, and there is something of everything."""
    assert judge(evidence) == []
    assert {sample.kind for sample in evidence.samples} == {"metrics", "digest", "table"}
    assert len(evidence.letters) > 9
    assert all(
        evidence.alone["tables"][name] for name in ("incidents", "restrictions", "conflicts")
    )


def altered(sample: Sample, old: str, new: str) -> Sample:
    """The sample with something else in the place of the first ``old``."""
    assert old in sample.text
    text = sample.text.replace(old, new, 1)
    return sample._replace(body=zlib.compress(text.encode()))


def _forget_an_event(evidence: Evidence) -> None:
    sent = evidence.journal.sent
    del sent[next(n for n, one in enumerate(sent) if one.planned.reason is None)]


def _lose_a_record(evidence: Evidence) -> None:
    next(records for records in evidence.log.values() if len(records) > 11).pop(10)


def _alter_a_record(evidence: Evidence) -> None:
    records = next(records for records in evidence.log.values() if len(records) > 11)
    records[10] = records[10]._replace(raw=records[10].raw + b" ")


def _take_a_rejected_for_accepted(evidence: Evidence) -> None:
    sent = evidence.journal.sent
    at = next(n for n, one in enumerate(sent) if one.planned.reason)
    sent[at] = sent[at]._replace(planned=sent[at].planned._replace(reason=None))


def _lose_a_letter(evidence: Evidence) -> None:
    evidence.letters.pop()


def _double_a_letter(evidence: Evidence) -> None:
    evidence.letters.append(evidence.letters[3]._replace(key=b"chaos.observer/0/999999"))


def _alter_a_letter(evidence: Evidence) -> None:
    evidence.letters[3] = evidence.letters[3]._replace(value=b"{}")


def _give_another_reason(evidence: Evidence) -> None:
    headers = tuple(
        (name, b"misfiled" if name == "reason" else value)
        for name, value in evidence.letters[3].headers
    )
    evidence.letters[3] = evidence.letters[3]._replace(headers=headers)


def _count_one_more_in_a_worker(evidence: Evidence) -> None:
    evidence.workers[0]["tables"]["incidents"][0]["reports"] += 1


def _count_one_more_alone(evidence: Evidence) -> None:
    evidence.alone["tables"]["turnout"][0]["observed"] = "0.5"


def _count_one_more_in_a_replay(evidence: Evidence) -> None:
    evidence.replay["tables"]["visits"].pop()


def _show_a_region_twice(evidence: Evidence) -> None:
    evidence.workers.append(evidence.workers[0])


def _another_digest(evidence: Evidence) -> None:
    evidence.workers[0]["digest"]["regions"]["XX-A"] = "0" * 64


def _another_statement(evidence: Evidence) -> None:
    evidence.replay["statement_digest"] = "0" * 64


def _alter_a_scrape(evidence: Evidence) -> None:
    at = next(n for n, one in enumerate(evidence.samples) if one.kind == "metrics")
    sample = evidence.samples[at]
    line = next(
        line
        for line in sample.text.splitlines()
        if line.startswith("election_incidents{") and line.endswith(" 1.0")
    )
    evidence.samples[at] = altered(sample, line, line.replace(" 1.0", " 2.0"))


def _alter_a_position(evidence: Evidence) -> None:
    at = next(n for n, one in enumerate(evidence.samples) if one.kind == "metrics")
    sample = evidence.samples[at]
    line = next(
        line
        for line in sample.text.splitlines()
        if line.startswith("scrutineer_partition_position{") and "observer" in line
    )
    name, _, value = line.rpartition(" ")
    evidence.samples[at] = altered(sample, line, f"{name} {float(value) - 1}")


def _alter_a_sampled_digest(evidence: Evidence) -> None:
    at = next(n for n, one in enumerate(evidence.samples) if one.kind == "digest")
    body = json.loads(evidence.samples[at].text)
    body["regions"]["XX-B"] = "0" * 64
    said = zlib.compress(json.dumps(body).encode())
    evidence.samples[at] = evidence.samples[at]._replace(body=said)


def _alter_a_sampled_table(evidence: Evidence) -> None:
    at = max(n for n, one in enumerate(evidence.samples) if one.kind == "table")
    body = json.loads(evidence.samples[at].text)
    body["rows"][0]["reports"] += 1
    said = zlib.compress(json.dumps(body).encode())
    evidence.samples[at] = evidence.samples[at]._replace(body=said)


def _go_backwards(evidence: Evidence) -> None:
    first = evidence.history[0]
    evidence.history.append(first._replace(at=99.0, until=99.0))


def _come_back_behind(evidence: Evidence) -> None:
    """Another process shows a partition less far than it was."""
    first = evidence.history[0]
    evidence.history.append(first._replace(life="w2.1", at=99.0, until=99.0))


def _come_back_to_it_behind(evidence: Evidence) -> None:
    """A process lost a partition, another got on with it, the first shows it again from before."""
    first, last = evidence.history[0], evidence.history[-1]
    evidence.history += [
        first._replace(at=97.0, until=97.0, positions={}),
        last._replace(life="w2.1", at=98.0, until=98.0),
        last._replace(life="w1.1", at=99.0, until=99.0, positions=_a_little_less(last.positions)),
    ]
    evidence.history.remove(last)


def _a_little_less(positions: dict[tuple[str, int], int]) -> dict[tuple[str, int], int]:
    return {place: max(position - 1, 0) for place, position in positions.items()}


def _look_away(evidence: Evidence) -> None:
    evidence.history.clear()


def _take_no_scrapes(evidence: Evidence) -> None:
    evidence.samples = [one for one in evidence.samples if one.kind != "metrics"]


def _metrics_at(evidence: Evidence) -> int:
    return max(n for n, one in enumerate(evidence.samples) if one.kind == "metrics")


def _alter_what_time_changes(evidence: Evidence) -> None:
    at = _metrics_at(evidence)
    sample = evidence.samples[at]
    line = next(
        line
        for line in sample.text.splitlines()
        if line.startswith("election_restrictions_open{") and line.endswith(" 1.0")
    )
    evidence.samples[at] = altered(sample, line, line.replace(" 1.0", " 2.0"))


def _claim_no_position(evidence: Evidence) -> None:
    """The figures are there, and nothing says of which offsets they are."""
    at = _metrics_at(evidence)
    kept = [
        line
        for line in evidence.samples[at].text.splitlines()
        if not (line.startswith("scrutineer_partition_position{") and 'partition="0"' in line)
    ]
    said = zlib.compress(("\n".join(kept) + "\n").encode())
    evidence.samples[at] = evidence.samples[at]._replace(body=said)


def _say_it_twice(evidence: Evidence) -> None:
    at = _metrics_at(evidence)
    sample = evidence.samples[at]
    line = next(line for line in sample.text.splitlines() if line.startswith("election_incidents{"))
    evidence.samples[at] = altered(sample, line, f"{line}\n{line}")


def _sum_up_wrongly(evidence: Evidence) -> None:
    at = max(n for n, one in enumerate(evidence.samples) if one.kind == "digest")
    body = json.loads(evidence.samples[at].text) | {"content_digest": "0" * 64}
    said = zlib.compress(json.dumps(body).encode())
    evidence.samples[at] = evidence.samples[at]._replace(body=said)


def _go_on_showing(evidence: Evidence) -> None:
    """What another worker has, and is ahead of."""
    last = evidence.history[-1]
    behind = {place: max(position - 1, 0) for place, position in last.positions.items()}
    for at in range(10, 60):
        evidence.history.append(last._replace(at=at, until=at))
        evidence.history.append(last._replace(life="w2.1", at=at, until=at, positions=behind))


def _show_it_on_one_page_more(evidence: Evidence) -> None:
    evidence.workers.append({"digest": {"regions": {}}, "partitions": [[], [2]]})


def _keep_what_went(evidence: Evidence) -> None:
    evidence.shared.append({"digest": {"regions": {}}, "partitions": [[1]]})


def _show_one_by_nobody(evidence: Evidence) -> None:
    evidence.workers[0]["partitions"] = [[0, 1, 2, 3, 5]]


@pytest.mark.parametrize(
    ("check", "sabotage", "told"),
    [
        ("log", _forget_an_event, "was never sent"),
        ("model", _forget_an_event, "content digest: the log's is"),
        ("log", _lose_a_record, "lost 1 acknowledged"),
        ("log", _alter_a_record, "is not what was acknowledged there"),
        ("model", _take_a_rejected_for_accepted, "rejected: the producer meant"),
        ("letters", _take_a_rejected_for_accepted, "is of no rejected event"),
        ("letters", _lose_a_letter, "letters: 1 missing"),
        ("letters", _double_a_letter, "is of no rejected event"),
        ("letters", _alter_a_letter, "has other bytes than the event"),
        ("letters", _give_another_reason, "misfiled, expected"),
        ("workers", _count_one_more_in_a_worker, "table incidents: workers together and log"),
        ("workers", _count_one_more_alone, "table turnout: the worker alone and log"),
        ("replay", _count_one_more_in_a_replay, "table visits: replay and log"),
        ("workers", _show_a_region_twice, "are shown by two"),
        ("workers", _another_digest, "workers: region XX-A"),
        ("replay", _another_statement, "statement_digest: replay"),
        ("samples", _alter_a_scrape, "sample: metrics of w1.1"),
        ("samples", _alter_a_position, "sample: metrics of w1.1"),
        ("samples", _alter_a_sampled_digest, "sample: digest of w1.1"),
        ("samples", _alter_a_sampled_table, "sample: table of w1.1"),
        ("samples", _take_no_scrapes, "no page of metrics has a position"),
        ("samples", _alter_what_time_changes, "sample: metrics of w1.1"),
        ("samples", _claim_no_position, "has figures and no position"),
        ("samples", _say_it_twice, "are there twice"),
        ("samples", _sum_up_wrongly, "of these regions it is"),
        ("backwards", _look_away, "nothing was looked at"),
        ("backwards", _come_back_to_it_behind, "by w1.1, after"),
        ("backwards", _go_backwards, "in w1.1"),
        ("backwards", _come_back_behind, "by w2.1, after"),
        ("ownership", _go_on_showing, "/state of w2.1 shows partition 0 as it was 49 s before"),
        ("ownership", _show_it_on_one_page_more, "at the end 2 workers show partition 2"),
        ("ownership", _keep_what_went, "at the end 2 workers show partition 1"),
        ("ownership", _show_one_by_nobody, "at the end 0 workers show partition 4"),
    ],
)
def test_each_check_bites(
    evidence: Evidence, check: str, sabotage: Callable[[Evidence], None], told: str
) -> None:
    """What was done to the evidence is among what is said of it."""
    sabotage(evidence)
    problems = judge(evidence, [check])
    assert any(told in problem for problem in problems), problems


def test_a_run_is_judged_by_all(evidence: Evidence) -> None:
    """What each of several judges finds is in the verdict."""
    for sabotage in (_alter_a_record, _lose_a_letter, _another_statement, _go_backwards):
        sabotage(evidence)
    evidence.samples.clear()
    problems = judge(evidence)
    for told in ("log: ", "letters: ", "statement_digest: ", "backwards: "):
        assert any(problem.startswith(told) for problem in problems), problems
