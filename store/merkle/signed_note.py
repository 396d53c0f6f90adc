"""Signed notes: texts with signatures that anyone can verify (C2SP signed-note, Ed25519)."""

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
"""The signature type of Ed25519 in key ids and key texts."""

NAME = re.compile(r"[^\s+\x00-\x1f]+")
LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")
MOST_SIGNATURES = 64
LONGEST = 100_000
"""Maximum characters of a note; foreign input is bounded before it is parsed."""


class NoteInvalidError(Exception):
    """The note is malformed, or not signed by a trusted key; the message says which and may be shown to anyone."""


def unbase64(text: str) -> bytes:
    """Decode canonical base64 (RFC 4648, section 4); ValueError for any other spelling."""
    try:
        content = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise ValueError("not base64") from None
    # `b64decode` ignores the unused bits of the last character, so that several texts would be one value.
    if b64encode(content).decode() != text:
        raise ValueError("not base64 as it is written")
    return content


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A name with its public key."""

    name: str
    public: bytes
    id: bytes = field(init=False)
    """Four bytes that distinguish keys of one name; a hint without any security."""

    def __post_init__(self) -> None:
        """ValueError unless the name is allowed in a note and the key has the right length."""
        if not NAME.fullmatch(self.name):
            raise ValueError("a key's name has no spaces and no plus sign")
        if len(self.public) != 32:
            raise ValueError("an Ed25519 public key has 32 bytes")
        digest = sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()
        # A frozen dataclass has no other way to set a computed field.
        object.__setattr__(self, "id", digest[:4])

    def __str__(self) -> str:
        """Return the text for publication: name, id and key, in the format of Go's `note` package."""
        return f"{self.name}+{self.id.hex()}+{b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Parse the published text; ValueError if it is malformed or its id does not match."""
        name, id_, key = (*text.split("+", 2), "", "")[:3]
        content = unbase64(key)
        if content[:1] != ED25519:
            raise ValueError("not an Ed25519 key")
        found = cls(name, content[1:])
        if found.id.hex() != id_:
            raise ValueError("the key does not belong to its id")
        return found

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Return whether this key signed the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A name with its private key."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def of(cls, name: str, seed: bytes) -> NoteSigner:
        """Make a signer from the 32-byte seed in the key store."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def verifier(self) -> VerifierKey:
        """The public part."""
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())

    def line(self, text: bytes) -> str:
        """Return the signature line for a text."""
        signed = self.verifier.id + self.private.sign(text)
        return f"— {self.name} {b64encode(signed).decode()}\n"


def sign(text: str, signers: Iterable[NoteSigner]) -> str:
    """Return a note: the text, which must end in a newline (else ValueError), an empty line, and the signature
    lines."""
    if not text.endswith("\n"):
        raise ValueError("the text of a note ends in a newline")
    return text + "\n" + "".join(signer.line(text.encode()) for signer in signers)


@dataclass(frozen=True, slots=True)
class Note:
    """A verified note: its text and the keys that signed it."""

    text: str
    signed_by: tuple[VerifierKey, ...]
    """The known keys with a valid signature; at least one."""
    unknown: int
    """The number of signatures by unknown keys, which are ignored."""


def open_note(note: str, keys: Iterable[VerifierKey]) -> Note:
    """Verify a note: at least one of the keys signed it, and no signature of a known key is invalid; else
    NoteInvalidError.

    1. the note is bounded, and lines of text; 2. the last empty line separates text and signatures; 3. every signature
    line is well-formed; 4. signatures by unknown keys are counted and ignored; 5. those by known keys must all be
    valid.
    """
    if len(note) > LONGEST or re.search(r"[\x00-\x09\x0b-\x1f]", note):  # 1
        raise NoteInvalidError("it is too long, or holds control characters")
    text, parting, signatures = note.rpartition("\n\n")  # 2: the last one, as the text may have empty lines
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
