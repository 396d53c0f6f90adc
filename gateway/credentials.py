"""The token of a request: in the Authorization header (RFC 6750 §2.1), never in a cookie, an address or a body."""

from __future__ import annotations

from starlette.types import Scope

from gateway import problems


def bearer(scope: Scope, headers: dict[bytes, bytes]) -> bytes:
    """The token; Problem 401 when there is none, 400 when it is not clear which one is meant."""
    credentials = headers.get(b"authorization")
    if credentials is None:
        raise problems.token_missing()
    if len(headers) < len(scope["headers"]) and sum(name == b"authorization" for name, _ in scope["headers"]) > 1:
        raise problems.token_twice()
    scheme, _, token = credentials.partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token:
        raise problems.token_missing()
    return token
