"""Whether somebody archives the log, where somebody did."""

from __future__ import annotations

from streams.rules.archive import JOB
from tests.rules.world import GONE, World, case, span, told

FILES = ("pack.yml", "archive.yml")
HERE = {"job": JOB, "instance": "10.0.0.7:6067"}
THERE = {"job": JOB, "instance": "10.0.0.8:6067"}
SEGMENTS = "scrutineer_archive_segments"
UNSEALED = "scrutineer_archive_unsealed_seconds"
SEAL = "scrutineer_archive_seal_seconds"
TROUBLE = "scrutineer_archive_trouble_seconds"


def down(**where: str) -> dict[str, object]:
    """The alert as somebody gets it, of one archiver or of none."""
    return told(
        "ArchiverDown",
        f"Archiver down: {where.get('instance', 'none is scraped')}",
        "Prometheus gets no metrics from it. What comes in now is in Kafka alone; an archiver that "
        "is started again goes on where this one ended.",
        "page",
        "engineers",
        "pipeline-health",
        **where,
    )


@case("ArchiverDown", "quiet")
def test_where_no_archiver_ever_was_none_is_missed(world: World) -> None:
    """A worker that is there says nothing about it; a list of targets is empty at first."""
    world.put("up", 1)
    for name in ("ArchiverDown", "ArchiveBehind"):
        world.always(range(60), name, 0)
    world.check()


@case("ArchiverDown", "fires", "resolves")
def test_an_archiver_that_died_is_missed_until_one_is_back(world: World) -> None:
    """Of those that Prometheus was told of, each by name; a restart within two minutes is none."""
    world.put("up", span((1, 4), (0, 12), (1, 9), (0, 40), (1, 9)), None, **HERE)
    world.put(SEGMENTS, span((5, 4), (GONE, 1), ("_", 11), (5, 9), (GONE, 1)), None, **HERE)
    world.put("up", 1, None, **THERE)
    world.put(SEGMENTS, 7, None, **THERE)
    name = "ArchiverDown"
    world.always(range(49), name, 0)
    world.texts(50, name, down(**HERE))
    world.firing(64, name, 1)
    world.always(range(65, 74), name, 0)
    world.check()


@case("ArchiverDown", "fires", "resolves")
def test_one_that_no_list_knows_any_more_is_missed_too(world: World) -> None:
    """Whatever its job was called; once, however many there were, and none while one is left."""
    own = {"job": "mine", "instance": "a"}
    world.put(SEGMENTS, span((5, 4), (GONE, 1)), None, **own)
    world.put(SEGMENTS, span((7, 10), (GONE, 1), ("_", 60), (9, 20)), None, **THERE)
    name = "ArchiverDown"
    world.always(range(34), name, 0)
    world.texts(34, name, down())
    world.firing(70, name, 1)
    world.always(range(71, 90), name, 0)
    world.check()


def test_after_a_day_nobody_waits_for_it_any_more(world: World) -> None:
    """An archiver of a rehearsal is not missed on election day."""
    world.step, hour = 240, 15
    world.put(SEGMENTS, span((5, 2), (GONE, 1)), None, **HERE)
    name = "ArchiverDown"
    world.firing(24 * hour, name, 1)
    world.firing(24 * hour + 3, name, 0)
    world.check()


def test_one_that_is_listed_and_never_came_up_is_missed(world: World) -> None:
    """Whoever lists it wants it."""
    world.put("up", 0, None, **HERE)
    world.firing(23, "ArchiverDown", 0)
    world.firing(24, "ArchiverDown", 1)
    world.check()


def behind(cause: str, what: str, **where: str) -> dict[str, object]:
    """The alert as somebody gets it."""
    return told(
        "ArchiveBehind",
        f"The archive is behind the log ({cause})",
        f"Archiver {where['instance']} {what}. What is not archived is in Kafka alone.",
        "page",
        "engineers",
        "pipeline-health",
        cause=cause,
        **where,
    )


@case("ArchiveBehind", "fires", "resolves")
def test_what_came_is_not_sealed(world: World) -> None:
    """By the archiver's own segments' age and a minute, for a minute; the oldest place decides."""
    for partition, values in (("0", span((20, 60))), ("1", span((361, 30), (0, 30)))):
        where = {"topic": "election.observer", "partition": partition, **HERE}
        world.put(UNSEALED, values, None, **where)
    world.put(SEAL, 300, None, **HERE)
    name = "ArchiveBehind"
    world.always(range(12), name, 0)
    world.texts(12, name, behind("late", "has not archived what came 6m 1s ago", **HERE))
    world.firing(29, name, 1)
    world.always(range(30, 60), name, 0)
    world.check()


@case("ArchiveBehind", "fires", "resolves")
def test_the_broker_does_not_answer_the_archiver(world: World) -> None:
    """What comes meanwhile it cannot know."""
    growing = span(*((n * 5, 1) for n in range(40)), (0, 20))
    world.put(TROUBLE, growing, None, **HERE)
    name = "ArchiveBehind"
    world.always(range(25), name, 0)
    said = "has had no answer from the broker for 2m 5s"
    world.texts(25, name, behind("broker", said, **HERE))
    world.firing(39, name, 1)
    world.firing(40, name, 0)
    world.check()


@case("ArchiveBehind", "quiet")
def test_an_archiver_that_follows_the_log(world: World) -> None:
    """Segments of an hour, where that was asked for; a broker that is restarted; a long sealing."""
    where = {"topic": "election.observer", "partition": "0"}
    world.put(UNSEALED, span((3_599, 60)), None, **where, **HERE)
    world.put(SEAL, 3_600, None, **HERE)
    world.put(UNSEALED, span((299, 20), (380, 11), (0, 29)), None, **where, **THERE)
    world.put(SEAL, 300, None, **THERE)
    world.put(TROUBLE, span((0, 20), (61, 11), (0, 29)), None, **HERE)
    world.always(range(60), "ArchiveBehind", 0)
    world.check()
