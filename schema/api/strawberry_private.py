"""All that uses private parts of Strawberry, written for 0.341: the graphql-core schema that it builds.

Strawberry has no public attribute for it, and graphql-core validates, prints and executes nothing else.
"""

from __future__ import annotations

import strawberry
from graphql import GraphQLSchema

WRITTEN_FOR = "0.341"
"""The version whose source was read; tests/test_private_parts.py compares it with the installed one."""


def graphql_core_schema(declared: strawberry.Schema) -> GraphQLSchema:
    """The graphql-core schema inside a Strawberry schema."""
    return declared._schema
