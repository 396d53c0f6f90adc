"""Requests and outcomes of the API, independent of HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson

from policy.acting import ActingPerson
from schema.core.errors import ErrorCode, ResponseError
from schema.documents.operation_names import OperationNames


class RequestOutcome(Enum):
    """The kind of outcome of a request."""

    OK = "OK"
    """Executed; the response has data, possibly with field errors."""
    REQUEST_ERROR = "REQUEST_ERROR"
    """Not executed: the request has an error that the caller can correct."""
    REFUSED = "REFUSED"
    """Not executed: the grant does not allow it."""
    STEP_UP_REQUIRED = "STEP_UP_REQUIRED"
    """Not executed: it needs a more recent authentication (S7)."""
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    """A mutation was sent by GET."""
    THROTTLED = "THROTTLED"
    """The client's budget is spent for now."""
    UNAVAILABLE = "UNAVAILABLE"
    """The store cannot answer now; nothing was left half done."""
    INTERNAL = "INTERNAL"
    """An unexpected error: a defect of the gateway."""


class ErrorBehavior(Enum):
    """The effect of a field's error on the response (`onError`)."""

    PROPAGATE = "PROPAGATE"
    """A null that may not stand there reaches the next place where one may."""
    NULL = "NULL"
    """The place itself is null, whatever its type."""
    HALT = "HALT"
    """The whole `data` is null, and nothing else is carried out."""


@dataclass(frozen=True, slots=True)
class Request:
    """One operation as it was sent."""

    query: str | None = None
    document_id: str | None = None
    """`sha256:` and 64 hexadecimal digits, or the digits alone."""
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    extensions: Mapping[str, Any] | None = None
    """`cost: true` adds the cost, estimated and charged."""
    purpose: str | None = None
    reference: str | None = None
    read_only: bool = False
    in_url: bool = False
    """It was sent in a URL, so it must not contain personal data."""
    language: str | None = None
    """The language of messages for people that the caller prefers; None: the customer's own."""
    on_error: ErrorBehavior = ErrorBehavior.PROPAGATE
    dry_run: bool = False
    """Report what would be refused, withheld and read, without reading; the answer is no GraphQL response."""
    acting: ActingPerson | None = None
    """The member of staff on whose behalf a tool asks; proven before."""
    idempotency_key: str | None = None
    """Makes its mutations idempotent: a repeated request is executed once (F10)."""
    names: OperationNames | None = None
    """Takes the names of the operation, for logs and traces."""


@dataclass(frozen=True, slots=True)
class Denial:
    """One refusal for log and metrics (G17): names of the schema and the policy, never a value or a person."""

    purpose: str
    """The purpose asked; empty if there was none."""
    coordinate: str
    """The schema coordinate; empty if the whole operation was refused."""
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The encoded response with facts for the transport."""

    kind: RequestOutcome
    body: bytes
    personal: bool = False
    """It contains personal data and must not be cached (G10)."""
    retry_after: int = 0
    """Seconds, when THROTTLED or UNAVAILABLE."""
    denials: tuple[Denial, ...] = ()
    """Refused or withheld fields, for log and metrics; not part of the body."""
    partial: bool = False
    """Executed, with errors of single fields."""
    unparsed: bool = False
    """The document could not be parsed."""
    scope: str = ""
    """The scopes, separated by spaces, without which the operation was refused (RFC 6750 §3.1)."""
    replayed: bool = False
    """Each of its mutations was carried out by an earlier request with the same idempotency key."""


def failed(
    kind: RequestOutcome, problems: Sequence[ResponseError], retry_after: int = 0, asked: str | None = None
) -> Outcome:
    """An outcome without data; `asked` is the purpose that a refused operation stated."""
    body = orjson.dumps({"errors": [each.formatted() for each in problems]})
    # Only refusals are counted: a malformed request asks for nothing (G17).
    denials = denials_of(problems, asked) if kind is RequestOutcome.REFUSED else ()
    unparsed = any(each.code is ErrorCode.GRAPHQL_PARSE_FAILED for each in problems)
    scope = _missing_scopes(problems)
    return Outcome(kind, body, retry_after=retry_after, denials=denials, unparsed=unparsed, scope=scope)


def _missing_scopes(problems: Sequence[ResponseError]) -> str:
    # The first alternative of each: a challenge names one set of scopes that is enough (RFC 6750 §3).
    first = (each.details["scopes"][0] for each in problems if each.details.get("scopes"))
    return " ".join(dict.fromkeys(word for each in first for word in each.split()))


def denials_of(problems: Sequence[ResponseError], asked: str | None = None) -> tuple[Denial, ...]:
    """The denials of these errors, each once."""
    found = (
        Denial(
            each.details.get("purpose") or asked or "",
            each.details.get("coordinate", ""),
            each.details.get("reason", each.code.value),
        )
        for each in problems
    )
    return tuple(dict.fromkeys(found))
