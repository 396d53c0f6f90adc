"""Verifies JWTs that clients sign with one of their registered keys."""

from __future__ import annotations

import orjson

from gateway.tokens.jwts import InvalidJwtError, UnverifiedJwt, check_signature
from values.json_web_keys import KINDS, imported, suits

ALGORITHMS = tuple(KINDS)
MOST_KEYS = 5


def check_client_key(seen: UnverifiedJwt, algorithm: str, key_set: str | None) -> None:
    """Verify with the key that `kid` names, or with each suitable one; InvalidJwtError if none has signed it."""
    keys = imported(orjson.loads(key_set or '{"keys":[]}'))
    kid = seen.header.get("kid")
    fitting = [key for id_, key in keys.items() if suits(key, algorithm) and kid in (None, id_)]
    for key in fitting[:MOST_KEYS]:  # Without `kid` one request would else cost a verification per registered key.
        try:
            return check_signature(seen, key, algorithm)
        except InvalidJwtError:
            continue
    raise InvalidJwtError("No registered key of the client has signed the assertion.")
