"""The history of changes: fields, time and client, never a value (R30)."""

from __future__ import annotations

from collections.abc import Iterable

import orjson
from sqlalchemy import bindparam, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.context import CommandContext
from store.crypto.subject_key import SubjectKey
from store.sql.ids import new_id
from store.sql.metadata import Id
from store.sql.statements import Statement
from store.tables.changes import customer_changes

ADD = Statement(
    insert(customer_changes).values(
        id=bindparam("new_id", type_=Id),
        customer_id=bindparam("owner", type_=Id),
        fields=bindparam("coordinates", type_=customer_changes.c.fields.type),
        client=bindparam("through", type_=customer_changes.c.client.type),
        at=bindparam("now", type_=customer_changes.c.at.type),
    )
)


async def record(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, coordinates: Iterable[str]
) -> None:
    """Record a change, in the transaction of the change. `coordinates` are names such as `Customer.phone`."""
    fields = orjson.dumps(sorted(set(coordinates))).decode()
    row = {"new_id": new_id(), "owner": key.customer_id, "coordinates": fields, "through": context.grant.client_id}
    await ADD.run(connection, row | {"now": context.now})
