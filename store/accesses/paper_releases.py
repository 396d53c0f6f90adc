"""The released versions of the notice and the record, from ledger entries that are verified against its tree (D14)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson
from sqlalchemy import bindparam, select

from store.accesses.accesses import Accesses, LedgerAccess
from store.accesses.acts import ActEntry, act_of
from store.accesses.check import verify_accesses
from store.ledger.entries import PAPER_RELEASED, RELEASED, ledger_entries
from store.ledger.heads import SignedHead
from store.ledger.proofs import Prover
from store.ledger.signed_checkpoints import Checkpoints
from store.ledger.tree_tables import TREE, ledger_pending, ledger_tree
from store.sql.metadata import Id
from store.sql.reading import Reader

PAGE = 500
"""Entries in one statement."""


@dataclass(frozen=True, slots=True)
class PaperRelease:
    """One entry: the act, the version that it released, its SHA-256, and the day from which it is valid."""

    act: str
    kind: str
    version: int
    digest: str
    """Hexadecimal."""
    day: str
    """ISO 8601."""


class PaperReleases:
    """Reads the releases by the ledger's index, and from the unsealed entries."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._sealed, self._prover = reader, Accesses(reader), Prover(reader)
        query = select(ledger_pending.c.sequence, ledger_entries.c.entry).join_from(
            ledger_pending, ledger_entries, ledger_entries.c.sequence == ledger_pending.c.sequence
        )
        query = query.where(ledger_pending.c.sequence > bindparam("after", type_=Id)).order_by(
            ledger_pending.c.sequence
        )
        self._waiting = reader.prepare(query.limit(bindparam("most", type_=Id)))
        self._pruned = reader.prepare(select(ledger_tree.c.pruned_to).where(ledger_tree.c.id == TREE))

    async def all(self) -> list[PaperRelease]:
        """Return all releases whose entries were not pruned; AlteredEntryError for one that differs from the signed
        one."""
        waiting = [
            each async for each in self._pending()
        ]  # First: an entry sealed meanwhile is found twice, not missed.
        found = [act_of(orjson.loads(each)) for each in waiting] + [each async for each in self._leaves()]
        return list(dict.fromkeys(_release(each) for each in found if each is not None and each.state == RELEASED))

    async def pruned(self) -> bool:
        """Return whether entries were pruned: then those of old releases are not found any more."""
        rows = await self._reader.fetch(self._pruned, {})
        return bool(rows and rows[0][0])

    async def _pending(self) -> AsyncIterator[bytes]:
        after = -1
        while rows := await self._reader.fetch(self._waiting, {"after": after, "most": PAGE}):
            for sequence, entry in rows:
                after = sequence
                yield bytes(entry)

    async def _leaves(self) -> AsyncIterator[ActEntry | None]:
        signed = await Checkpoints(self._reader).latest()
        head = None if signed is None else SignedHead("", signed.size, signed.root)
        before: int | None = None
        while page := await self._page(before):
            await verify_accesses(self._prover, PAPER_RELEASED, page, head)
            before = page[-1].index
            for each in page:
                yield act_of(orjson.loads(each.entry))

    async def _page(self, before: int | None) -> list[LedgerAccess]:
        return (await self._sealed.pages([PAPER_RELEASED], before, PAGE)).get(PAPER_RELEASED, [])


def _release(act: ActEntry) -> PaperRelease:
    said: dict[str, str] = {}
    for each in act.details:
        name, _, value = each.partition("=")
        said.setdefault(name, value)
    return PaperRelease(act.id, said["kind"], int(said["version"]), said["sha256"], said["from"])
