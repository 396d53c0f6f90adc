"""What the front door itself refuses, beside GraphQL: a status, a code and a sentence, never a stack trace."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import orjson

Headers = list[tuple[bytes, bytes]]

REALM = b'Bearer realm="customer data"'


@dataclass(eq=False)  # not frozen: Python writes the traceback into an exception on its way up
class ProblemError(Exception):
    """A request that is not answered; `message` may be shown to anyone."""

    status: int
    code: str
    message: str
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def as_graphql(self) -> bytes:
        """The body at /graphql: a GraphQL response with one error, which every client can read."""
        return orjson.dumps({"errors": [{"message": self.message, "extensions": {"code": self.code}}]})

    def as_json(self) -> bytes:
        """The body elsewhere: problem details (RFC 9457)."""
        title = HTTPStatus(self.status).phrase
        return orjson.dumps({"title": title, "status": self.status, "code": self.code, "detail": self.message})


def malformed(message: str, code: str = "BAD_REQUEST") -> ProblemError:
    """400: the request cannot be read."""
    return ProblemError(400, code, message)


def method_not_allowed(allowed: bytes) -> ProblemError:
    """405 for a method that this address does not have."""
    return ProblemError(405, "METHOD_NOT_ALLOWED", f"Use {allowed.decode()}.", ((b"allow", allowed),))


def not_acceptable() -> ProblemError:
    """406."""
    return ProblemError(
        406,
        "NOT_ACCEPTABLE",
        "Answers are application/graphql-response+json or application/json, in UTF-8: accept one of them.",
    )


def too_slow(seconds: int) -> ProblemError:
    """408."""
    return ProblemError(
        408, "BODY_TIMEOUT", f"The body did not arrive within {seconds} seconds.", ((b"connection", b"close"),)
    )


def too_large(limit: int) -> ProblemError:
    """413."""
    return ProblemError(413, "BODY_TOO_LARGE", f"A request body may have {limit} bytes at most.")


def unsupported_content() -> ProblemError:
    """415 (G3)."""
    return ProblemError(
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "Send the question as application/json in UTF-8, uncompressed.",
        ((b"accept-post", b"application/json"),),
    )


def token_missing() -> ProblemError:
    """401 without an error code, as RFC 6750 §3.1 has it for a request without a token."""
    message = "An access token is needed: send it as `Authorization: Bearer TOKEN`. Cookies do not count here."
    return ProblemError(401, "UNAUTHENTICATED", message, ((b"www-authenticate", REALM),))


def token_refused(reason: str) -> ProblemError:
    """401 for a token that is not accepted."""
    challenge = REALM + b', error="invalid_token", error_description="' + reason.encode("ascii") + b'"'
    return ProblemError(401, "INVALID_TOKEN", reason, ((b"www-authenticate", challenge),))


def proof_refused(reason: str, error: str, nonce: str | None) -> ProblemError:
    """401 for a token that is bound to a key whose possession was not proven (RFC 9449 §7.1); `error` is its code."""
    parts = f'DPoP error="{error}", error_description="{reason}", algs="ES256"'
    headers = [(b"www-authenticate", parts.encode("ascii"))]
    if nonce is not None:
        headers.append((b"dpop-nonce", nonce.encode("ascii")))
    return ProblemError(401, "INVALID_PROOF" if error != "invalid_token" else "INVALID_TOKEN", reason, tuple(headers))


def first_party_only() -> ProblemError:
    """403: whatever a customer has allowed the app, this is for the company's own clients (O10)."""
    return ProblemError(
        403, "FIRST_PARTY_ONLY", "This is for the company's own clients, whatever was allowed to this app."
    )


def token_twice() -> ProblemError:
    """400 for a request whose credentials are ambiguous (RFC 6750 §3.1, invalid_request)."""
    challenge = REALM + b', error="invalid_request"'
    message = "Send one Authorization header with one bearer token."
    return ProblemError(400, "INVALID_REQUEST", message, ((b"www-authenticate", challenge),))


def too_many_bodies() -> ProblemError:
    """429: too many requests of this network are still on their way."""
    message = "Too many requests from this network are sending their bodies: this one was the slowest."
    return ProblemError(429, "TOO_MANY_REQUESTS", message, ((b"retry-after", b"1"), (b"connection", b"close")))


def no_room_for_body() -> ProblemError:
    """503: too many requests are still on their way, and this one gave way to others."""
    message = "The gateway is waiting for as many request bodies as it can: this one was slow."
    return ProblemError(503, "UNAVAILABLE", message, ((b"retry-after", b"1"), (b"connection", b"close")))


def customer_too_busy() -> ProblemError:
    """429: this customer already has as many requests under way, through this client, as one customer may have."""
    message = "This customer has too many requests under way with this client: wait for some of them."
    return ProblemError(429, "TOO_MANY_REQUESTS", message, ((b"retry-after", b"1"),))


def client_too_busy() -> ProblemError:
    """429: this client already has as many requests under way as one client may have."""
    message = "This client has too many requests under way: wait for some of them."
    return ProblemError(429, "TOO_MANY_REQUESTS", message, ((b"retry-after", b"1"),))


def unavailable(message: str, retry_after: int) -> ProblemError:
    """503: nothing was done, and it is worth asking again."""
    return ProblemError(503, "UNAVAILABLE", message, ((b"retry-after", b"%d" % retry_after),))


def ledger_behind(message: str) -> ProblemError:
    """503 until an operator has acted: the ledger lacks what was signed, so asking again is of no use (D13)."""
    return ProblemError(503, "LEDGER_BEHIND", message)


def internal() -> ProblemError:
    """500: our mistake; the log says where, and nothing of what was asked."""
    return ProblemError(500, "INTERNAL", "Something went wrong on our side. Nothing more is said here on purpose.")
