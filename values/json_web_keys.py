"""Public keys of others as JSON Web Keys (RFC 7517): only those that the algorithms we name can use (O1, O9)."""

from __future__ import annotations

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

KINDS = {"ES256": ("EC", "P-256"), "RS256": ("RSA", None)}
"""The algorithms there are, with the kind of key that each needs."""

RSA_BITS = range(2048, 4097)
MODULUS = range(341, 685)
"""How long the modulus of such a key is in base64url."""


def suits(key: Key, algorithm: str) -> bool:
    """Whether a key is of the kind and the size that an algorithm needs."""
    kind, curve = KINDS[algorithm]
    if isinstance(key, ECKey):
        return kind == "EC" and key.curve_name == curve
    if isinstance(key, RSAKey):
        return kind == "RSA" and key.raw_value.key_size in RSA_BITS
    return False


def imported(key_set: object, most: int = 50) -> dict[str, Key]:
    """The signature keys of a key set by their ids (or thumbprints); what is not understood is left out (RFC 7517 §5).

    ValueError when it is no key set at all.
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
    """One public key that one of our algorithms can use; None for any other, and for one that tells a private part."""
    if not isinstance(item, dict) or item.get("use", "sig") != "sig" or item.keys() & {"d", "p", "q", "k"}:
        return None
    names = ("kty", "crv", "x", "y", "n", "e")  # Only these: what else stands there is not for us to obey.
    public = {name: item[name] for name in names if name in item}
    kind = public.get("kty")
    if kind not in ("EC", "RSA") or (kind == "RSA" and len(str(public.get("n"))) not in MODULUS):
        return None
    try:
        key = ECKey.import_key(public) if kind == "EC" else RSAKey.import_key(public)
        return key if any(suits(key, algorithm) for algorithm in KINDS) else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
