"""Public keys as OpenSSH writes them (RFC 4253, 5656, 8709; PROTOCOL.u2f): read with care, and verified with.

Only keys that are strong today: Ed25519, ECDSA over the NIST curves, RSA of 3072 bits and more, and security keys (sk).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

LONGEST: Final = 16_384
"""Bytes of anything that is read here: keys and signatures are far shorter."""
RSA_BITS: Final = range(3072, 16_385)
ED25519, RSA = "ssh-ed25519", "ssh-rsa"
SK_ED25519, SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
CURVES: Final[dict[str, tuple[str, ec.EllipticCurve, hashes.HashAlgorithm]]] = {
    "ecdsa-sha2-nistp256": ("nistp256", ec.SECP256R1(), hashes.SHA256()),
    "ecdsa-sha2-nistp384": ("nistp384", ec.SECP384R1(), hashes.SHA384()),
    "ecdsa-sha2-nistp521": ("nistp521", ec.SECP521R1(), hashes.SHA512()),
}
RSA_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512()}
PRESENT: Final = 0x01
"""The flag of a security key that somebody touched it."""


class SshError(ValueError):
    """It is no key or signature that is taken here; the text says why, and repeats nothing of it."""


class Wire:
    """Reads the binary form of RFC 4251 §5 from its beginning to its end; SshError where it ends too early."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def take(self, length: int) -> bytes:
        """So many bytes."""
        if length > len(self._content) - self._at:
            raise SshError("It ends in the middle.")
        found = self._content[self._at : self._at + length]
        self._at += length
        return found

    def number(self) -> int:
        """A uint32."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Bytes with their length before them."""
        return self.take(self.number())

    def word(self) -> str:
        """A string of ASCII."""
        try:
            return self.string().decode("ascii")
        except UnicodeDecodeError:
            raise SshError("It holds a name that is not ASCII.") from None

    def mpint(self) -> int:
        """A positive number."""
        found = self.string()
        if found[:1] > b"\x7f":
            raise SshError("It holds a negative number.")
        return int.from_bytes(found, "big")

    def end(self) -> None:
        """Nothing may follow: what is not read was not signed, either."""
        if self._at != len(self._content):
            raise SshError("Something follows its end.")


def packed(*parts: bytes) -> bytes:
    """Strings as RFC 4251 §5 writes them, one after another."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


Verify = Callable[[str, "Wire", bytes], None]
"""From the signature's algorithm, what follows it, and what was signed; InvalidSignature or SshError."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that may sign."""

    kind: str
    blob: bytes = field(repr=False)
    _verify: Verify = field(repr=False, compare=False)

    @classmethod
    def of(cls, blob: bytes) -> PublicKey:
        """From the binary form; SshError for anything else, or for a key that is too weak."""
        if len(blob) > LONGEST:
            raise SshError("It is too long for a key.")
        wire = Wire(blob)
        kind = wire.word()
        try:
            verify = _reader_of(kind)(wire)
        except ValueError as error:
            raise error if isinstance(error, SshError) else SshError("The key is not a point of its curve.") from None
        wire.end()
        return cls(kind, blob, verify)

    @classmethod
    def read(cls, text: str) -> PublicKey:
        """From a line of a `.pub` file; SshError for a private key, several keys, or none."""
        if len(text) > LONGEST:
            raise SshError("It is too long for a key.")
        if "PRIVATE KEY" in text:
            raise SshError("This is a private key: keep it, and give the public one (.pub).")
        words = text.split(maxsplit=2)
        if len(words) < 2 or len(text.strip().splitlines()) != 1:
            raise SshError("A public key is one line, such as: ssh-ed25519 AAAA… (a file .pub of ssh-keygen).")
        try:
            blob = b64decode(words[1], validate=True)
        except ValueError:  # Also of letters that are not ASCII, which is no `binascii.Error`.
            raise SshError("The key is not base64.") from None
        found = cls.of(blob)
        if found.kind != words[0]:
            raise SshError("The line says another kind of key than the key itself.")
        return found

    @property
    def line(self) -> str:
        """As OpenSSH writes it, without a comment, which often is somebody's name."""
        return f"{self.kind} {b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` shows it."""
        return "SHA256:" + b64encode(sha256(self.blob).digest()).decode().rstrip("=")

    def verify(self, signature: bytes, signed: bytes) -> None:
        """SshError unless this key made the signature (its binary form) over what was signed."""
        wire = Wire(signature)
        algorithm = wire.word()
        try:
            self._verify(algorithm, wire, signed)
            wire.end()
        except InvalidSignature:
            raise SshError("The signature is not by this key over this text.") from None


