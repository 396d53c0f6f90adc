"""Owners of domains are erased once their domain has ended, by a worker and not by a request (GDPR Art. 17)."""

from __future__ import annotations

from datetime import datetime

from policy.grant import internal_grant
from policy.purposes import Purpose
from resolvers.commands.context import CommandContext
from resolvers.commands.dependencies import SignInDependencies
from resolvers.registrants.rights import erase_due_owners
from store.database.store import Store

CLIENT = "retention"
SECONDS = 60
"""How long the grant of one round lives."""


class DueOwners:
    """Erases under a grant of its own: nobody's token stands behind it."""

    def __init__(self, store: Store, means: SignInDependencies) -> None:
        self._store, self._means = store, means

    async def erase(self, now: datetime) -> int:
        """Erase those who are due; how many there were."""
        return await erase_due_owners(self._context(now))

    def _context(self, now: datetime) -> CommandContext:
        grant = internal_grant(CLIENT, int(now.timestamp()) + SECONDS, Purpose.ERASURE)
        return CommandContext(self._store, grant, Purpose.ERASURE, None, now, self._means)
