"""The ACLs that `scrutineer acls` prints, on a broker that asks for TLS, a login and the ACLs."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from streams.errors import UserError
from streams.log.clients import probe
from streams.log.roles import bindings, roles
from tests.data import ROOT
from tests.kafka.rights import Right, requests, rights, throttled
from tests.kafka.secured import STRANGER, USERS, Guarded, login
from tests.test_docs import blocks
from tests.worker.process import Answer, send, until_caught_up
from tests.worker.sample import encoded, incident

REPORT = "docs/examples/observer-incident.jsonl"
FIGURE = "docs/examples/official-turnout.jsonl"


async def test_each_role_may_do_its_work_and_nothing_else(guarded: Guarded) -> None:
    """Asked for everything there is to ask for, the broker allows what the role says, exactly."""
    topics = [f"election.{name}" for name in ("observer", "official", "desk", "dead-letter")]
    topics += ["election.snapshot", "payroll"]
    wanted = requests(topics, ["scrutineer", "auditors"])
    known = roles(guarded.settings)
    seen: dict[str, set[Right]] = {}
    for user in USERS:
        seen[user] = await rights(guarded.of(user).broker, wanted)
        role = known.get(user)
        expected = {
            (operation, kind, name)
            for operation, kind, name in wanted
            if role is not None and role.may(operation, kind, name)  # type: ignore[arg-type]
        }
        assert seen[user] == expected, user
    assert seen[STRANGER] == set()
    writers = {user: {r[2] for r in seen[user] if r[0] == "Write"} for user in USERS}
    assert writers["observer-gateway"] == {"election.observer"}
    assert writers["official-importer"] == {"election.official"}
    assert writers["desk"] == {"election.desk"}
    assert writers["archiver"] == writers["monitoring"] == writers["topic-admin"] == set()
    assert ("Read", "topic", "election.desk") not in seen["observer-gateway"]
    snapshots = {user for user in USERS if ("Write", "topic", "election.snapshot") in seen[user]}
    assert snapshots == {"worker", "operator"}, "who may write them can make up numbers"
    assert {user for user in USERS if ("Read", "group", "scrutineer") in seen[user]} == {"worker"}
    assert not [r for found in seen.values() for r in found if r[0].startswith("Delete")]


def test_the_command_lines_grant_what_the_json_says(guarded: Guarded) -> None:
    """Kafka's own tool understands them, quotes included, and lists the same ACLs afterwards."""
    somebody = "User:lag exporter"
    printed = guarded.acls("--role", "monitoring", "--principal", somebody)
    tool = f"kafka-acls.sh --bootstrap-server {guarded.tools.bootstrap}"
    listed = guarded.tools.run(f"{printed}\n{tool} --list --principal '{somebody}'\n")
    found, resource = set(), ("", "")
    for line in listed.splitlines()[
        listed.splitlines().index(f"ACLs for principal `{somebody}`") :
    ]:
        if of := re.search(r"resourceType=(\w+), name=([\w.-]+), patternType=LITERAL", line):
            resource = of[1], of[2]
        if acl := re.search(r"principal=User:lag exporter, host=\*, operation=(\w+), perm", line):
            found.add((*resource, acl[1]))
    expected = {
        (acl["resourceType"], acl["resourceName"], _constant(acl["operation"]))
        for acl in bindings(roles(guarded.settings)["monitoring"], [somebody])
    }
    assert found == expected


