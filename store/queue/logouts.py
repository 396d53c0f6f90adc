"""Notices to programs that a session has ended there, too (OpenID Connect Back-Channel Logout 1.0), in the outbox.

A notice names the session by its row alone. The identifiers by which a client knows customer and session are worked out
when it is delivered, but for an erasure: that destroys the key they come from, so they are sealed before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.openid import OPENID
from store.crypto.key_store import KeyStore
from store.crypto.pairwise import pairwise_session, pairwise_subject
from store.crypto.subject_key import SubjectKey
from store.crypto.system_keys import SystemKeys
from store.queue.messages import seal_for_nobody
from store.sql.ids import new_id
from store.tables.oauth import oauth_clients, oauth_families
from store.tables.outbox import outbox

TOPIC = "logout"
LASTS = timedelta(days=3)
"""The time for which a notice is of use; a session of a program has ended by itself after that."""

_F, _C = oauth_families.c, oauth_clients.c
_receiving = (
    select(_F.customer_id, _F.client_id, _F.session_id, _F.scope)
    .join_from(oauth_families, oauth_clients, _C.client_id == _F.client_id)
    .where(_C.backchannel_logout_uri.is_not(None))
)
"""The token families of clients that are told, each of which came with an ID token if its scope has `openid`."""


def note_ended_sessions(connection: Connection, sessions: Sequence[int], now: datetime) -> None:
    """Queue a notice for each client that got an ID token in one of these sessions; in the caller's transaction."""
    rows = connection.execute(_receiving.where(_F.session_id.in_(sessions))).all()
    found = {(each.client_id, each.session_id): each.customer_id for each in rows if OPENID in each.scope.split()}
    notices = [
        _notice(client, now) | {"customer_id": customer, "session_id": session}
        for (client, session), customer in sorted(found.items())
    ]
    if notices:
        connection.execute(insert(outbox), notices)


async def note_ended_customer(connection: AsyncConnection, system: SystemKeys, key: SubjectKey, now: datetime) -> None:
    """Queue a notice, about all sessions of a customer who is being erased, for each client that got an ID token."""
    rows = (await connection.execute(_receiving.where(_F.customer_id == key.customer_id))).all()
    for client in sorted({each.client_id for each in rows if OPENID in each.scope.split()}):
        notice = _notice(client, now)
        said = orjson.dumps({"sub": pairwise_subject(key, client)})
        notice["payload"] = await seal_for_nobody(system, notice["id"], said)
        await connection.execute(insert(outbox).values(notice))


async def logout_contents(keys: KeyStore, rows: Sequence[tuple[int, int | None, str, int]]) -> Mapping[int, bytes]:
    """The `sub` and `sid` of notices, given by id, customer, client and session; none for one without a key.

    An erased customer has no key, and was told of by `note_ended_customer`.
    """
    owners = await keys.subjects(sorted({owner for _, owner, _, _ in rows if owner is not None}))
    by_owner = {key.customer_id: key for key in owners if key is not None}
    found = {}
    for id_, owner, client, session in rows:
        if owner is not None and (key := by_owner.get(owner)) is not None:
            said = {"sub": pairwise_subject(key, client), "sid": pairwise_session(key, client, session)}
            found[id_] = orjson.dumps(said)
    return found


def _notice(client: str, now: datetime) -> dict[str, Any]:
    times = {"created_at": now, "next_attempt_at": now, "give_up_at": now + LASTS, "void_at": now + LASTS}
    return {"id": new_id(), "topic": TOPIC, "client_id": client, "attempts": 0} | times
