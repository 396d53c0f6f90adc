"""The history of changes to a customer's data."""

from __future__ import annotations

import orjson
import strawberry

from schema.core.scalars import DateTime
from schema.declare.connections import connection
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import SELF
from schema.declare.records import record
from store.tables.changes import customer_changes

OWN = (SELF,)


@record(customer_changes)
class Change(Node):
    """One change, with the names of the fields; neither old nor new values are stored in it."""

    id: strawberry.ID = identity(customer_changes, OWN)
    fields: list[str] | None = datum(
        customer_changes.c.fields,
        "The changed fields by their schema coordinates, such as `Customer.phone`; never a value.",
        OWN,
        read=orjson.loads,
    )
    client: str | None = datum(
        customer_changes.c.client, "The client through which it was changed, by its client id.", OWN
    )
    at: DateTime | None = datum(customer_changes.c.at, "The time at which the change was made.", OWN)


ChangeConnection = connection(Change, "Change")
