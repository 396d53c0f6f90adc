"""Resumes the ledger after a rollback: under another name, with an entry that records the lost head.

Nothing more may be signed under the old name (C2SP tlog-checkpoint: a log never signs two trees of one name). The new
log has the remaining entries of the old one, which older checkpoints still cover, then this entry; the old key vouches
for the new one.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from store.ledger.append import LedgerAppender
from store.ledger.entries import EVENT_RESUMED
from store.ledger.heads import Containing, HeadPlace, Heads, LedgerBehindError, SignedHead
from store.ledger.sealer import Tree
from store.ledger.signing_keys import LedgerKeyLostError, LedgerKeys
from store.merkle.checkpoints import Checkpoint
from store.merkle.signed_note import NoteInvalidError, NoteSigner, VerifierKey, open_note, sign

GENERATION = re.compile(r"(.+?)(?:/([1-9][0-9]*))?")
LINE = "gateway ledger resumed"
LONGEST = 200
NUMBER = re.compile(r"\d[\d /().-]{3,}\d")


class NotBehindError(Exception):
    """The ledger contains every signed head: there is nothing to resume."""

    def __init__(self) -> None:
        super().__init__("The ledger has everything that was signed before: nothing needs to be resumed.")


class ReasonRefusedError(Exception):
    """The reason looks like personal data, which the ledger must not contain."""

    def __init__(self) -> None:
        super().__init__(
            f"A reason has 3 to {LONGEST} printable letters, without addresses and without numbers of five digits or "
            "more: it stands in the ledger for good, where no personal data may stand."
        )


def check_reason(text: str) -> str:
    """Return the reason in one line; ReasonRefusedError if it is too long or looks like personal data."""
    reason = " ".join(text.split())
    if not (3 <= len(reason) <= LONGEST and reason.isprintable()) or "@" in reason or NUMBER.search(reason):
        raise ReasonRefusedError
    return reason


@dataclass(frozen=True, slots=True)
class Resumer:
    """The operator who resumes the ledger, and the reason."""

    operator: str
    """A pseudonym (`store.accesses.acts`)."""
    staff: str | None
    reason: str


def next_origin(origin: str) -> str:
    """Return the next name in the series `data.example/ledger`, `data.example/ledger/2`, `data.example/ledger/3`."""
    match = GENERATION.fullmatch(origin)
    if match is None:
        raise ValueError("no name of a ledger")
    return f"{match[1]}/{int(match[2] or 1) + 1}"


def _voucher(old: SignedHead, new: VerifierKey) -> str:
    return f"{LINE}\n{old.origin}\n{old.size}\n{b64encode(old.root).decode()}\n{new}\n"


def introduced(entry: Mapping[str, Any], trusted: list[VerifierKey]) -> VerifierKey | None:
    """Return the key that a resumption entry introduces, if one of the trusted keys vouches for it; else None."""
    try:
        note = open_note(entry["voucher"], trusted)
        line, origin, _, _, key, end = note.text.split("\n")
        if (line, end) != (LINE, "") or any(each.name != origin for each in note.signed_by):
            return None
        return VerifierKey.parse(key)
    except (NoteInvalidError, KeyError, ValueError, TypeError):
        return None


class Resuming:
    """The procedure of `gateway ledger resume`; it can be restarted when killed, since the head moves last."""

    def __init__(
        self, ledger: LedgerAppender, tree: Tree, keys: LedgerKeys, heads: Heads, place: HeadPlace | None
    ) -> None:
        self._ledger, self._tree, self._keys, self._heads, self._place = ledger, tree, keys, heads, place
        self._containing = Containing(tree.reader)

    async def run(self, by: Resumer, seal: Callable[[], Awaitable[int]], now: datetime | None = None) -> SignedHead:
        """Resume the ledger; returns the lost head. NotBehindError when nothing was lost; StoreUnavailableError.

        1. Append an entry with the old head, the reason and the operator, and the new key with the old key's voucher;
        2. add it to the tree (`seal` signs nothing); 3. add the new key, which gives the ledger its new name; 4.
        replace the stored head by that of the present tree: only from here on is anything signed.
        """
        lost = await self._lost()
        before = await self._heads.latest()
        number, signer = await self._keys.under(next_origin(lost.origin))
        signers = await self._vouching(lost.origin)
        moment = now or datetime.now(UTC)
        entry = {
            "version": 1,
            "event": EVENT_RESUMED,
            "at": int(moment.timestamp()),
            "origin": lost.origin,
            "size": lost.size,
            "root": b64encode(lost.root).decode(),
            "reason": by.reason,
            "operator": by.operator,
            "staff": by.staff,
            "key": str(signer.verifier),
            "voucher": sign(_voucher(lost, signer.verifier), signers) if signers else None,
        }
        await self._ledger.append_withheld(entry)  # 1
        size = await seal()  # 2
        await self._keys.add(number, signer)  # 3
        head = SignedHead(signer.name, size, await self._tree.prover.root(size))
        if self._place is not None:
            await self._place.remember(Checkpoint(head.origin, head.size, head.root).sign([signer]))
        await self._heads.advance(before, head)  # 4
        return lost

    async def _lost(self) -> SignedHead:
        heads = [await self._heads.latest(), await self._place.latest() if self._place else None]
        try:
            await self._containing.require(heads)
        except LedgerBehindError as behind:
            return behind.head
        raise NotBehindError

    async def _vouching(self, origin: str) -> list[NoteSigner]:
        """Return the keys that signed under the old name; none if the key store has lost them, too."""
        try:
            return [signer for key, signer in await self._keys.signing() if key.verifier.name == origin]
        except LedgerKeyLostError:
            return []
