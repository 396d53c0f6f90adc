"""A Strawberry extension that enforces the purpose directives: refused operations are not executed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from graphql import ExecutionResult, GraphQLError, get_operation_ast
from strawberry import Schema
from strawberry.extensions import SchemaExtension

from .purpose_rules import Operation, PurposeDirectives

Holds = Callable[[Any], bool]
"""Whether a condition holds for the value that a field is read from."""


class Token(NamedTuple):
    """What the caller's token allows, and the purpose that the request states."""

    purposes: frozenset[str]
    scopes: frozenset[str] = frozenset()
    stated: str | None = None

    @property
    def purpose(self) -> str:
        """The one purpose of the operation: granted, never claimed; empty for none (8.1)."""
        stated = self.stated or (next(iter(self.purposes)) if len(self.purposes) == 1 else "")
        return stated if stated in self.purposes else ""


def enforce(token: Callable[[Any], Token], conditions: Mapping[str, Holds] | None = None) -> type[SchemaExtension]:
    """The extension for a schema. `token` makes a token of the request's context, which it has verified."""
    known = conditions or {}

    @cache
    def directives(schema: Schema) -> PurposeDirectives:
        return PurposeDirectives(schema.as_str(), frozenset(known))

    class PurposeExtension(SchemaExtension):
        def on_execute(self) -> Iterator[None]:
            run = self.execution_context
            if run.graphql_document is None:
                raise RuntimeError("an operation is decided once it was parsed")
            node = get_operation_ast(run.graphql_document, run.operation_name)
            rules, held = directives(run.schema), token(run.context)
            if node is not None:
                operation = Operation(node, run.graphql_document, run.variables or {})
                refused = rules.refused(operation, held.purpose, held.scopes)
                if refused:  # 8.2
                    run.result = ExecutionResult(None, [_error(each, held.purpose) for each in refused])
            yield

        def resolve(self, _next: Callable[..., Any], root: Any, info: Any, *args: str, **given: Any) -> Any:
            rules, purpose = directives(self.execution_context.schema), token(info.context).purpose
            declared = rules.found.get(f"{info.parent_type.name}.{info.field_name}")
            when = (declared.purposes or {}).get(purpose) if declared else None
            return None if when and not known[when](root) else _next(root, info, *args, **given)  # 9.2

    return PurposeExtension


def _error(coordinate: str, purpose: str) -> GraphQLError:
    asked = f"for {purpose}" if purpose else "without a purpose"
    told = {"code": "UNAUTHORIZED_FIELD_OR_TYPE", "coordinate": coordinate, "purpose": purpose or None}
    return GraphQLError(f"{coordinate} may not be used {asked}.", extensions=told)
