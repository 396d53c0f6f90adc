"""Owners of domains are erased once their domain has ended, by a worker and not by a request (GDPR Art. 17)."""

from __future__ import annotations

from datetime import datetime

from policy.grant import Grant, Refusal
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
        grant = Grant(
            token_id=CLIENT,
            client_id=CLIENT,
            subject=None,
            purposes=frozenset({Purpose.ERASURE}),
            scopes=frozenset(),
            expires_at=int(now.timestamp()) + SECONDS,
            refusal=Refusal.REFUSE,
            documents_only=False,
            introspection=False,
            max_page=1,
        )
        return CommandContext(self._store, grant, Purpose.ERASURE, None, now, self._means)
