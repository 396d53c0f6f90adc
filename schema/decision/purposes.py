"""Determines the one purpose of an operation from token, trusted document and request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import OperationDefinitionNode, ValueNode, VariableNode

from policy.decision import Reason, Refused, effective_purpose
from policy.grant import Grant
from policy.purposes import Purpose
from policy.references import References
from resolvers.events.references import REFERENCES
from schema.core.errors import ErrorCode, ResponseError


@dataclass(frozen=True, slots=True)
class Stated:
    """The purpose and reference that a request states."""

    purpose: Purpose | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The effective purpose, or the refusal; an operation without personal data needs no purpose."""

    purpose: Purpose | None
    reference: str | None
    refused: Refused | None = None
    asked: Purpose | None = None
    """The purpose that document or request name, also if it was refused."""

    def problem(self) -> ResponseError:
        """The error of an operation that needs a purpose and has none."""
        assert self.refused is not None
        allowed = [each.name for each in self.refused.allowed]
        details: dict[str, Any] = {"reason": self.refused.reason.name, "allowedPurposes": allowed}
        if self.refused.expected:
            details["expected"] = self.refused.expected
        return ResponseError(
            ErrorCode.PURPOSE_REFUSED, self.refused.reason.text + _advice(self.refused), details=details
        )


def stated(
    node: OperationDefinitionNode, variables: Mapping[str, Any], purpose: str | None, reference: str | None
) -> Stated | ResponseError:
    """Read purpose and reference from `@for` and the headers; an error if these contradict each other."""
    in_document = _directive(node, variables)
    if isinstance(in_document, ResponseError):
        return in_document
    named, case = in_document
    # A contradiction is refused: choosing one would hide a mistake of the caller.
    if named is not None and purpose is not None and named != purpose:
        return _bad("The `Purpose` header and `@for` name different purposes: send one of them.")
    if case is not None and reference is not None and case != reference:
        return _bad("The `Purpose-Reference` header and `@for` give different references: send one of them.")
    name = named or purpose
    if name is not None and name not in Purpose.__members__:
        return _bad("There is no purpose of that name; the enum `Purpose` of the schema lists them all.")
    return Stated(None if name is None else Purpose[name], case or reference)


def choose(grant: Grant, registered: Purpose | None, asked: Stated, references: References = REFERENCES) -> Chosen:
    """The effective purpose: the one that token, registered document and request have in common (DESIGN §2 rule 2)."""
    found = effective_purpose(grant.purposes, registered, asked.purpose, asked.reference, references)
    if isinstance(found, Refused):
        return Chosen(None, None, found, asked.purpose or registered)
    return Chosen(found, asked.reference)


def _directive(
    node: OperationDefinitionNode, variables: Mapping[str, Any]
) -> tuple[str | None, str | None] | ResponseError:
    directive = next((each for each in node.directives or () if each.name.value == "for"), None)
    if directive is None:
        return None, None
    arguments = {each.name.value: each.value for each in directive.arguments or ()}
    purpose, reference = arguments["purpose"], arguments.get("reference")
    # The decision is cached with the document, so the purpose must be part of its text.
    if isinstance(purpose, VariableNode):
        return _bad("`@for(purpose:)` is written in the document, not given as a variable.")
    if not isinstance(reference, VariableNode):
        return _word(purpose), _word(reference)
    given = variables.get(reference.name.value, _default(node, reference))
    return _word(purpose), given if isinstance(given, str) else None


def _default(node: OperationDefinitionNode, variable: VariableNode) -> str | None:
    """The default value of a variable, a string; None if there is none."""
    for each in node.variable_definitions or ():
        if each.variable.name.value == variable.name.value:
            return getattr(each.default_value, "value", None)
    return None


def _word(node: ValueNode | None) -> str | None:
    value = getattr(node, "value", None)
    return value if isinstance(value, str) else None


def _bad(message: str) -> ResponseError:
    return ResponseError(ErrorCode.BAD_REQUEST, message)


def _advice(refused: Refused) -> str:
    names = ", ".join(each.name for each in refused.allowed)
    match refused.reason:
        case Reason.PURPOSE_REQUIRED:
            return f" State one of {names} with `@for(purpose: …)` or the `Purpose` header."
        case Reason.PURPOSE_NOT_GRANTED if names:
            return f" It has: {names}."
        case Reason.REFERENCE_REQUIRED | Reason.REFERENCE_MALFORMED:
            return f" Give {refused.expected} with `@for(purpose: …, reference: …)` or the `Purpose-Reference` header."
        case _:
            return ""
