"""The ledger entry of a read: who read which fields of whom, why, and in which case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from policy.acting import ActingPerson
from policy.purposes import Purpose


def read_entry(
    client: str,
    purpose: Purpose | None,
    reference: str | None,
    operation: str,
    fields: Any,
    subjects: Iterable[str],
    now: datetime,
    acting: ActingPerson | None = None,
    *,
    agent: bool = False,
) -> dict[str, Any]:
    """The entry, which is durable before the answer leaves; no personal data, and no text of the operation.

    `operation` is the hash of the operation's shape, `fields` are schema coordinates (or an `orjson.Fragment` of them),
    and `subjects` the pseudonyms that the guard noted (`SubjectTracker.subjects`). `acting` is the member of staff on
    whose behalf a tool asked, if it named one. With `agent` a language model asked, at /mcp; entries before it, and of
    everybody else, do not have the word.
    """
    entry: dict[str, Any] = {
        "version": 1,
        "at": int(now.timestamp()),
        "client": client,
        "purpose": purpose.name if purpose else None,
        "reference": reference,
        "operation": operation,
        "fields": fields,
        "subjects": list(subjects),
    }
    if acting is not None:
        entry["person"] = {"pseudonym": acting.pseudonym, "role": acting.role}
    if agent:
        entry["agent"] = True
    return entry
