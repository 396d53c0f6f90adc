"""Errors in responses: a code for programs, a sentence for people, and never a value that was sent (G5)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from graphql import GraphQLError, GraphQLSchema, NameNode, Node, Visitor, visit


class ErrorCode(Enum):
    """`extensions.code` of every error."""

    BAD_REQUEST = "BAD_REQUEST"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    INVALID_ID = "INVALID_ID"
    INVALID_CURSOR = "INVALID_CURSOR"
    PAGE_TOO_LARGE = "PAGE_TOO_LARGE"
    AMBIGUOUS = "AMBIGUOUS"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    UNAUTHORIZED_FIELD_OR_TYPE = "UNAUTHORIZED_FIELD_OR_TYPE"
    PURPOSE_REFUSED = "PURPOSE_REFUSED"
    PERSISTED_DOCUMENT_REQUIRED = "PERSISTED_DOCUMENT_REQUIRED"
    PERSISTED_DOCUMENT_NOT_FOUND = "PERSISTED_DOCUMENT_NOT_FOUND"
    PERSISTED_DOCUMENT_MISMATCH = "PERSISTED_DOCUMENT_MISMATCH"
    MUTATION_NOT_ALLOWED = "MUTATION_NOT_ALLOWED"
    STEP_UP_REQUIRED = "STEP_UP_REQUIRED"
    SECRET_IN_DOCUMENT = "SECRET_IN_DOCUMENT"  # noqa: S105 - a code, and no secret
    PERSONAL_DATA_IN_URL = "PERSONAL_DATA_IN_URL"
    DATA_DAMAGED = "DATA_DAMAGED"
    LEDGER_ALTERED = "LEDGER_ALTERED"
    THROTTLED = "THROTTLED"
    TOO_MANY_CUSTOMERS = "TOO_MANY_CUSTOMERS"
    TIMEOUT = "TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"
    LEDGER_BEHIND = "LEDGER_BEHIND"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class ResponseError:
    """One error as it is sent."""

    code: ErrorCode
    message: str
    locations: Sequence[Mapping[str, int]] = ()
    path: Sequence[str | int] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def formatted(self) -> dict[str, Any]:
        """The GraphQL error object."""
        error: dict[str, Any] = {"message": self.message}
        if self.locations:
            error["locations"] = list(self.locations)
        if self.path:
            error["path"] = list(self.path)
        error["extensions"] = {"code": self.code.value, **self.details}
        return error


class FieldError(GraphQLError):
    """An error that a resolver raises on purpose; its message is fixed text without any value."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message, extensions={"code": code.value})


# Messages hold what was sent, so every pattern here goes over a message once: what repeats is possessive or counted,
# and ends at the end of the message where it is not ended before (G12).
_VALUE = re.compile(
    r"(got invalid value|but got|but encountered error|cannot represent [^:]{0,40}value|has invalid default value"
    # Punctuation and the end of the document are the grammar's, and what a place needs is the schema's.
    r"|found(?! (?:<EOF>|'[!$&():=@\[\]{|}]')\.\Z)"
    r"|has invalid value(?!(?: at [\w.\[\]]{1,200})?: Expected variable '\$\w{1,200}' provided to "
    r"non-null type '[\w!\[\]]{1,200}' not to be None\.\Z)"
    r"|Unexpected (?:BlockString|Comment|Float|Int|Name|String)):?\s.*+",
    re.DOTALL,
)
"""The places where graphql-core's messages begin to quote what was sent."""
LONGEST = 200
"""Characters of a quotation: no name of the schema is longer, and anything longer is attacker-controlled text."""
LONGEST_MESSAGE = 2_000
"""Characters of a message that are processed and sent."""
_QUOTED = re.compile(r"'([^']*+)'|\"((?:[^\"\\]|\\.)*+)(?:\"|\\?\Z)", re.DOTALL)
_QUOTED_OF_CUT = re.compile(r"'([^']*+)(?:'|\Z)|\"((?:[^\"\\]|\\.)*+)(?:\"|\\?\Z)", re.DOTALL)
_WORD = re.compile(r"[^\s!$&():=@\[\]{|}.,]++")
_HINT = re.compile(r",?\s?Did you mean [^?]*+(?:\?|\Z)", re.IGNORECASE)


def from_core(error: GraphQLError, code: ErrorCode, hints: bool, names: Set[str] = frozenset()) -> ResponseError:
    """Convert graphql-core's error: quoted input is removed, suggestions stay if `hints` (may introspect, G5).

    `names` are words that the message may quote, in addition to the names in the error's own nodes.
    """
    locations = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    # A FieldError brings its own code; graphql-core's errors have none.
    own = (error.extensions or {}).get("code")
    known = frozenset(names).union(*(names_in(node) for node in error.nodes or ()))
    message = redacted(error.message, hints, known)
    return ResponseError(ErrorCode(own) if own else code, message, locations, tuple(error.path or ()))


def redacted(message: str, hints: bool, names: Set[str]) -> str:
    """The message without values: a quotation stays only if each of its words is one of these names."""
    # Cut first, so that the patterns run over a bounded text (G12).
    cut = len(message) > LONGEST_MESSAGE
    message = message[:LONGEST_MESSAGE]
    if not hints:
        message = _HINT.sub("", message)
    message = _VALUE.sub(lambda match: match.group(1) + " (not shown).", message)

    def keep(match: re.Match[str]) -> str:
        quoted = match.group(1) if match.group(1) is not None else match.group(2)
        known = len(quoted) <= LONGEST and all(word in names for word in _WORD.findall(quoted))
        return match.group(0) if known else "(not shown)"

    return (_QUOTED_OF_CUT if cut else _QUOTED).sub(keep, message) + (" …" if cut else "")


def names_of(schema: GraphQLSchema) -> frozenset[str]:
    """All names of the schema: types, fields, arguments and directives."""
    found = {directive.name for directive in schema.directives} | set(schema.type_map)
    for directive in schema.directives:
        found.update(directive.args)
    for type_ in schema.type_map.values():
        for name, field_ in getattr(type_, "fields", {}).items():
            found.update((name, *getattr(field_, "args", ())))
    return frozenset(found)


def names_in(node: Node) -> frozenset[str]:
    """All names (GraphQL `Name` tokens) in a part of a document, without values."""
    found = _Names()
    visit(node, found)
    return frozenset(found.words)


class _Names(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.words: set[str] = set()

    def enter_name(self, node: NameNode, *_: Any) -> None:
        self.words.add(node.value)
