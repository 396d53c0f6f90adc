"""Reads a request's access token: from the Authorization header (RFC 6750 §2.1), never a cookie, URL or body."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from gateway.http import problems

SCHEMES = (b"bearer", b"dpop")


@dataclass(frozen=True, slots=True)
class DPoPProof:
    """A DPoP proof, and the request that it came with (RFC 9449 §7.1)."""

    text: str
    method: str
    path: str


def presented(scope: Scope, headers: dict[bytes, bytes]) -> tuple[bytes, DPoPProof | None]:
    """The token, with its proof if the scheme is `DPoP`.

    Raises Problem 401 if there is no token, 400 if there are several tokens or proofs.
    """
    credentials = headers.get(b"authorization")
    if credentials is None:
        raise problems.token_missing()
    # `headers` is a dict: it is shorter than the list only if some header came twice, which is rare.
    if len(headers) < len(scope["headers"]) and not _once(scope, b"authorization", b"dpop"):
        raise problems.token_twice()
    scheme, _, token = credentials.partition(b" ")
    token, scheme = token.strip(), scheme.lower()
    if scheme not in SCHEMES or not token:
        raise problems.token_missing()
    if scheme == b"bearer":
        return token, None
    return token, DPoPProof(headers.get(b"dpop", b"").decode("latin-1"), scope["method"], scope["path"])


def _once(scope: Scope, *names: bytes) -> bool:
    """True if no header of these names came twice (RFC 9449 §4.3: exactly one DPoP header)."""
    given = [name for name, _ in scope["headers"]]
    return all(given.count(name) <= 1 for name in names)