def _reader_of(kind: str) -> Callable[[Wire], Verify]:
    if kind in CURVES:
        return lambda wire: _ecdsa(wire, kind)
    readers = {ED25519: _ed25519, RSA: _rsa, SK_ED25519: _sk_ed25519, SK_ECDSA: _sk_ecdsa}
    if kind not in readers:
        raise SshError("Keys are ssh-ed25519, ecdsa-sha2-nistp256/384/521, ssh-rsa, or a security key (sk) of these.")
    return readers[kind]


def _ed25519(wire: Wire) -> Verify:
    key = Ed25519PublicKey.from_public_bytes(wire.string())

    def verify(algorithm: str, signature: Wire, signed: bytes) -> None:
        _require(algorithm, ED25519)
        key.verify(signature.string(), signed)

    return verify


def _point(wire: Wire, kind: str) -> ec.EllipticCurvePublicKey:
    name, curve, _ = CURVES[kind]
    if wire.word() != name:
        raise SshError("The key names another curve than its kind.")
    return ec.EllipticCurvePublicKey.from_encoded_point(curve, wire.string())


def _check_point(key: ec.EllipticCurvePublicKey, kind: str, signature: bytes, signed: bytes) -> None:
    numbers = Wire(signature)
    r, s = numbers.mpint(), numbers.mpint()
    numbers.end()
    key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(CURVES[kind][2]))


def _ecdsa(wire: Wire, kind: str) -> Verify:
    key = _point(wire, kind)

    def verify(algorithm: str, signature: Wire, signed: bytes) -> None:
        _require(algorithm, kind)
        _check_point(key, kind, signature.string(), signed)

    return verify


def _rsa(wire: Wire) -> Verify:
    exponent, modulus = wire.mpint(), wire.mpint()
    if modulus.bit_length() not in RSA_BITS:
        raise SshError("An RSA key has 3072 bits at least: ssh-keygen -t ed25519 makes a better one.")
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()

    def verify(algorithm: str, signature: Wire, signed: bytes) -> None:
        if algorithm not in RSA_HASHES:  # `ssh-rsa` is SHA-1, which proves nothing any more.
            raise SshError("An RSA key signs with rsa-sha2-256 or rsa-sha2-512.")
        key.verify(signature.string(), signed, padding.PKCS1v15(), RSA_HASHES[algorithm])

    return verify


def _touched(signature: Wire, application: bytes, signed: bytes) -> bytes:
    """The bytes that a security key signs (PROTOCOL.u2f); SshError when nobody touched it."""
    flags, counter = signature.take(1), signature.take(4)
    if not flags[0] & PRESENT:
        raise SshError("Nobody touched the security key.")
    return sha256(application).digest() + flags + counter + sha256(signed).digest()


def _sk_ed25519(wire: Wire) -> Verify:
    key, application = Ed25519PublicKey.from_public_bytes(wire.string()), wire.string()

    def verify(algorithm: str, signature: Wire, signed: bytes) -> None:
        _require(algorithm, SK_ED25519)
        made = signature.string()
        key.verify(made, _touched(signature, application, signed))

    return verify


def _sk_ecdsa(wire: Wire) -> Verify:
    kind = "ecdsa-sha2-nistp256"
    key, application = _point(wire, kind), wire.string()

    def verify(algorithm: str, signature: Wire, signed: bytes) -> None:
        _require(algorithm, SK_ECDSA)
        made = signature.string()
        _check_point(key, kind, made, _touched(signature, application, signed))

    return verify


def _require(algorithm: str, expected: str) -> None:
    if algorithm != expected:
        raise SshError("The signature is of another kind than the key.")
