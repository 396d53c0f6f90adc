"""Declares filters of lists: input objects whose fields compare columns, under the rule of reading them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import strawberry

from policy.retention import RetentionRule
from resolvers.reads.criteria import Comparison
from schema.core.declared import DECLARED, Declared
from schema.core.words import enumerated
from schema.declare.fields import Allowed, allowances, directives, positioned

ListOrder = enumerated(
    "ListOrder",
    {
        "OLDEST_FIRST": strawberry.enum_value("OLDEST_FIRST", description="In the order in which they were made."),
        "NEWEST_FIRST": strawberry.enum_value("NEWEST_FIRST", description="The newest at the beginning."),
    },
    "The order of a list; a cursor is good for the order in which it was given.",
)
Order = Annotated[
    ListOrder | None,
    positioned("The order of the list; that of the field's description when left out.", "a direction"),
]


def compared(how: Comparison, description: str, allows: Iterable[Allowed]) -> Any:
    """A field of a filter. It reads the columns that it compares, so the lint wants the purposes of their field.

    Left out or null it compares nothing.
    """
    declared = Declared(
        None,
        how.columns[0].info["category"],
        allowances(allows),
        RetentionRule.NOT_STORED,
        compares=how,
    )
    return strawberry.field(
        default=strawberry.UNSET,
        description=description,
        directives=directives(declared, own_retention=True),
        metadata={DECLARED: declared},
    )


def filtering(type_: Any) -> Any:
    """The type of the argument `filter` of a list."""
    said = strawberry.argument(
        description="Only rows that pass all of these; others are neither returned nor recorded as read."
    )
    return Annotated[type_ | None, said]
