"""Password hashes of other systems: which of them may rest until the first sign-in, and whether a password fits one.

A hash that is slow to compute is kept and verified once; after that the password is hashed by our own parameters. One
of a fast class (MD5, SHA-1, DES and the like) is not kept: whoever has a copy of the former system's table has the
password, so the customer chooses a new one (OWASP Password Storage Cheat Sheet).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, unique
from typing import Any

import bcrypt
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from passlib import hash as passlib_hash

LONGEST = 300
"""Maximum characters of a hash; the longest known form, PBKDF2 with SHA-512 and a long salt, has some 200."""

BCRYPT_BYTES = 72
"""The bytes of a password that bcrypt reads. Other systems cut longer ones, silently."""


@unique
class HashFault(Enum):
    """A reason not to keep a hash."""

    WEAK = "of a class that is computed too fast to protect a password"
    COSTLY = "of parameters that take too long or too much memory to verify"
    UNKNOWN = "in no form that can be verified"


class ForeignHashError(ValueError):
    """The hash cannot be kept; without the hash, which is a secret."""

    def __init__(self, fault: HashFault) -> None:
        self.fault = fault
        super().__init__(f"the password hash is {fault.value}")


@dataclass(frozen=True, slots=True)
class _Family:
    """A family of hashes: what reads one of them, and the cost of each within bounds."""

    name: str
    within: Callable[[Any], bool | None]
    """True if a parsed hash may be kept, None if it is too cheap, False if it is too costly."""


def _rounds(least: int, most: int) -> Callable[[Any], bool | None]:
    return lambda parsed: None if parsed.rounds < least else parsed.rounds <= most


MOST_MEMORY = 256 * 1024 * 1024
"""Bytes of memory that one verification may take."""


def _scrypt(parsed: Any) -> bool | None:
    blocks = (1 << parsed.rounds) * parsed.block_size
    return None if parsed.rounds < 10 else 128 * blocks <= MOST_MEMORY and blocks * parsed.parallelism <= 1 << 22


FAMILIES = (
    _Family("sha512_crypt", _rounds(1_000, 2_000_000)),
    _Family("sha256_crypt", _rounds(1_000, 2_000_000)),
    _Family("scrypt", _scrypt),
    _Family("pbkdf2_sha512", _rounds(1_000, 2_000_000)),
    _Family("pbkdf2_sha256", _rounds(1_000, 2_000_000)),
    _Family("pbkdf2_sha1", _rounds(1_000, 4_000_000)),
    _Family("django_pbkdf2_sha256", _rounds(1_000, 2_000_000)),
    _Family("django_pbkdf2_sha1", _rounds(1_000, 4_000_000)),
)
"""The families that libpass verifies. Its parsers are used, and hashlib computes."""

WEAK = (
    "md5_crypt", "apr_md5_crypt", "sun_md5_crypt", "phpass", "sha1_crypt", "des_crypt", "bsdi_crypt", "bigcrypt",
    "crypt16", "hex_md4", "hex_md5", "hex_sha1", "hex_sha256", "hex_sha512", "ldap_md5", "ldap_salted_md5", "ldap_sha1",
    "ldap_salted_sha1", "ldap_salted_sha256", "ldap_salted_sha512", "django_salted_md5", "django_salted_sha1",
    "mysql323", "mysql41", "bsd_nthash", "mssql2000", "mssql2005", "oracle11", "postgres_md5", "cisco_type7",
)  # fmt: skip
"""The classes of hashes that are fast, by libpass's names."""

