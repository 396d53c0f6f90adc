"""Verifies entries of the ledger against the signed tree before they are shown (D14)."""

from __future__ import annotations

from collections.abc import Sequence

from store.accesses.accesses import LedgerAccess
from store.ledger.batches import subjects_of
from store.ledger.heads import SignedHead
from store.ledger.proofs import Prover
from store.merkle.merkle_tree import verify_inclusion
from store.merkle.tiles import TileMissingError


class AlteredEntryError(Exception):
    """An entry differs from the signed one, so it is not shown: the ledger's database was tampered with."""

    def __init__(self, index: int) -> None:
        super().__init__(f"entry {index} of the ledger is not as it was signed")
        self.index = index


async def verify_accesses(
    prover: Prover, pseudonym: str, found: Sequence[LedgerAccess], head: SignedHead | None
) -> None:
    """Raise AlteredEntryError for the first entry that is not in the signed tree, or not about this pseudonym."""
    if wrong := await altered_accesses(prover, pseudonym, found, head):
        raise AlteredEntryError(next(access.index for access in found if access.index in wrong))


async def altered_accesses(
    prover: Prover, pseudonym: str, found: Sequence[LedgerAccess], head: SignedHead | None
) -> set[int]:
    """Return the indexes of the entries that are not in the signed tree, or not about this pseudonym.

    `head` is the latest signed tree head, stored outside of the ledger, so that changing entry, hashes and checkpoint
    together is detected. An unsigned entry must match its leaf hash. One statement for the whole page; if a part of the
    tree is missing, no entry of the page can be proven.
    """
    size = 0 if head is None else head.size
    signed = [access for access in found if access.index < size]
    younger = [access for access in found if access.index >= size]
    try:
        paths = await prover.inclusions([access.index for access in signed], size) if signed else []
        # Without a signature yet, the stored tree is all there is to compare with.
        leaves = await prover.leaves([access.index for access in younger])
    except TileMissingError:
        return {access.index for access in found}
    wrong = {access.index for access in younger if leaves.get(access.index) != access.leaf}
    for access, path in zip(signed, paths, strict=True):
        if head is None or not verify_inclusion(access.index, size, access.leaf, path.path, head.root):
            wrong.add(access.index)
    return wrong | {access.index for access in found if pseudonym not in subjects_of(access.entry)}
