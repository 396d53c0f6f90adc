"""Requests that recipients are informed of a rectification (R30; GDPR Art. 19).

The request is written in the transaction of the change; a worker lists the recipients and sends the messages
(`workers.recipients.notices`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import orjson
from sqlalchemy import bindparam, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.restricting import Notice
from store.sql.ids import new_id
from store.sql.metadata import Id
from store.sql.statements import Statement
from store.tables.restrictions import notices

ADD = Statement(
    insert(notices).values(
        id=bindparam("new_id", type_=Id),
        customer_id=bindparam("owner", type_=Id),
        about=bindparam("what", type_=notices.c.about.type),
        fields=bindparam("coordinates", type_=notices.c.fields.type),
        asked_at=bindparam("now", type_=notices.c.asked_at.type),
        listed_at=bindparam("never", type_=notices.c.listed_at.type),
    )
)


async def notify_of_correction(
    connection: AsyncConnection, customer_id: int, coordinates: Iterable[str], now: datetime
) -> None:
    """Request that recipients of these fields are informed of the change; `coordinates` are those of the schema."""
    fields = orjson.dumps(sorted(set(coordinates))).decode()
    row = {"new_id": new_id(), "owner": customer_id, "what": Notice.RECTIFICATION.name, "coordinates": fields}
    await ADD.run(connection, row | {"now": now, "never": None})
