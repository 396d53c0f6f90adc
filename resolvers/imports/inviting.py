"""Invites imported customers without a password by e-mail: a link, valid once, sets their first one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.platforms import DEFAULT
from resolvers.account.passwords_resets import account_state
from resolvers.commands.dependencies import Site
from resolvers.emails.emails import EmailRecipient, recipient_of, send_each
from resolvers.emails.signin import SignInEmail
from resolvers.factors.credentials import COLUMNS, Account, Credential
from resolvers.signins.secrets import hashed, new_secret
from store.database.store import Store
from store.queue.holding import INVITED, hold_for
from store.sql.ids import new_id
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.signin import reset_links

UNTIL_RELEASED: Final = timedelta(days=365)
"""How long a link exists whose letter is held; its release sets the time that the letter names."""


async def invite(
    connection: AsyncConnection, store: Store, site: Site, ids: Sequence[int], now: datetime, held_by: int | None
) -> int:
    """Write to those of these customers who have no password of the client area, in the caller's transaction.

    The letter and its link have one id, so that a release finds both. Letters wait if they are `held_by` a run. Returns
    the number of letters; the number of statements does not depend on it.
    """
    query = select(*COLUMNS, customers.c.email, customers.c.email_ref, customers.c.locale).join_from(
        credentials, customers, credentials.c.customer_id == customers.c.id
    )
    query = query.where(credentials.c.customer_id.in_(ids), credentials.c.password_hash.is_(None))
    query = query.where(credentials.c.platform == DEFAULT, customers.c.email.is_not(None))
    found = (await connection.execute(query)).all()
    keys = await store.keys.subjects([row.customer_id for row in found])
    links, letters = list[dict[str, Any]](), list[tuple[int, EmailRecipient, dict[str, str | int]]]()
    for row, key in zip(found, keys, strict=True):
        if key is None:
            continue
        account = Account(Credential.of(row[: len(COLUMNS)], key), key)
        secret, id_ = new_secret(), new_id()
        links.append({
            "id": id_,
            "customer_id": row.customer_id,
            "credential_id": row.id,
            "secret_hash": hashed(secret),
            "account_state": account_state(account, row.email_ref),
            "expires_at": now + (INVITED if held_by is None else UNTIL_RELEASED),
        })  # fmt: skip
        reader = recipient_of(key, row.customer_id, row.email, row.locale)
        facts: dict[str, str | int] = {"link": site.link("/password/reset", secret), "days": INVITED.days}
        letters.append((id_, reader, facts | {"platform": DEFAULT}))
    if links:
        await connection.execute(insert(reset_links), links)
        await send_each(connection, letters, site, SignInEmail.INVITATION, now)
        if held_by is not None:
            await hold_for(connection, [id_ for id_, _, _ in letters], held_by)
    return len(links)
