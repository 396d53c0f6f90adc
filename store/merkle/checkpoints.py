"""Checkpoints: the signed tree head at one size, which outsiders store to detect changes (C2SP tlog-checkpoint)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from store.merkle.merkle_tree import Hash
from store.merkle.signed_note import NAME, Note, NoteInvalidError, NoteSigner, VerifierKey, open_note, sign, unbase64

# At most 19 digits, and no leading zero: one spelling for each size.
NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The name of the log, the number of its entries, and the root hash over them."""

    origin: str
    size: int
    root: Hash

    @property
    def text(self) -> str:
        """The text to be signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Parse the text of a note; NoteInvalidError when it is no checkpoint, or has extension lines: we write
        none."""
        match text.split("\n"):
            case [origin, size, root, ""] if NAME.fullmatch(origin) and NUMBER.fullmatch(size):
                return cls(origin, int(size), _root(root))
        raise NoteInvalidError("it is not a checkpoint: three lines, with a name, a size and a root")

    def sign(self, signers: Iterable[NoteSigner]) -> str:
        """Return the signed note for publication."""
        return sign(self.text, signers)


def _root(text: str) -> Hash:
    try:
        root = unbase64(text)
    except ValueError:
        root = b""
    if len(root) != 32:
        raise NoteInvalidError("its root is not a hash")
    return root


def open_checkpoint(note: str, keys: Iterable[VerifierKey]) -> tuple[Checkpoint, Note]:
    """Return a checkpoint that one of the keys signed under the log's own name; else NoteInvalidError."""
    opened = open_note(note, keys)
    checkpoint = Checkpoint.parse(opened.text)
    if any(key.name != checkpoint.origin for key in opened.signed_by):
        raise NoteInvalidError("it is signed under another name than the log's own")
    return checkpoint, opened


def origin_of(issuer: str) -> str:
    """Return the log's name for an issuer: its URL without the scheme, plus `/ledger`; ValueError if unusable."""
    # A plus sign separates the parts of a verifier key, so that a name must not contain one (C2SP signed-note).
    origin = f"{issuer.partition('://')[2].rstrip('/')}/ledger".replace("+", "%2B")
    if not NAME.fullmatch(origin) or origin.startswith("/"):
        raise ValueError("an issuer's address is needed to name the ledger")
    return origin