_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
_MOST_BCRYPT = 15
_ARGON2 = re.compile(r"\$argon2(?:id|i|d)\$")
_SCHEME = re.compile(r"\{(?:BLF-CRYPT|ARGON2ID?|SHA(?:256|512)-CRYPT|CRYPT|BCRYPT|SCRYPT)\}(?=\$)", re.IGNORECASE)
"""The prefix of Dovecot and LDAP servers before a hash that names its kind itself."""
_DJANGO = re.compile(r"(?:bcrypt\$(?=\$2)|argon2(?=\$argon2))")
"""The prefix of Django before one."""
_PHC_PBKDF2 = re.compile(
    r"\$pbkdf2-(sha(?:1|256|512))\$i=(\d{1,9})(?:,l=(\d{1,3}))?\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)
_DIGEST_BYTES = {"sha1": 20, "sha256": 32, "sha512": 64}


def read_foreign_hash(text: str) -> str:
    """Return a hash in the form in which it rests, or raise ForeignHashError.

    Taken are argon2id, argon2i and argon2d (PHC), bcrypt (`$2a$`, `$2b$`, `$2y$`), scrypt (PHC and `$7$`), PBKDF2 with
    SHA-1, SHA-256 or SHA-512 (PHC, modular crypt form, Django) and the `$5$` and `$6$` forms of crypt(3).
    """
    bare = _DJANGO.sub("", _SCHEME.sub("", text, count=1), count=1)
    if len(bare) > LONGEST or not bare.isascii():
        raise ForeignHashError(HashFault.UNKNOWN)
    if found := _BCRYPT.fullmatch(bare):
        return _judged(bare, int(found[1]) <= _MOST_BCRYPT)
    if _ARGON2.match(bare):
        return _judged(bare, _argon2_within(bare))
    modular = _modular(bare)
    for family in FAMILIES:
        if (parsed := _parsed(family, modular)) is not None:
            return _judged(modular, family.within(parsed))
    weak = any(_identifies(name, bare) for name in WEAK)
    raise ForeignHashError(HashFault.WEAK if weak else HashFault.UNKNOWN)


def _judged(text: str, within: bool | None) -> str:
    if within is None:
        raise ForeignHashError(HashFault.WEAK)
    if not within:
        raise ForeignHashError(HashFault.COSTLY)
    return text


def _argon2_within(text: str) -> bool:
    try:
        found = extract_parameters(text)
    except InvalidHashError:
        raise ForeignHashError(HashFault.UNKNOWN) from None
    return (
        found.memory_cost * 1024 <= MOST_MEMORY
        and found.memory_cost * found.time_cost <= 1 << 21
        and found.parallelism <= 16
    )


def _modular(text: str) -> str:
    """PBKDF2's PHC form in the modular crypt form of libpass, which has another base 64; any other text as it is."""
    found = _PHC_PBKDF2.fullmatch(text)
    if found is None:
        return text
    digest, rounds, length, salt, checksum = found.groups()
    if length is not None and int(length) != _DIGEST_BYTES[digest]:
        raise ForeignHashError(HashFault.UNKNOWN)
    name = "pbkdf2" if digest == "sha1" else f"pbkdf2-{digest}"
    return "$".join(("", name, str(int(rounds)), salt.replace("+", "."), checksum.replace("+", ".")))


def _parsed(family: _Family, text: str) -> Any:
    handler = getattr(passlib_hash, family.name)
    try:
        parsed = handler.from_string(text) if handler.identify(text) else None
    except (ValueError, TypeError):
        return None
    return parsed if parsed is not None and parsed.checksum else None


def _identifies(name: str, text: str) -> bool:
    try:
        return bool(getattr(passlib_hash, name).identify(text))
    except (ValueError, TypeError):
        return False


def is_ours(stored: str) -> bool:
    """True for a hash of the family that this gateway makes; its parameters may be others."""
    return stored.startswith("$argon2id$")


def verify_foreign(stored: str, password: str) -> bool:
    """True if the password fits a hash that `read_foreign_hash` returned."""
    return _fits(stored, password.encode(errors="surrogatepass"))


def _fits(stored: str, password: bytes) -> bool:
    try:
        if _BCRYPT.fullmatch(stored):
            return bcrypt.checkpw(password[:BCRYPT_BYTES], stored.encode())
        if _ARGON2.match(stored):
            return PasswordHasher().verify(stored, password)
        family = next((each for each in FAMILIES if _parsed(each, stored) is not None), None)
        return family is not None and bool(getattr(passlib_hash, family.name).verify(password, stored))
    # A password that a family refuses, such as one with a NUL, fits none of its hashes.
    except (VerificationError, InvalidHashError, ValueError):
        return False
