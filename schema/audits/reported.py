"""The words in which reports are written in the schema: they say nothing of any person, and need `audit:read`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import strawberry

from schema.audits.reporting import ReportContext, plain
from schema.core.sources import Computed, ReportFact
from schema.declare.fields import DECLARED, Declared, directives
from schema.declare.records import described

Make = Callable[[ReportContext, Mapping[str, Any]], Awaitable[Any]]
AUDIT_READ: Final = frozenset({"audit:read"})
WHY: Final = "it is about the schema, the policy, a registration or a count, and names no customer"


def told(description: str, *, name: str | None = None) -> Any:
    """What a report says under the field's own name; `name` where Python can not write it."""
    return strawberry.field(name=name, description=description, metadata={DECLARED: Declared(ReportFact(), public=WHY)})


def reported(make: Make, needs: frozenset[str] = frozenset()) -> Callable[[Any], Any]:
    """A report that is made when it is asked for; decorates the method that lists its arguments.

    `needs` are the scopes of the field that leads to all others.
    """

    async def run(context: Any, value: Any, given: Mapping[str, Any]) -> Any:
        return await make(ReportContext.of(context.desk, context.model), plain(given))

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
    """An argument that chooses among the facts of a report."""
    declared = Declared(public="it chooses among facts that name no customer")
    return strawberry.argument(description=description, metadata={DECLARED: declared})
