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
from joserfc.jwk import Key

from values.json_web_keys import suits

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
