"""Declares the fields of reports: they hold no personal data, and need the scope `audit:read`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import strawberry

from schema.audits.reporting import ReportContext, plain
from schema.core.declared import DECLARED, Declared
from schema.declare.fields import directives
from schema.declare.records import described
from schema.sources.values import Computed, ReportFact, ReportWord

Make = Callable[[ReportContext, Mapping[str, Any]], Awaitable[Any]]
AUDIT_READ: Final = frozenset({"audit:read"})
WHY: Final = "it is about the schema, the policy, a registration or a count, and names no customer"


def report_field(description: str, *, name: str | None = None, word: bool = False) -> Any:
    """A field that returns the report's value of the same name; `name` if the GraphQL name is no Python identifier.

    `word`: the value is a word with hyphens, and the field an enum.
    """
    declared = Declared(ReportWord() if word else ReportFact(), public=WHY)
    return strawberry.field(
        name=name, description=description, directives=directives(declared), metadata={DECLARED: declared}
    )


def reported(make: Make, needs: frozenset[str] = frozenset()) -> Callable[[Any], Any]:
    """A report, computed when it is selected; decorates the method that lists its arguments.

    `needs` are the scopes of the root field, through which all others are reached.
    """

    async def run(context: Any, value: Any, given: Mapping[str, Any]) -> Any:
        return await make(ReportContext.of(context.command, context.model), plain(given))

    declared = Declared(Computed(run), scopes=tuple(filter(None, (needs,))), public=WHY)

    def decorate(method: Any) -> Any:
        return strawberry.field(
            resolver=method,
            description=described(method),
            directives=directives(declared),
            metadata={DECLARED: declared},
        )

    return decorate


def filtering(description: str) -> Any:
    """An argument that filters a report."""
    declared = Declared(public="it chooses among facts that name no customer")
    return strawberry.argument(description=description, directives=directives(declared), metadata={DECLARED: declared})
