"""What a certificate of erasure says of the database's files: clean, not yet, and what is beyond reach (D8, D9)."""

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
"""What no command of a database's owner reaches, each with what it means."""


def beyond_reach(on_server: bool, backup_days: int, now: datetime) -> list[dict[str, Any]]:
    """The places that were not cleaned; `until` is when archives and dumps end, as the operator's setting says."""
    found = ANYWHERE | (ON_A_SERVER if on_server else {})
    ends = said((now + timedelta(days=backup_days)).replace(microsecond=0)) if backup_days else None
    return [
        {"place": place, "meaning": meaning, "until": ends if place == "ARCHIVES_AND_DUMPS" else None}
        for place, meaning in sorted(found.items())
    ]


def files_facts(case: str, certificate: str, now: datetime) -> dict[str, Any]:
    """The second statement: of which certificate, and when nobody could see any more what was removed."""
    return {
        "version": VERSION,
        "type": "ERASURE_FILES",
        "case": case,
        "certificate": digest(certificate),
        "filesAt": said(now.replace(microsecond=0)),
        "meaning": "What the removal left behind in the database's files was overwritten.",
    }
