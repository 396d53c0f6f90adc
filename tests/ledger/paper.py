"""Exports made by hand, without a store: what an attacker with a text editor, and more, would make of them."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from store.ledger.entries import canonical
from store.ledger.export import FORMAT, ExportHeader, checkpoint_line, entry_line
from store.ledger.verify import VerificationReport, check_export
from store.merkle.checkpoints import Checkpoint
from store.merkle.merkle_tree import Frontier, leaf_hash
from store.merkle.signed_note import NoteSigner, VerifierKey
from tests.ledger.logs import ORIGIN, entry

OLD, NEW, STRANGER = (NoteSigner.of(ORIGIN, bytes([number]) * 32) for number in (1, 2, 3))


@dataclass(frozen=True)
class Paper:
    """An export that can be taken apart: `signed` says after how many entries who signed a checkpoint."""

    entries: tuple[bytes, ...]
    signed: tuple[tuple[int, tuple[NoteSigner, ...]], ...]
    pruned: int = 0
    origin: str = ORIGIN
    first: int = 0

    def lines(self) -> list[bytes]:
        """The lines as the exporter would write them."""
        edge = Frontier()
        for content in self.entries[: self.first]:
            edge.push(leaf_hash(content))
        keys = {str(signer.verifier): None for _, signers in self.signed for signer in signers}
        hashes = tuple(b64encode(each).decode() for each in edge.hashes)
        lines = [ExportHeader(FORMAT, self.origin, self.first, hashes, len(self.entries), tuple(keys)).line()]
        lines += self.notes(self.first, edge)
        for index, content in enumerate(self.entries[self.first :], self.first):
            edge.push(leaf_hash(content))
            lines.append(entry_line(index, leaf_hash(content), None if index < self.pruned else content))
            lines += self.notes(index + 1, edge)
        return lines

    def notes(self, size: int, edge: Frontier) -> list[bytes]:
        """The checkpoints of one size."""
        return [checkpoint_line(self.note(edge, signers)) for at, signers in self.signed if at == size]

    def note(self, edge: Frontier, signers: Iterable[NoteSigner]) -> str:
        """One checkpoint."""
        return Checkpoint(self.origin, edge.size, edge.root()).sign(signers)

    def note_at(self, size: int, *signers: NoteSigner) -> str:
        """The checkpoint of a size, as somebody may have kept it."""
        edge = Frontier()
        for content in self.entries[:size]:
            edge.push(leaf_hash(content))
        return self.note(edge, signers or (NEW,))

    def content(self) -> bytes:
        """The whole file."""
        return b"".join(self.lines())

    def but(self, change: Callable[[list[bytes]], object]) -> Paper:
        """With other entries, their hashes and indexes made to fit, under the checkpoints of before."""
        entries = list(self.entries)
        change(entries)
        return replace(self, entries=tuple(entries))


def fixed(count: int) -> bytes:
    """A nonce without chance, so that a failure can be looked at twice."""
    return bytes(range(count))


def paper(count: int = 12, **more: object) -> Paper:
    """Twelve entries; checkpoints after 5, 8 (by both keys, when the key was replaced) and 12."""
    entries = tuple(canonical(entry(number), fixed) for number in range(count))
    signed = ((0, (OLD,)), (5, (OLD,)), (8, (NEW, OLD)), (count, (NEW,)))
    return Paper(entries, signed, **more)  # type: ignore[arg-type]


def check(
    content: bytes | Sequence[bytes], keys: Sequence[VerifierKey] = (NEW.verifier,), known: str | None = None
) -> VerificationReport:
    """What is found in it, by who has the present public key."""
    whole = content if isinstance(content, bytes) else b"".join(content)
    return check_export(io.BytesIO(whole), keys, known)
