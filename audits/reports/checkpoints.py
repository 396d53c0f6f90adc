"""The newest checkpoints of the ledger, with their size and time."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from store.ledger.signed_checkpoints import Checkpoints, Signed
from store.sql.reading import Reader


async def checkpoint_facts(reader: Reader, most: int) -> list[Signed]:
    """Return at most `most` checkpoints, the newest first; empty while nothing was signed."""
    return await Checkpoints(reader).recent(most)


def checkpoints_data(found: Sequence[Signed]) -> list[dict[str, Any]]:
    """Return the JSON form. `note` is the signed text, which can be verified with the ledger's public key."""
    return [
        {
            "size": str(each.size),
            "root": b64encode(each.root).decode(),
            "signedAt": each.signed_at.isoformat().replace("+00:00", "Z"),
            "note": each.note,
        }
        for each in found
    ]
