"""Texts with signatures under them that anyone can check by hand (C2SP signed-note, Ed25519)."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
"""The type of these signatures and keys, in ids and in texts."""

NAME = re.compile(r"[^\s+\x00-\x1f]+")
LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")
MOST_SIGNATURES = 64
LONGEST = 100_000
"""Bytes of a note at most; what comes from elsewhere is bounded before it is read."""


class NoteInvalidError(Exception):
    """A note that is malformed, or not signed by anyone who is trusted; the text says which, for anyone to read."""


def unbase64(text: str) -> bytes:
    """The bytes, if the text is the one way of writing them (RFC 4648, section 4); ValueError otherwise."""
    try:
        content = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise ValueError("not base64") from None
    if b64encode(content).decode() != text:
        raise ValueError("not base64 as it is written")
    return content


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A name and the public key that signs under it."""

    name: str
    public: bytes
    id: bytes = field(init=False)
    """Four bytes that tell keys of one name apart; a hint, and no proof of anything."""

    def __post_init__(self) -> None:
        """ValueError unless the name can stand in a note and the key has the right length."""
        if not NAME.fullmatch(self.name):
            raise ValueError("a key's name has no spaces and no plus sign")
        if len(self.public) != 32:
            raise ValueError("an Ed25519 public key has 32 bytes")
        digest = sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()
        object.__setattr__(self, "id", digest[:4])

    def __str__(self) -> str:
        """The text that is published: name, id and key, as Go's `note` package and other tools read it."""
        return f"{self.name}+{self.id.hex()}+{b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read the published text; ValueError when any letter of it is wrong."""
        name, id_, key = (*text.split("+", 2), "", "")[:3]
        content = unbase64(key)
        if content[:1] != ED25519:
            raise ValueError("not an Ed25519 key")
        found = cls(name, content[1:])
        if found.id.hex() != id_:
            raise ValueError("the key does not belong to its id")
        return found

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Whether this key signed the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A name and the private key that signs under it."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def of(cls, name: str, seed: bytes) -> NoteSigner:
        """From the 32 bytes that rest in the key store."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def verifier(self) -> VerifierKey:
        """What everyone may know."""
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())

    def line(self, text: bytes) -> str:
        """The signature line for a text."""
        signed = self.verifier.id + self.private.sign(text)
        return f"— {self.name} {b64encode(signed).decode()}\n"


def sign(text: str, signers: Iterable[NoteSigner]) -> str:
    """The note: the text, which ends in a newline, an empty line, and one line for each who signs."""
    if not text.endswith("\n"):
        raise ValueError("the text of a note ends in a newline")
    return text + "\n" + "".join(signer.line(text.encode()) for signer in signers)


@dataclass(frozen=True, slots=True)
class Note:
    """A note that was read: its text, and who signed it."""

    text: str
    signed_by: tuple[VerifierKey, ...]
    """Those of the known keys whose signature is right; at least one."""
    unknown: int
    """Signatures by others, which say nothing."""


def open_note(note: str, keys: Iterable[VerifierKey]) -> Note:
    """The text, if at least one of the keys signed it and no signature that names one of them is wrong;
    NoteInvalidError.

    1. it is bounded, and lines of text; 2. the last empty line parts text and signatures; 3. every signature line has
    the one form; 4. signatures by unknown keys are counted and passed over; 5. those by known ones must all be right.
    """
    if len(note) > LONGEST or re.search(r"[\x00-\x09\x0b-\x1f]", note):  # 1
        raise NoteInvalidError("it is too long, or holds control characters")
    text, parting, signatures = note.rpartition("\n\n")  # 2
    lines = signatures.removesuffix("\n").split("\n")
    if not parting or not signatures.endswith("\n") or len(lines) > MOST_SIGNATURES:
        raise NoteInvalidError("it is not a text with signatures under it")
    text += "\n"
    known = {(key.name, key.id): key for key in keys}
    signed_by: dict[VerifierKey, None] = {}
    unknown = 0
    for line in lines:
        name, content = _signature(line)  # 3
        key = known.get((name, content[:4]))
        if key is None:
            unknown += 1  # 4
        elif key.verifies(text.encode(), content[4:]):  # 5
            signed_by[key] = None
        else:
            raise NoteInvalidError(f"its signature by {name} ({key.id.hex()}) is wrong")
    if not signed_by:
        raise NoteInvalidError("no key that is known here has signed it")
    return Note(text, tuple(signed_by), unknown)


def _signature(line: str) -> tuple[str, bytes]:
    match = LINE.fullmatch(line)
    if match is None:
        raise NoteInvalidError("it has a signature line that cannot be read")
    try:
        content = unbase64(match[2])
    except ValueError:
        raise NoteInvalidError("it has a signature that cannot be read") from None
    return match[1], content
