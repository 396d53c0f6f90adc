"""Holding what is told of the ledger against the tree that was signed, before anybody is told it (D14)."""

from __future__ import annotations

from collections.abc import Sequence

from store.accesses.accesses import LedgerAccess
from store.ledger.heads import SignedHead
from store.ledger.proofs import Prover
from store.ledger.sealer import subjects_of
from store.merkle.merkle_tree import verify_inclusion
from store.merkle.tiles import TileMissingError


class AlteredEntryError(Exception):
    """An entry is not the one that was signed, so it is not told: the ledger's database was changed."""

    def __init__(self, index: int) -> None:
        super().__init__(f"entry {index} of the ledger is not as it was signed")
        self.index = index


async def verify_accesses(
    prover: Prover, pseudonym: str, found: Sequence[LedgerAccess], head: SignedHead | None
) -> None:
    """AlteredEntryError for the first of these entries that is not in the signed tree, or not about this pseudonym."""
    if wrong := await altered_accesses(prover, pseudonym, found, head):
        raise AlteredEntryError(next(access.index for access in found if access.index in wrong))


async def altered_accesses(
    prover: Prover, pseudonym: str, found: Sequence[LedgerAccess], head: SignedHead | None
) -> set[int]:
    """The indexes of the entries that are not in the signed tree, or not about this pseudonym.

    `head` is what was signed last, as it is remembered outside the ledger: so neither entry, hashes nor checkpoint
    can be changed together. What is not signed yet must be what its leaf says. One statement for the whole page; where
    a part of the tree is missing nothing of the page can be proven.
    """
    size = 0 if head is None else head.size
    signed = [access for access in found if access.index < size]
    younger = [access for access in found if access.index >= size]
    try:
        paths = await prover.inclusions([access.index for access in signed], size) if signed else []
        leaves = await prover.leaves([access.index for access in younger])
    except TileMissingError:
        return {access.index for access in found}
    wrong = {access.index for access in younger if leaves.get(access.index) != access.leaf}
    for access, path in zip(signed, paths, strict=True):
        if head is None or not verify_inclusion(access.index, size, access.leaf, path.path, head.root):
            wrong.add(access.index)
    return wrong | {access.index for access in found if pseudonym not in subjects_of(access.entry)}
