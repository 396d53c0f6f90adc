"""Log lines: structured, and free of what was asked; an exception by its type and place, never by its text."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from types import TracebackType

import orjson

ROOT = Path(__file__).resolve().parents[2]
USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "color_message", "taskName"}
"""The attributes every record has; others were given as `extra`."""


class Line(logging.Formatter):
    """Makes a log record one line, of text or of JSON."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """The line; the text of an exception is left out, since it may quote values (D1)."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        entry |= {name: value for name, value in vars(record).items() if name not in USUAL}
        if record.exc_info and record.exc_info[1] is not None:
            entry["error"] = chain(record.exc_info[1])
        if self._json:
            return orjson.dumps(entry, default=lambda value: type(value).__name__).decode()
        fields = " ".join(f"{name}={value}" for name, value in list(entry.items())[3:])
        return f"{entry['time']} {entry['level']:<7} {entry['message']} {fields}".rstrip()


def chain(error: BaseException | None) -> str:
    """The types of an exception and of its causes, each with the place it came from: `KeyError at a.py:3 < ...`."""
    links: list[str] = []
    while error is not None and len(links) < 5:
        links.append(f"{type(error).__name__} at {_place(error.__traceback__)}")
        error = error.__cause__ or error.__context__
    return " < ".join(links)


def _place(traceback: TracebackType | None) -> str:
    """The innermost frames of our own code and of the library it was in."""
    frames = extract_tb(traceback)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT) and ".venv" not in frame.filename]
    named = [*ours[-2:], *frames[-1:]] if frames and frames[-1] not in ours[-1:] else ours[-3:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in named) or "?"


def configure(form: str) -> None:
    """Send every log line to stderr in this form, the server's own lines included."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line(form))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # SQLAlchemy, drivers and the like speak of statements: only what is wrong with them is of interest.
    for name in ("sqlalchemy", "alembic", "asyncpg", "aiosqlite", "strawberry", "graphql"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_is_no_upgrade)


def _is_no_upgrade(record: logging.LogRecord) -> bool:
    """Whether it is no line about an upgrade to WebSocket, which anybody may ask for as often as they like (G14)."""
    return "upgrade request" not in str(record.msg) and "WebSocket" not in str(record.msg)
