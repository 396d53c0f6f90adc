"""Who has a copy hears of a correction, too (R30; GDPR Art. 19): whoever read the data, or received it.

It is only asked for here, in the transaction of the change: a worker lists and writes to them, as after a restriction
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


async def tell_of_correction(
    connection: AsyncConnection, customer_id: int, coordinates: Iterable[str], now: datetime
) -> None:
    """Have whoever got one of these fields told that it changed; `coordinates` are those of the schema."""
    fields = orjson.dumps(sorted(set(coordinates))).decode()
    row = {"new_id": new_id(), "owner": customer_id, "what": Notice.RECTIFICATION.name, "coordinates": fields}
    await ADD.run(connection, row | {"now": now, "never": None})
