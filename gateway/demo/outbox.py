"""The letters that the demo only shows, in the place of a mail server."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import bindparam, select

from resolvers.emails.emails import TOPIC
from store.database.store import Store
from store.queue.messages import opened
from store.tables.outbox import outbox

MOST = 20


async def latest_letters(store: Store) -> list[dict[str, Any]]:
    """The last letters to customers, the newest first; those of erased customers do not open."""
    listed = select(outbox.c.id, outbox.c.customer_id, outbox.c.payload).where(outbox.c.topic == bindparam("topic"))
    prepared = store.reader.prepare(listed.order_by(outbox.c.id.desc()).limit(MOST))
    rows = await store.reader.fetch(prepared, {"topic": TOPIC})
    found = await opened(store.keys, [tuple(row) for row in rows])
    return [orjson.loads(message) for message in found if message is not None]
