"""The part of an erasure certificate about the database's files: when they were clean, and copies beyond reach (D8,
D9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from workers.certificates.certificates import VERSION, digest, said

ANYWHERE = {
    "ARCHIVES_AND_DUMPS": "Copies of the databases from before. What they hold of the customer was sealed under the "
    "key that was destroyed; a copy of the key store ends with the root key it was made under.",
    "CORE_DUMPS_AND_SWAP": "Memory that the operating system wrote to a disk.",
}
ON_A_SERVER = {
    "WRITE_AHEAD_LOG": "The server's log of changes, until its segments are used again, and where it is archived.",
    "FREE_SPACE": "The free space within pages of large tables, until it is used again.",
    "SERVER_LOG": "Parameters of statements that the server wrote to its own log, if it is set so.",
    "PG_STAT_STATEMENTS": "Constants in statements, if the extension is loaded; the gateway passes values apart.",
}
"""Copies that no command of a database's owner removes, with an explanation."""


def beyond_reach(on_server: bool, backup_days: int, now: datetime) -> list[dict[str, Any]]:
    """Return the places that are not cleaned; `until` is when archives and dumps expire, by the operator's setting."""
    found = ANYWHERE | (ON_A_SERVER if on_server else {})
    ends = said((now + timedelta(days=backup_days)).replace(microsecond=0)) if backup_days else None
    return [
        {"place": place, "meaning": meaning, "until": ends if place == "ARCHIVES_AND_DUMPS" else None}
        for place, meaning in sorted(found.items())
    ]


def files_facts(case: str, certificate: str, now: datetime) -> dict[str, Any]:
    """Return the facts of the statement about files: the certificate, and when no snapshot saw the deleted rows any
    more."""
    return {
        "version": VERSION,
        "type": "ERASURE_FILES",
        "case": case,
        "certificate": digest(certificate),
        "filesAt": said(now.replace(microsecond=0)),
        "meaning": "What the removal left behind in the database's files was overwritten.",
    }
