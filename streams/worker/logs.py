"""What the worker writes about itself: one JSON object a line, or a line for people.

No event's content is ever written: reasons, topics, partitions, offsets and counts alone.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import deque
from datetime import UTC, datetime
from typing import Final, TextIO

from streams.settings import LogSettings

LOGGER: Final = "scrutineer"

LIBRARIES: Final = ("faust", "mode", "aiokafka", "aiohttp", "asyncio", "streams")


def say(level: int, message: str, **fields: object) -> None:
    """Write a line. ``fields``: JSON values that say where and how much."""
    logging.getLogger(LOGGER).log(level, message, extra={"fields": fields})


def info(message: str, **fields: object) -> None:
    """Say what happened."""
    say(logging.INFO, message, **fields)


def warn(message: str, **fields: object) -> None:
    """Say what somebody should look at."""
    say(logging.WARNING, message, **fields)


def error(message: str, **fields: object) -> None:
    """Say what somebody must mend."""
    say(logging.ERROR, message, **fields)


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, message and the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.name != LOGGER:
            line["logger"] = record.name
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """One line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, and the stack trace of a defect below it."""
        fields = "".join(f" {key}={value}" for key, value in getattr(record, "fields", {}).items())
        line = f"{_time(record)} {record.levelname:<7} {record.getMessage()}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Complaints(logging.Handler):
    """Keeps the last complaints of the Kafka client, which says one thing many times a second."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last: deque[str] = deque(maxlen=5)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.last.append(record.getMessage())

    def take(self) -> str:
        """The newest complaint, on one line; empty when there is none. They are then forgotten."""
        newest = self.last[-1] if self.last else ""
        self.last.clear()
        return " ".join(newest.split())[:300]


def set_up(settings: LogSettings, stream: TextIO | None = None) -> Complaints:
    """Set up logging for this process; returns where the Kafka client's complaints are kept.

    The libraries are heard at level DEBUG only: they repeat each trouble with the broker many
    times a second, and the worker tells of it in one line of its own.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if settings.format == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level)
    complaints = Complaints()
    for name in LIBRARIES:
        library = logging.getLogger(name)
        library.handlers[:] = [complaints if name == "aiokafka" else logging.NullHandler()]
        library.propagate = settings.level == "DEBUG"
        library.setLevel(logging.INFO if settings.level == "DEBUG" else logging.ERROR)
    return complaints
