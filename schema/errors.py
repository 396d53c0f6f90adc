"""What a caller is told when something is wrong: a code to act on, a sentence, and never a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from graphql import GraphQLError


class Code(Enum):
    """`extensions.code` of every error."""

    BAD_REQUEST = "BAD_REQUEST"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    INVALID_ID = "INVALID_ID"
    INVALID_CURSOR = "INVALID_CURSOR"
    PAGE_TOO_LARGE = "PAGE_TOO_LARGE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    UNAUTHORIZED_FIELD_OR_TYPE = "UNAUTHORIZED_FIELD_OR_TYPE"
    PURPOSE_REFUSED = "PURPOSE_REFUSED"
    PERSISTED_DOCUMENT_REQUIRED = "PERSISTED_DOCUMENT_REQUIRED"
    PERSISTED_DOCUMENT_NOT_FOUND = "PERSISTED_DOCUMENT_NOT_FOUND"
    PERSISTED_DOCUMENT_MISMATCH = "PERSISTED_DOCUMENT_MISMATCH"
    MUTATION_NOT_ALLOWED = "MUTATION_NOT_ALLOWED"
    DATA_DAMAGED = "DATA_DAMAGED"
    THROTTLED = "THROTTLED"
    TIMEOUT = "TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Problem:
    """One error as it is sent."""

    code: Code
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
    """An error of one field, raised by a resolver on purpose: its message is ours and holds no value."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message, extensions={"code": code.value})


_QUOTED = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"")
_NAME = re.compile(r"[\[_A-Za-z@$][\[\]_A-Za-z0-9!.@$:]*")
_ECHO = re.compile(r"(got invalid value|found|cannot represent [^:]*value:|has invalid value:?)\s.*", re.DOTALL)
_HINT = re.compile(r"\s*Did you mean .*?\?", re.DOTALL)


def from_core(error: GraphQLError, code: Code, hints: bool) -> Problem:
    """graphql-core's error with everything taken out that echoes a value, and hints only for who may introspect (G5)."""
    locations = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    own = (error.extensions or {}).get("code")
    return Problem(Code(own) if own else code, redacted(error.message, hints), locations, tuple(error.path or ()))


def redacted(message: str, hints: bool) -> str:
    """The message without literals: what is quoted stays only if it is a GraphQL name."""
    if not hints:
        message = _HINT.sub("", message)
    message = _ECHO.sub(lambda match: match.group(1).rstrip(":") + " (not shown).", message)

    def keep(match: re.Match[str]) -> str:
        quoted = match.group(1) if match.group(1) is not None else match.group(2)
        return match.group(0) if _NAME.fullmatch(quoted) else "(not shown)"

    return _QUOTED.sub(keep, message)
