"""Withdrawing the authorization of third-party apps, and ending app sessions (GDPR Art. 7(3))."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.signin.actor import Actor, actor_at
from store.queue.revocations import end_family, withdraw_app
from store.tables.oauth import oauth_consents, oauth_families

NO_APP = UserProblem("NOT_FOUND", "There is no such app.", ("authorizedAppId",))
NO_APP_SESSION = UserProblem("NOT_FOUND", "There is no such app.", ("appSessionId",))


async def withdraw_one(actor: Actor, consent_id: int) -> Result:
    """Withdraw the authorization of an app and revoke its tokens; idempotent."""
    async with actor.store.write() as connection:
        mine = select(oauth_consents.c.client_id).where(
            oauth_consents.c.id == consent_id, oauth_consents.c.customer_id == actor.customer_id
        )
        # By id and customer: another customer's consent is answered like one that does not exist (D6).
        client = await connection.scalar(mine)
        if client is None:
            return Result(problems=(NO_APP,))
        # Consent and tokens in one transaction: no token outlives its consent (O10).
        await withdraw_app(connection, actor.customer_id, client, actor.now)
    return Result(affected={"authorizedApp": consent_id})


async def end_one_app(actor: Actor, family_id: int) -> Result:
    """Revoke one token family of an app; its authorization stays. Idempotent."""
    async with actor.store.write() as connection:
        mine = select(oauth_families.c.id).where(
            oauth_families.c.id == family_id, oauth_families.c.customer_id == actor.customer_id
        )
        if await connection.scalar(mine) is None:
            return Result(problems=(NO_APP_SESSION,))
        await end_family(connection, family_id, actor.now)
    return Result(affected={"appSession": family_id})


async def withdraw_authorized_app(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """The command of the API."""
    return await withdraw_one(actor_at(context), given["authorizedAppId"])


async def end_app_session(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """The command of the API."""
    return await end_one_app(actor_at(context), given["appSessionId"])
