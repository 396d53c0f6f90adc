"""Seals the ledger: adds committed entries to the tree, and signs checkpoints."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from store.ledger.batches import BATCH, SealerLeaseLostError
from store.ledger.sealer import Lease, Tree
from store.ledger.signed_checkpoints import LedgerInconsistentError, Notary
from store.ledger.signing_keys import LedgerKeyLostError, LedgerUnnamedError
from store.sql.errors import StoreUnavailableError
from workers.loop.periodic import run_periodically

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The intervals of the sealer; times in seconds."""

    pause: float = 1.0
    """Pause between two checks for new entries."""
    lease: float = 10.0
    """Duration of the lease, after which another sealer takes over."""
    entries: int = 1000
    """Number of new entries after which a checkpoint is signed at the latest."""
    seconds: float = 60.0
    """Time after which a checkpoint is signed if there is any new entry."""


class Sealer:
    """A sealer; any number of them may run, in any number of processes: the one with the lease seals, the others
    wait."""

    def __init__(self, tree: Tree, notary: Notary, rhythm: Rhythm | None = None) -> None:
        self._tree = tree
        self._notary = notary
        self._rhythm = rhythm or Rhythm()
        self._holder = secrets.token_hex(16)
        self._lease: Lease | None = None
        self._trouble = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`, also across outages of the store; seals a last time at the end."""
        await run_periodically(self._try, stop, self._rhythm.pause, "seals of the ledger", last=True)
        with suppress(StoreUnavailableError):
            await self.release()

    async def _try(self) -> bool:
        """Do one step; returns whether to continue at once. A failure is logged when it begins and when it ends."""
        try:
            busy = await self.step()
        except (StoreUnavailableError, LedgerKeyLostError, LedgerUnnamedError, LedgerInconsistentError) as error:
            self._log_change(str(error))
            return False
        except Exception:
            # The sealer must continue once the cause is fixed, whatever it is; the traceback is in the log.
            log.exception("sealing the ledger failed")
            return False
        self._log_change("")
        return busy

    def _log_change(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            log.error("the ledger cannot be sealed: %s", trouble)
        elif self._trouble and not trouble:
            log.info("the ledger is sealed again")
        self._trouble = trouble

    async def step(self) -> bool:
        """Seal one batch if this sealer has the lease, and sign if due; returns whether there is more to seal."""
        sealed = await self._extend()
        if sealed is None:
            return False
        size = (await self._tree.state()).size
        await self._notary.sign_if_due(size, self._rhythm.entries, self._rhythm.seconds)
        return sealed == BATCH

    async def _extend(self) -> int | None:
        """Add one batch to the tree; returns the number of entries, or None when another sealer has the lease."""
        self._lease = await self._tree.lease(self._holder, self._rhythm.lease)
        if self._lease is None:
            return None
        try:
            added = await self._tree.extend(self._lease)
            # Only when nothing waits: the log is searched as well, only more slowly.
            if added < BATCH:
                await self._tree.compact(self._lease)
            return added
        except SealerLeaseLostError:
            return None

    async def release(self) -> None:
        """Release the lease, so that another sealer can take over at once."""
        if self._lease is not None:
            await self._tree.release(self._lease)
            self._lease = None

    async def seal_all(self) -> int:
        """Seal the entries committed before this call, or wait until another sealer has, then sign; returns the size.

        It never takes over a valid lease, and signs at once, regardless of the intervals.
        """
        size = await self._grow(self.step)
        # After one entry, or no time: due at once.
        await self._notary.sign_if_due(size, 1, 0.0)
        return size

    async def extend_all(self) -> int:
        """Add the entries committed before this call to the tree, without signing; returns the size."""
        return await self._grow(self._extend)

    async def _grow(self, some: Callable[[], Awaitable[object]]) -> int:
        last = await self._tree.pending()
        while last is not None and await self._tree.pending_up_to(last):
            if not await some():
                # Another sealer has the lease, or everything visible is sealed: wait for a commit.
                await asyncio.sleep(self._rhythm.pause / 20)
        await self.release()
        return (await self._tree.state()).size
