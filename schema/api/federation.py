"""Apollo Federation: the root fields for a router, which reads as its caller and has no rights of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, NewType

import strawberry
from graphql import GraphQLError

from policy.categories import Category
from policy.retention import RetentionRule
from schema.core.declared import DECLARED, Declared
from schema.declare.fields import allowances, directives, public, searched
from schema.declare.readers import SELF, THE_CUSTOMER
from schema.declare.records import described
from schema.execution.arguments import REPRESENTATION
from schema.execution.standard import ResolverContext
from schema.model.federation import own_subgraph
from schema.sources.entries import RowsByRepresentation
from schema.sources.values import Attribute, Computed

ROUTER: Final = frozenset({"federation:read"})
"""The scope that a token needs to be used through a router."""
CALLERS: Final = (*THE_CUSTOMER[:-1], SELF)
"""As for `node(id:)`, but for third-party apps: a router is the company's own."""
WHY: Final = "the schema is about everybody, and nobody's data"


def _representation(value: Any) -> Any:
    parts = value.values() if isinstance(value, Mapping) and value.keys() == REPRESENTATION else [None]
    if not all(isinstance(each, str) for each in parts):
        raise GraphQLError("a representation is an object of the texts `__typename` and `id`, and nothing else")
    return value


def _never_sent(value: Any) -> Any:
    raise ValueError("this scalar is read, and never sent")


Representation = NewType("Representation", dict[str, Any])
FEDERATION_SCALARS: Final[dict[object, Any]] = {
    Representation: strawberry.scalar(
        name="_Any",
        description='An object as a router names it, such as {"__typename": "Customer", "id": "Customer_…"}.',
        specified_by_url="https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec",
        serialize=_never_sent,
        parse_value=_representation,
    )
}
Representations = Annotated[
    list[Representation], searched(Category.CUSTOMER_ID, "The objects, each by type and global id.", CALLERS)
]


@dataclass(frozen=True, slots=True)
class _Printed:
    sdl: str


async def _own(context: ResolverContext, root: Any, given: Mapping[str, Any]) -> _Printed:
    return _Printed(own_subgraph())


@strawberry.type(name="_Service", description="The schema as a subgraph.")
class Subgraph:
    """Its one field is the printed schema."""

    sdl: str = public(Attribute("sdl"), "The schema for composition, as `gateway schema print --federation`.", WHY)


def _declaring(name: str, declared: Declared) -> Callable[[Any], Any]:
    def decorate(method: Any) -> Any:
        return strawberry.field(
            resolver=method,
            name=name,
            description=described(method),
            directives=directives(declared, own_retention=True),
            metadata={DECLARED: declared},
        )

    return decorate


entities = _declaring(
    "_entities",
    Declared(
        RowsByRepresentation(),
        Category.CUSTOMER_ID,
        allowances(CALLERS),
        RetentionRule.CUSTOMER_LIFE,
        scopes=(ROUTER,),
    ),
)
"""Decorates the root field `Query._entities`."""
service = _declaring("_service", Declared(Computed(_own), scopes=(ROUTER,), public=WHY))
"""Decorates the root field `Query._service`."""
