"""What was changed in one's own data."""

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
    """One change, by the names of the fields; what stood there before and since is not kept."""

    id: strawberry.ID = identity(customer_changes, OWN)
    fields: list[str] | None = datum(
        customer_changes.c.fields, "Which fields, by schema coordinate.", OWN, read=orjson.loads
    )
    client: str | None = datum(customer_changes.c.client, "The application through which it was changed.", OWN)
    at: DateTime | None = datum(customer_changes.c.at, "When.", OWN)


ChangeConnection = connection(Change, "Change")
