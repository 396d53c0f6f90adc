"""Verifies JWTs signed by others: bounded in size, by an algorithm allow-list, with keys known beforehand (O1, O9)."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

KINDS = {"ES256": ("EC", "P-256"), "RS256": ("RSA", None)}
"""The accepted algorithms, with the type and curve of key that each needs."""

RSA_BITS = range(2048, 4097)
"""Sizes of RSA keys: shorter ones are weak (RFC 7518 §3.3), longer ones make verification a burden (G12)."""
MODULUS = range(341, 685)
"""Characters of the modulus of such a key in base64url."""
POINTERS = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip"})
"""Headers that bring or point to a key, or change the format: refused, never followed (RFC 8725 §3.10)."""


class _Registry(jws.JWSRegistry):
    max_header_length = 1_024


class InvalidJwtError(Exception):
    """The JWT is malformed or not acceptable; the text says why, without its contents."""


@dataclass(frozen=True, slots=True)
class UnverifiedJwt:
    """A parsed JWT whose signature is not verified yet."""

    text: str
    header: dict[str, Any]
    claims: dict[str, Any]


def look(text: str, longest: int) -> UnverifiedJwt:
    """Parse a JWT without verifying it; InvalidJwtError if it is no compact JWS of JSON objects, or too long."""
    parts = text.split(".")
    if len(text) > longest or len(parts) != 3 or not text.isascii():
        raise InvalidJwtError("It is not a signed JWT.")
    return UnverifiedJwt(text, _object(parts[0]), _object(parts[1]))


def _object(part: str) -> dict[str, Any]:
    try:
        found = orjson.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        raise InvalidJwtError("It is not a signed JWT.") from None
    if not isinstance(found, dict):
        raise InvalidJwtError("It is not a signed JWT.")
    return found


def check_header(
    seen: UnverifiedJwt, algorithms: Collection[str], types: Collection[str | None], refused: Collection[str] = POINTERS
) -> str:
    """The algorithm of the header; InvalidJwtError if it or the type is not accepted, or a header is refused."""
    if not seen.header.keys().isdisjoint(refused):
        raise InvalidJwtError("It has a header that is not followed here.")
    algorithm = seen.header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise InvalidJwtError("It is not signed with an algorithm that is accepted here.")
    # `typ` keeps JWTs of other uses apart (RFC 8725 §3.11); its case is free (RFC 7515 §4.1.9).
    kind = seen.header.get("typ")
    if (kind.lower() if isinstance(kind, str) else kind) not in types:
        raise InvalidJwtError("It is of another type.")
    return algorithm


def check_signature(seen: UnverifiedJwt, key: Key, algorithm: str) -> None:
    """Verify the signature with this key; InvalidJwtError if it is wrong, or the key is of another kind."""
    # An RSA key must not serve another algorithm: key confusion (RFC 8725 §2.1).
    if not suits(key, algorithm):
        raise InvalidJwtError("The key does not suit the algorithm.")
    try:
        jws.deserialize_compact(seen.text, key, registry=_Registry(algorithms=[algorithm], strict_check_header=False))
    except (JoseError, ValueError):
        raise InvalidJwtError("The signature is wrong.") from None


def suits(key: Key, algorithm: str) -> bool:
    """True if the key has the type, curve and size that the algorithm needs."""
    kind, curve = KINDS[algorithm]
    if isinstance(key, ECKey):
        return kind == "EC" and key.curve_name == curve
    if isinstance(key, RSAKey):
        return kind == "RSA" and key.raw_value.key_size in RSA_BITS
    return False


def imported(key_set: object, most: int = 50) -> dict[str, Key]:
    """The signature keys of a key set by id, or else by thumbprint, `most` at most; ValueError if it is no key set.

    Keys that are not understood are ignored, as RFC 7517 §5 asks.
    """
    listed = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it is not a JSON Web Key Set")
    found: dict[str, Key] = {}
    for item in listed[:most]:
        if (key := public_key(item)) is not None:
            kid = item.get("kid")
            found[kid if isinstance(kid, str) else key.thumbprint()] = key
    return found


def public_key(item: object) -> ECKey | RSAKey | None:
    """A public key that an accepted algorithm can use; None for any other, and for a private or symmetric key."""
    # A private part in a public key set means that the key is compromised, so it is not used.
    if not isinstance(item, dict) or item.get("use", "sig") != "sig" or item.keys() & {"d", "p", "q", "k"}:
        return None
    names = ("kty", "crv", "x", "y", "n", "e")  # Only these: `key_ops` or `x5u` in a foreign key are not obeyed.
    public = {name: item[name] for name in names if name in item}
    kind = public.get("kty")
    if kind not in ("EC", "RSA") or (kind == "RSA" and len(str(public.get("n"))) not in MODULUS):
        return None
    try:
        key = ECKey.import_key(public) if kind == "EC" else RSAKey.import_key(public)
        return key if any(suits(key, algorithm) for algorithm in KINDS) else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
