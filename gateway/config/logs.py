"""Structured logging without request data; exceptions are logged by type and place, never by their text (D1)."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from types import TracebackType

import orjson

from gateway.config.request_names import CURRENT

ROOT = Path(__file__).resolve().parents[2]
USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "color_message", "taskName"}
"""Attributes of every log record; others were given as `extra`."""


class Line(logging.Formatter):
    """Formats a log record as one line of text or JSON."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """The line, without the text of an exception, which may quote values (D1)."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if (names := CURRENT.get()) is not None:
            entry |= names.given()
        entry |= {name: value for name, value in vars(record).items() if name not in USUAL}
        if record.exc_info and record.exc_info[1] is not None:
            entry["error"] = chain(record.exc_info[1])
        if self._json:
            # An unknown object is logged by its type: its text could hold anything (D1).
            return orjson.dumps(entry, default=lambda value: type(value).__name__).decode()
        fields = " ".join(f"{name}={value}" for name, value in list(entry.items())[3:])
        return f"{entry['time']} {entry['level']:<7} {entry['message']} {fields}".rstrip()


def chain(error: BaseException | None) -> str:
    """The types of an exception and of up to four causes, each with its place: `KeyError at a.py:3 < ...`."""
    links: list[str] = []
    while error is not None and len(links) < 5:  # Chains can be circular or endless.
        links.append(f"{type(error).__name__} at {_place(error.__traceback__)}")
        error = error.__cause__ or error.__context__
    return " < ".join(links)


def _place(traceback: TracebackType | None) -> str:
    """The innermost frames of our own code, and of the library called from it."""
    frames = extract_tb(traceback)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT) and ".venv" not in frame.filename]
    named = [*ours[-2:], *frames[-1:]] if frames and frames[-1] not in ours[-1:] else ours[-3:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in named) or "?"


def configure(form: str) -> None:
    """Send all logging, the server's included, to stderr as `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line(form))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Below WARNING these log statements, whose parameters may be personal data (D1).
    for name in ("sqlalchemy", "alembic", "asyncpg", "aiosqlite", "strawberry", "graphql"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Its warnings repeat words of requests.
    logging.getLogger("mcp").setLevel(logging.ERROR)
    logging.getLogger("uvicorn.error").addFilter(_is_no_upgrade)


def _is_no_upgrade(record: logging.LogRecord) -> bool:
    """False for uvicorn's lines about WebSocket upgrades, with which anybody could flood the log (G14)."""
    return "upgrade request" not in str(record.msg) and "WebSocket" not in str(record.msg)
