"""Builds the Strawberry schema, the graphql-core schema inside it, and the printed SDL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import strawberry
from graphql import GraphQLInputObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from policy.rules import Rule
from schema.api.federation import FEDERATION_SCALARS
from schema.api.mutation import Mutation
from schema.api.query import Query
from schema.api.strawberry_private import graphql_core_schema
from schema.core.scalars import SCALARS
from schema.declare.directives import LINKS, SCHEMA_DIRECTIVES, WORDS, for_purpose
from schema.model.model import STRAWBERRY, SchemaModel
from schema.model.storage import storage, with_storage
from schema.types.payments import PAYMENT_TYPES


@cache
def strawberry_schema() -> strawberry.Schema:
    """The declared schema, built once a process."""
    declared = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=PAYMENT_TYPES,
        # For validation and printing only: Strawberry's extension that runs directives makes every field asynchronous.
        directives=[for_purpose],
        schema_directives=[*LINKS, *WORDS],
        config=StrawberryConfig(scalar_map=SCALARS | FEDERATION_SCALARS),
    )
    _say_one_of(declared)
    return declared


def _say_one_of(declared: strawberry.Schema) -> None:
    """Tell graphql-core which inputs are `@oneOf`, so that literals, defaults and variables are all validated.

    Strawberry keeps it to itself: its own check stands at the end of coercion, where an error is nobody's answer.
    """
    for type_ in core_schema(declared).type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            type_.is_one_of = type_.extensions[STRAWBERRY].is_one_of


def core_schema(declared: strawberry.Schema | None = None) -> GraphQLSchema:
    """The graphql-core schema that parsing, validation and the standard executor work on."""
    return graphql_core_schema(declared or strawberry_schema())


@cache
def own_model() -> SchemaModel:
    """The model of our own schema."""
    return SchemaModel(core_schema())


def declared_rules() -> Mapping[str, Rule]:
    """Every rule of our own schema, by coordinate."""
    return own_model().rules


def sdl(with_columns: bool = False) -> str:
    """The schema in the Schema Definition Language with its directives: the content of `schema/schema.graphql`.

    `with_columns`: with the columns that the fields show, for auditors.
    """
    # Strawberry prints all directives of the schema on one line: one definition a line, as reviews read them.
    printed = re.sub(r" (?=@define[A-Z]\w*\(name: )", "\n  ", strawberry_schema().as_str()) + "\n"
    return with_storage(printed, storage(own_model())) if with_columns else printed


__all__ = ["SCHEMA_DIRECTIVES", "core_schema", "declared_rules", "own_model", "sdl", "strawberry_schema"]