def _constant(operation: str) -> str:
    """DescribeConfigs is DESCRIBE_CONFIGS in Kafka's lists."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()


def test_a_day_with_a_login_for_each(guarded: Guarded, tmp_path: Path) -> None:
    """Over TLS with SCRAM everybody works with the real commands, and the numbers agree.

    The worker starts on a log, goes on with it live, writes a letter and commits; its successor
    rebuilds all that and writes no letter again.
    """

    def done(user: str, *arguments: str) -> str:
        said = guarded.run(user, *arguments)
        assert said.status == 0, said
        return said.out

    done("observer-gateway", "publish", REPORT)
    with guarded.worker(tmp_path) as worker:
        asyncio.run(worker.until_ready())
        wrong = encoded(incident(1, "KZ-75", category="rumour"), "observer")
        asyncio.run(send(guarded.of("observer-gateway"), [wrong]))
        done("official-importer", "publish", FIGURE)
        done("desk", "triage", "manual-0001", "confirmed")
        asyncio.run(until_caught_up(guarded.of("archiver"), [worker]))
        asyncio.run(worker.until("/state", _all_committed))
        assert worker.get("/state").body["letters"] == {"waiting": 0, "written": 1}
        assert worker.stop() == 0
    with guarded.worker(tmp_path) as worker:
        done("monitoring", "topics", "check")
        asyncio.run(until_caught_up(guarded.of("archiver"), [worker]))
        assert worker.get("/state").body["letters"] == {"waiting": 0, "written": 0}
        letter = json.loads(done("desk", "dead-letters", "list", "--json"))
        mending = ("--edit", "data.category=campaigning")
        done("operator", "dead-letters", "retry", letter["name"], *mending)
        done("operator", "partition", "list")
        (live,) = asyncio.run(until_caught_up(guarded.of("archiver"), [worker]))
        assert worker.stop() == 0
    done("archiver", "archive", str(tmp_path / "archive"), "--once")
    replayed = json.loads(done("archiver", "replay", "kafka", "--json"))
    assert replayed["statement_digest"] == live.body["statement_digest"]


def _all_committed(answer: Answer) -> bool:
    partitions = answer.body["partitions"].values()
    return all(each["committed"] == each["positions"] for each in partitions)


REFUSED = [
    (
        "observer-gateway",
        ("publish", FIGURE),
        "Write on topic election.official. Roles that have it: official-importer, operator",
    ),
    (
        "monitoring",
        ("publish", REPORT),
        "Write on any topic. Roles that send events: observer-gateway, official-importer, desk",
    ),
    ("observer-gateway", ("notice", "all quiet"), "Write on topic election.desk. Roles"),
    ("monitoring", ("dead-letters", "list"), "Read on topic election.dead-letter."),
    ("desk", ("archive", "ARCHIVE", "--once"), "Read on topic election.official. Roles"),
    ("monitoring", ("archive", "ARCHIVE", "--once"), "Read on topic election.desk, election."),
    ("observer-gateway", ("replay", "kafka"), "Read on topic election.official. Roles"),
    (
        "monitoring",
        ("partition", "list"),
        "Read on topic election.snapshot. Roles that have it: operator, worker",
    ),
    ("desk", ("partition", "accept", "0", "--reason", "x"), "Describe on topic election.official."),
]


@pytest.mark.parametrize(("user", "arguments", "told"), REFUSED, ids=lambda each: str(each)[:40])
def test_refusals_say_who_what_and_which_role(
    guarded: Guarded, tmp_path: Path, user: str, arguments: tuple[str, ...], told: str
) -> None:
    """Each command ends at once with status 2 and one message; none tries on for ever."""
    words = (str(tmp_path / "archive") if word == "ARCHIVE" else word for word in arguments)
    said = guarded.run(user, *words)
    assert said.status == 2
    assert f"ACLs do not allow User:{user} the operation {told}" in said.err
    assert "scrutineer acls" in said.err


async def test_a_worker_that_lacks_a_right_says_which(guarded: Guarded, tmp_path: Path) -> None:
    """A topic that it may not see, a group that it may not join: told, and not waited for."""
    as_archiver = guarded.worker(tmp_path, **login("archiver", guarded.authority))
    as_monitoring = guarded.worker(tmp_path, **login("monitoring", guarded.authority))
    with as_archiver, as_monitoring:
        for worker, told in (
            (as_archiver, "User:archiver the operation Write on topic election.dead-letter. Roles"),
            (as_monitoring, "User:monitoring the operation Read on group scrutineer. Roles"),
        ):
            assert await asyncio.to_thread(worker.exit_status) == 2, worker.said
            assert told in worker.said
            assert "Traceback" not in worker.said


async def test_a_broker_of_an_unknown_authority_is_not_waited_for(
    guarded: Guarded, tmp_path: Path
) -> None:
    """Status 2 and what to do. A password that is wrong: tests/kafka/test_secrets.py."""
    with guarded.worker(tmp_path, ssl_cafile="") as worker:
        assert await asyncio.to_thread(worker.exit_status) == 2, worker.said
    told = r"certificate of the broker at .* is not accepted: .* See broker.ssl_cafile"
    assert re.search(told, worker.said), worker.said
    assert "Traceback" not in worker.said


async def test_a_listener_of_another_kind_is_told(guarded: Guarded) -> None:
    """TLS without the login, neither: the broker hangs up, and the hint says what that means."""
    for protocol, told in (("SSL", "ask for a login"), ("PLAINTEXT", "want TLS or a login")):
        said = await probe(guarded.of("worker", security_protocol=protocol).broker)
        assert said is not None
        assert told in said
    with pytest.raises(UserError, match=r"offers no login by PLAIN\. See broker.sasl_mechanism"):
        await probe(guarded.of("worker", sasl_mechanism="PLAIN").broker)


async def test_a_quota_slows_who_floods_and_nobody_else(guarded: Guarded) -> None:
    """The commands of docs/security.md, as they stand there but for the broker's address."""
    (steps,) = blocks(ROOT / "docs" / "security.md", "run on a broker")
    lines = "\n".join(step.command for step in steps)
    said = guarded.tools.run(lines.replace("kafka-1.example.org:9093", guarded.tools.bootstrap))
    assert "producer_byte_rate=524288" in said
    flooding = [await throttled(guarded.of("observer-gateway").broker, "election.observer")]
    flooding += [await throttled(guarded.of("desk").broker, "election.desk")]
    assert flooding[0] > 0
    assert flooding[1] == 0
