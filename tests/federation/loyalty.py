"""Another team's subgraph: points of customers, whom it knows by their global ids alone."""

from __future__ import annotations

import os

import strawberry
from strawberry.asgi import GraphQL

IDS = os.environ.get("CUSTOMERS", "").split()


@strawberry.federation.type(keys=["id"])
class Customer:
    """A customer of the gateway's."""

    id: strawberry.ID
    points: int

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Customer:
        """By the key."""
        return Customer(id=id, points=IDS.index(id) if id in IDS else 0)


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    def members(self) -> list[Customer]:
        """Everybody who has points."""
        return [Customer.resolve_reference(strawberry.ID(each)) for each in IDS]


schema = strawberry.federation.Schema(query=Query)
app = GraphQL(schema)
