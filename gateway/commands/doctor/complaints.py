"""A fault that `gateway doctor` finds, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """The weight of a fault."""

    ERROR = "error"
    """Something does not work, or data is open to whom it is not meant for."""
    WARNING = "warning"
    """It works, with less protection or notice than it could have."""


class Topic(Enum):
    """The subject of a check, by its word in `--json`."""

    SETTINGS = "settings"
    KEY_FILES = "key-files"
    SEPARATION = "separation"
    STORE = "store"
    CLOCK = "clock"
    GRANTS = "grants"
    SERVER_LOGS = "server-logs"
    MACHINE = "machine"
    SMTP = "smtp"
    PROXIES = "proxies"
    TLS = "tls"
    PLACES = "places"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One fault. The sentence names settings, files, roles and tables, and no value of a customer."""

    check: Topic
    severity: Level
    message: str
    """The fault, and the remedy."""


def error(check: Topic, message: str) -> Complaint:
    """A fault of severity ERROR."""
    return Complaint(check, Level.ERROR, message)


def warning(check: Topic, message: str) -> Complaint:
    """A fault of severity WARNING."""
    return Complaint(check, Level.WARNING, message)
