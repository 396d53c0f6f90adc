"""The one Strawberry schema, with graphql-core's view of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from policy.rules import Rule
from schema.api.mutation import Mutation
from schema.api.query import Query
from schema.core.scalars import SCALARS
from schema.declare.directives import SCHEMA_DIRECTIVES, for_purpose
from schema.model.model import SchemaModel
from schema.types.payments import PAYMENT_TYPES


@cache
def strawberry_schema() -> strawberry.Schema:
    """The whole schema as it is declared."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=PAYMENT_TYPES,
        directives=[for_purpose],
        schema_directives=[],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def core_schema(declared: strawberry.Schema | None = None) -> GraphQLSchema:
    """The graphql-core schema that parsing, validation and the standard executor work on."""
    return (declared or strawberry_schema())._schema


@cache
def declared_rules() -> Mapping[str, Rule]:
    """Every rule of our own schema, by coordinate."""
    return SchemaModel(core_schema()).rules


def sdl() -> str:
    """The schema in the Schema Definition Language, directives included: the text of `schema/schema.graphql`."""
    return strawberry_schema().as_str() + "\n"


__all__ = ["SCHEMA_DIRECTIVES", "core_schema", "declared_rules", "sdl", "strawberry_schema"]
