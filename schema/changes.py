"""What was changed in one's own data."""

from __future__ import annotations

import orjson
import strawberry

from schema.connections import connection
from schema.fields import datum, identity
from schema.node import Node
from schema.readers import SELF
from schema.records import record
from schema.scalars import DateTime
from store.changes import customer_changes

H = customer_changes.c
OWN = (SELF,)


@record(customer_changes)
class Change(Node):
    """One change, by the names of the fields; what stood there before and since is not kept."""

    id: strawberry.ID = identity(customer_changes, OWN)
    fields: list[str] | None = datum(H.fields, "Which fields, by schema coordinate.", OWN, read=orjson.loads)
    client: str | None = datum(H.client, "The application through which it was changed.", OWN)
    at: DateTime | None = datum(H.at, "When.", OWN)


ChangeConnection = connection(Change, "Change")
