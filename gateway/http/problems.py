"""Error responses outside GraphQL execution: a status, a code and a fixed sentence, never a stack trace."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import orjson

from gateway.config.request_names import current_id

Headers = list[tuple[bytes, bytes]]

REALM = b'Bearer realm="customer data"'


@dataclass(eq=False)  # not frozen: Python writes the traceback into an exception on its way up
class ProblemError(Exception):
    """A refused request; `message` may be shown to anyone, so it holds no value of the request (D1)."""

    status: int
    code: str
    message: str
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def as_graphql(self) -> bytes:
        """The body at /graphql: a GraphQL response with one error."""
        extensions = {"code": self.code} | _request_id()
        return orjson.dumps({"errors": [{"message": self.message, "extensions": extensions}]})

    def as_json(self) -> bytes:
        """The body at other addresses: problem details (RFC 9457)."""
        title = HTTPStatus(self.status).phrase
        members = {"title": title, "status": self.status, "code": self.code, "detail": self.message}
        return orjson.dumps(members | _request_id())


def _request_id() -> dict[str, str]:
    id_ = current_id()
    return {} if id_ is None else {"requestId": id_}


def with_request_id(body: bytes) -> bytes:
    """A GraphQL response whose errors name the request, so that its log lines can be found."""
    known = _request_id()
    if not known:
        return body
    response = orjson.loads(body)
    for error in response.get("errors", ()):
        error["extensions"] = error.get("extensions", {}) | known
    return orjson.dumps(response)


def malformed(message: str, code: str = "BAD_REQUEST") -> ProblemError:
    """400: the request cannot be read."""
    return ProblemError(400, code, message)


def not_well_formed(message: str, code: str) -> ProblemError:
    """422: JSON, but no GraphQL request (GraphQL over HTTP, draft of August 2026)."""
    return ProblemError(422, code, message)


def method_not_allowed(allowed: bytes) -> ProblemError:
    """405: this address does not support the method."""
    return ProblemError(405, "METHOD_NOT_ALLOWED", f"Use {allowed.decode()}.", ((b"allow", allowed),))


def not_acceptable() -> ProblemError:
    """406: the client accepts none of the media types that there are."""
    return ProblemError(
        406,
        "NOT_ACCEPTABLE",
        "Answers are application/graphql-response+json or application/json, in UTF-8: accept one of them.",
    )


def too_slow(seconds: int) -> ProblemError:
    """408: the body did not arrive in time; the connection is closed (RFC 9110 §15.5.9)."""
    return ProblemError(
        408, "BODY_TIMEOUT", f"The body did not arrive within {seconds} seconds.", ((b"connection", b"close"),)
    )


def too_large(limit: int) -> ProblemError:
    """413: the body is longer than `limit` bytes."""
    return ProblemError(413, "BODY_TOO_LARGE", f"A request body may have {limit} bytes at most.")


def unsupported_content() -> ProblemError:
    """415: the body is not uncompressed JSON in UTF-8 (G3)."""
    return ProblemError(
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "Send the question as application/json in UTF-8, uncompressed.",
        ((b"accept-post", b"application/json"),),
    )


def token_missing() -> ProblemError:
    """401 without an error code, as RFC 6750 §3.1 asks for a request without a token."""
    message = "An access token is needed: send it as `Authorization: Bearer TOKEN`. Cookies do not count here."
    return ProblemError(401, "UNAUTHENTICATED", message, ((b"www-authenticate", REALM),))


def insufficient_scope(scope: str) -> ProblemError:
    """403: the token is good, and lacks this scope (RFC 6750 §3.1)."""
    challenge = REALM + b', error="insufficient_scope", scope="' + scope.encode("ascii") + b'"'
    message = f"The access token lacks the scope {scope}."
    return ProblemError(403, "INSUFFICIENT_SCOPE", message, ((b"www-authenticate", challenge),))


def token_refused(reason: str) -> ProblemError:
    """401: the token is not accepted (RFC 6750 §3.1, invalid_token)."""
    challenge = REALM + b', error="invalid_token", error_description="' + reason.encode("ascii") + b'"'
    return ProblemError(401, "INVALID_TOKEN", reason, ((b"www-authenticate", challenge),))


def proof_refused(reason: str, error: str, nonce: str | None) -> ProblemError:
    """401: possession of the key that the token is bound to was not proven (RFC 9449 §7.1); `error` is its code."""
    parts = f'DPoP error="{error}", error_description="{reason}", algs="ES256"'
    headers = [(b"www-authenticate", parts.encode("ascii"))]
    if nonce is not None:
        headers.append((b"dpop-nonce", nonce.encode("ascii")))
    return ProblemError(401, "INVALID_PROOF" if error != "invalid_token" else "INVALID_TOKEN", reason, tuple(headers))


def first_party_only() -> ProblemError:
    """403: this is for first-party clients only, whatever a customer has consented to (O10)."""
    return ProblemError(
        403, "FIRST_PARTY_ONLY", "This is for the company's own clients, whatever was allowed to this app."
    )


def token_twice() -> ProblemError:
    """400: the request has ambiguous credentials (RFC 6750 §3.1, invalid_request)."""
    challenge = REALM + b', error="invalid_request"'
    message = "Send one Authorization header with one bearer token."
    return ProblemError(400, "INVALID_REQUEST", message, ((b"www-authenticate", challenge),))


def too_many_bodies() -> ProblemError:
    """429: too many unfinished request bodies of this network."""
    message = "Too many requests from this network are sending their bodies: this one was the slowest."
    return ProblemError(429, "TOO_MANY_REQUESTS", message, ((b"retry-after", b"1"), (b"connection", b"close")))


def no_room_for_body() -> ProblemError:
    """503: too many unfinished request bodies in all, and this one was dropped for others."""
    message = "The gateway is waiting for as many request bodies as it can: this one was slow."
    return ProblemError(503, "UNAVAILABLE", message, ((b"retry-after", b"1"), (b"connection", b"close")))


def customer_too_busy() -> ProblemError:
    """429: the limit of concurrent requests of one customer through one client is reached."""
    message = "This customer has too many requests under way with this client: wait for some of them."
    return ProblemError(429, "TOO_MANY_REQUESTS", message, ((b"retry-after", b"1"),))


def client_too_busy() -> ProblemError:
    """429: the limit of concurrent requests of one client is reached."""
    message = "This client has too many requests under way: wait for some of them."
    return ProblemError(429, "TOO_MANY_REQUESTS", message, ((b"retry-after", b"1"),))


def unavailable(message: str, retry_after: int) -> ProblemError:
    """503: nothing was done, and a retry after `retry_after` seconds may succeed."""
    return ProblemError(503, "UNAVAILABLE", message, ((b"retry-after", b"%d" % retry_after),))


def ledger_behind(message: str) -> ProblemError:
    """503 without Retry-After: the ledger lacks signed entries, and only an operator can resolve that (D13)."""
    return ProblemError(503, "LEDGER_BEHIND", message)


def internal() -> ProblemError:
    """500: an unexpected exception; the log has its place, and nothing of the request."""
    return ProblemError(500, "INTERNAL", "Something went wrong on our side. Nothing more is said here on purpose.")
