"""The file election.toml: its shape, and every fault with the line it stands on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Hashable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from schemas.fields import (
    Authority,
    Code,
    Count,
    Identifier,
    ObserverGroup,
    RegionCode,
    Timestamp,
    UriReference,
)
from schemas.pack.judgement import Judgement, Line, Percent
from schemas.pack.problems import Problems
from schemas.pack.toml_lines import Path, line_of, toml_lines

ELECTION_FILE: Final = "election.toml"

_CLOSED: Final = ConfigDict(extra="forbid", strict=True, frozen=True)
_MOMENT: Final = TypeAdapter(Timestamp)


def _moment(value: Any) -> Any:
    try:
        moment = _MOMENT.validate_python(value)
    except ValidationError:
        raise ValueError(
            "must be a date and time with an offset, such as 2023-03-19T10:10:00+06:00"
        ) from None
    return _sane(moment)


def _day(value: Any) -> Any:
    if type(value) is date:
        return _sane(value)
    raise ValueError("must be a date without quotes, such as 2023-03-19")


def _sane(value: date) -> date:
    """Far from the ends of the calendar, where an offset would lead out of it."""
    if not 1900 <= value.year <= 2999:
        raise ValueError(f"the year {value.year} is not between 1900 and 2999")
    return value


def _clock_time(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time.fromisoformat(value)
    if isinstance(value, time):
        return value
    raise ValueError('must be a local time such as "07:00"')


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{value}' is not a time zone, which look like 'Asia/Almaty'") from None
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
Day = Annotated[date, BeforeValidator(_day)]
ClockTime = Annotated[time, BeforeValidator(_clock_time)]
Zone = Annotated[str, AfterValidator(_zone)]


class ContestEntry(BaseModel):
    """``[contests.<code>]``."""

    model_config = _CLOSED

    name: Line
    main: bool = False
    seats: Count | None = None
    threshold_percent: Percent | None = None
    lists: Count | None = None
    candidates: Count | None = None
    note: Line | None = None


class HoursRule(BaseModel):
    """``[[polling.exceptions]]``: other hours for some regions, some days, or both."""

    model_config = _CLOSED

    regions: Annotated[list[RegionCode], Field(min_length=1)] | None = None
    days: Annotated[list[Day], Field(min_length=1)] | None = None
    time_zone: Zone | None = None
    open: ClockTime | None = None
    close: ClockTime | None = None
    unknown: Literal[True] | None = None


class Polling(BaseModel):
    """``[polling]``: hours in local time."""

    model_config = _CLOSED

    open: ClockTime
    close: ClockTime
    exceptions: list[HoursRule] = Field(default_factory=list)


class Checkpoints(BaseModel):
    """``[turnout]``: the moments for which official turnout is published."""

    model_config = _CLOSED

    tolerance_minutes: Annotated[int, Field(ge=0, le=720)]
    checkpoints: list[Moment] = Field(default_factory=list)
    daily: list[ClockTime] = Field(default_factory=list)


class PublisherEntry(BaseModel):
    """``[[publishers]]``, highest rank first."""

    model_config = _CLOSED

    code: Code
    name: Line


class SourceEntry(BaseModel):
    """``[[sources]]``."""

    model_config = _CLOSED

    uri: UriReference
    name: Line
    authority: Authority
    observer_group: ObserverGroup | None = None


class Tolerances(BaseModel):
    """``[tolerances]``: how far ahead of the log an event's time may be."""

    model_config = _CLOSED

    future_minutes: Annotated[int, Field(ge=0, le=1440)] = 5
    restriction_future_hours: Annotated[int, Field(ge=0, le=168)] = 24


class Election(BaseModel):
    """The whole of election.toml."""

    model_config = _CLOSED

    id: Identifier
    name: Line
    country: RegionCode
    time_zone: Zone
    days: Annotated[list[Day], Field(min_length=1, max_length=366)]
    embargo_until: Moment
    contests: dict[Code, ContestEntry]
    commission_counts: dict[Code, Count] = Field(default_factory=dict)
    polling: Polling
    turnout: Checkpoints
    publishers: Annotated[list[PublisherEntry], Field(min_length=1)]
    sources: Annotated[list[SourceEntry], Field(min_length=1)]
    tolerances: Tolerances = Tolerances()
    judgement: Judgement = Judgement()


class ElectionText:
    """A valid election.toml with the lines of its keys."""

    __slots__ = ("lines", "values")

    def __init__(self, values: Election, lines: Mapping[Path, int]) -> None:
        self.values = values
        self.lines = lines

    def fault(self, problems: Problems, path: Path, message: str) -> None:
        """Note what is wrong at ``path``."""
        problems.add(ELECTION_FILE, line_of(self.lines, path), f"{dotted(path)}: {message}")


def dotted(path: Iterable[str | int]) -> str:
    """``("sources", 2, "uri")`` as ``sources[2].uri``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_election(text: str, problems: Problems) -> ElectionText | None:
    """The contents of election.toml, or None where its faults leave nothing to go on with."""
    try:
        document = tomllib.loads(text)
    except RecursionError:
        problems.add(ELECTION_FILE, 1, "nested too deeply")
        return None
    except ValueError as error:  # TOMLDecodeError, and numbers of thousands of digits
        _syntax(text, str(error), problems)
        return None
    # As tomllib does: line ends are \n from here on.
    lines = toml_lines(text.replace("\r\n", "\n"))
    try:
        values = Election.model_validate(document)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            path = tuple(part for part in fault["loc"] if part != "[key]")
            message = _plain(fault["type"], fault["msg"])
            problems.add(ELECTION_FILE, line_of(lines, path), f"{dotted(path)}: {message}")
        return None
    election = ElectionText(values, lines)
    _check(election, problems)
    return election


def _syntax(text: str, message: str, problems: Problems) -> None:
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    line = 1 + text.rstrip("\n").count("\n")
    if place is None:
        line = 1
    elif place[1] is not None:
        line = int(place[1])
        message = f"{message[: place.start()]} (column {place[2]})"
    problems.add(ELECTION_FILE, line, f"not TOML: {message}")


def _plain(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "unknown key"
    if kind == "missing":
        return "is missing"
    return message.removeprefix("Value error, ")


def _check(election: ElectionText, problems: Problems) -> None:
    """What the fields must be together."""
    values = election.values
    _unique(election, problems, "days", values.days)
    _unique(election, problems, "publishers", [entry.code for entry in values.publishers], "code")
    _unique(election, problems, "sources", [entry.uri for entry in values.sources], "uri")
    main = [code for code, contest in values.contests.items() if contest.main]
    if len(main) != 1:
        found = ", ".join(main) if main else "none"
        election.fault(problems, ("contests",), f"exactly one needs 'main = true', found: {found}")
    for index, source in enumerate(values.sources):
        path: Path = ("sources", index, "observer_group")
        if source.authority == "observer" and source.observer_group is None:
            election.fault(problems, path, "is missing, as an observers' source needs it")
        if source.authority != "observer" and source.observer_group is not None:
            election.fault(problems, path, "only an observers' source has one")


def _unique(
    election: ElectionText,
    problems: Problems,
    key: str,
    values: list[Any],
    field: str | None = None,
) -> None:
    first: dict[Hashable, Path] = {}
    for index, value in enumerate(values):
        path: Path = (key, index) if field is None else (key, index, field)
        if value in first:
            line = line_of(election.lines, first[value])
            election.fault(problems, path, f"'{value}' is there already, on line {line}")
        first.setdefault(value, path)
