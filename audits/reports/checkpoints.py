"""The newest checkpoints of the ledger: how much of it was signed, and when."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from store.ledger.signed_checkpoints import Checkpoints, Signed
from store.sql.reading import Reader


async def checkpoint_facts(reader: Reader, most: int) -> list[Signed]:
    """At most so many, the newest first; none while nothing was signed."""
    return await Checkpoints(reader).recent(most)


def checkpoints_data(found: Sequence[Signed]) -> list[dict[str, Any]]:
    """Their JSON form. `note` is what was signed, and verifies with the ledger's public key."""
    return [
        {
            "size": str(each.size),
            "root": b64encode(each.root).decode(),
            "signedAt": each.signed_at.isoformat().replace("+00:00", "Z"),
            "note": each.note,
        }
        for each in found
    ]
