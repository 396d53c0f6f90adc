"""The acts of operators: ledger entries with the command and a keyed pseudonym of the operator (G17)."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import bindparam, select

from store.accesses.accesses import Accesses
from store.crypto.system_keys import SystemKeys
from store.ledger.entries import EVENT_ACT, ledger_entries
from store.ledger.tree_tables import ledger_pending
from store.sql.metadata import Id
from store.sql.reading import Reader

KEY = "operators"
WAITING = 10_000
"""Maximum unsealed entries that are scanned; a sealer normally adds entries to the tree within a second or two."""


@dataclass(frozen=True, slots=True)
class ActEntry:
    """One entry about an act. Each act has an entry before it (BEGUN) and one after it (DONE or FAILED)."""

    id: str
    at: datetime
    act: str
    """The command, such as `clients create`."""
    state: str
    operator: str
    """The pseudonym of the user of the operating system."""
    staff: str | None
    """The staff code that the operator gave, if any."""
    target: str | None
    details: tuple[str, ...]


async def pseudonym_of(system: SystemKeys, operator: str) -> str:
    """Return the pseudonym of a user of the operating system, 22 letters; it cannot be resolved without the key."""
    digest = hmac.digest(await system.named(KEY), operator.encode(), sha256)
    return urlsafe_b64encode(digest[:16])[:22].decode()


def entry_of(act: ActEntry) -> dict[str, Any]:
    """Return the form in the ledger."""
    return {
        "version": 1,
        "event": EVENT_ACT,
        "at": int(act.at.timestamp()),
        "id": act.id,
        "act": act.act,
        "state": act.state,
        "operator": act.operator,
        "staff": act.staff,
        "target": act.target,
        "details": list(act.details),
    }


def act_of(entry: Mapping[str, Any]) -> ActEntry | None:
    """Parse the act of an entry; None for any other entry."""
    if entry.get("event") != EVENT_ACT:
        return None
    return ActEntry(
        entry["id"],
        datetime.fromtimestamp(entry["at"], UTC),
        entry["act"],
        entry["state"],
        entry["operator"],
        entry["staff"],
        entry["target"],
        tuple(entry["details"]),
    )


class Acts:
    """Reads the acts, newest first: by the ledger's index, and those of the last seconds from the unsealed entries."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._sealed = reader, Accesses(reader)
        query = select(ledger_entries.c.entry).join_from(
            ledger_pending, ledger_entries, ledger_entries.c.sequence == ledger_pending.c.sequence
        )
        self._waiting = reader.prepare(
            query.order_by(ledger_pending.c.sequence.desc()).limit(bindparam("most", type_=Id))
        )

    async def newest(self, most: int) -> list[ActEntry]:
        """Return the newest entries, at most `most`."""
        rows = await self._reader.fetch(self._waiting, {"most": WAITING})
        found = [act_of(orjson.loads(row[0])) for row in rows]
        pages = await self._sealed.pages([EVENT_ACT], None, most)
        found += [act_of(orjson.loads(access.entry)) for access in pages.get(EVENT_ACT, [])]
        # An entry that is sealed between the two reads is found by both.
        unique = {(each.id, each.state): each for each in found if each is not None}
        return list(unique.values())[:most]
