"""Product news and cookie choices, changed at any time, without a reason, and effective at once (R12, R13, R28, R29,
R50)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.consents import ConsentKind
from policy.events import Event
from policy.periods import Period
from policy.purposes import Purpose
from policy.requests import RequestKind, RequestState
from policy.retention import RetentionRule
from policy.wordings import VERSION
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.consents.consents import give, is_given, outdated, withdraw
from resolvers.consents.processing_stops import ActingParty, end_objection
from resolvers.events.announcements import Fact, announce
from resolvers.events.changes import record
from resolvers.events.requests import settle_request
from store.crypto.subject_key import SubjectKey
from store.sql.ids import new_id
from store.tables.consents import cookie_choices
from store.tables.customers import customers

NEWS: Final[ConsentKind] = "PRODUCT_NEWS"
MEASURING: Final[ConsentKind] = "COOKIE_MEASUREMENT"
GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")


async def set_product_news(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Switch product news on or off; idempotent."""
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        before = await connection.scalar(select(customers.c.product_news).where(customers.c.id == context.subject))
        if key is None or not await switch_news(
            connection, context, key, bool(given["wanted"]), "graphql/setProductNews"
        ):
            return Result(problems=(GONE,))
        behalf = context.behalf
        # What was off already is no further request, unless staff recorded one.
        if not given["wanted"] and (before or behalf is not None):
            await settle_request(
                connection,
                key.customer_id,
                RequestKind.OPT_OUT,
                RequestState.ACCEPTED,
                context.now,
                context.dependencies.site.zone,
                request=None if behalf is None else behalf.request,
                by_staff=behalf is not None,
            )
    return Result(affected={"customer": context.subject})


async def switch_news(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, wanted: bool, source: str
) -> bool:
    """Switch product news, in the caller's transaction; False if the customer no longer exists.

    News tools read addresses for PRODUCT_NEWS when they send: from the commit on, the row filter hides this one.
    """
    row = await _locked(connection, key.customer_id)
    if row is None:
        return False
    # No event for no change: consents are a record, not a log of clicks.
    if row.product_news == wanted:
        return True
    await connection.execute(update(customers).where(customers.c.id == key.customer_id).values(product_news=wanted))
    if wanted:  # Consent to news withdraws an objection to them, which would keep the row hidden.
        await end_objection(connection, key, Purpose.PRODUCT_NEWS, ActingParty("CUSTOMER"), context.now)
    await (give if wanted else withdraw)(connection, context, key, NEWS, row.locale or "en", source)
    await record(connection, context, key, ["Customer.productNews"])
    return True


async def choose_cookies(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Record the choice made in "Edit my choices"; it is valid for six months, then it is asked for again.

    Measuring needs a consent to the present wording. An explicit choice overrides Global Privacy Control; whether the
    browser sent that is recorded with the choice.
    """
    wanted = bool(given["measurement"])
    if wanted and (old := outdated(given.get("wordingVersion"), ("wordingVersion",))):
        return Result(problems=(old,))
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        row = None if key is None else await _locked(connection, key.customer_id)
        if key is None or row is None:
            return Result(problems=(GONE,))
        id_ = await _choose(connection, context, key, wanted, bool(given.get("globalPrivacyControl")))
        language = given.get("language") or row.locale or "en"
        if wanted:
            await give(connection, context, key, MEASURING, language, "graphql/chooseCookies")
        # Refusing without an earlier consent withdraws nothing.
        elif await is_given(connection, key.customer_id, MEASURING):
            await withdraw(connection, context, key, MEASURING, language, "graphql/chooseCookies")
    return Result(affected={"cookieChoice": id_, "customer": context.subject})


async def stop_measuring(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, language: str, source: str
) -> bool:
    """Withdraw the consent to measuring, in the caller's transaction; False if there is none."""
    if not await is_given(connection, key.customer_id, MEASURING):
        return False
    await _choose(connection, context, key, wanted=False, control=False)
    await withdraw(connection, context, key, MEASURING, language, source)
    return True


async def _choose(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, wanted: bool, control: bool
) -> int:
    id_ = new_id()
    await record(connection, context, key, ["Customer.cookieChoice"])
    row = {
        "id": id_,
        "customer_id": key.customer_id,
        "measurement": wanted,
        "wording_version": VERSION,
        "chosen_at": context.now,
        "expires_at": ends(context.now),
        "global_privacy_control": control,
    }
    # One row a customer, the present choice; the history is in the consent events.
    await connection.execute(delete(cookie_choices).where(cookie_choices.c.customer_id == key.customer_id))
    await connection.execute(insert(cookie_choices).values(row))
    facts: dict[str, Fact] = {"measurement": wanted}
    await announce(connection, key, Event.COOKIES_CHANGED.wire, context.now, facts=facts)
    return id_


def ends(chosen: datetime) -> datetime:
    """The time at which a choice expires, by the retention rule."""
    period = Period.parse(RetentionRule.COOKIE_CHOICE.period or "P6M")
    # At midnight UTC: a choice is valid for whole days.
    return datetime.combine(period.after(chosen.astimezone(UTC).date()), time(), UTC)


async def _locked(connection: AsyncConnection, customer_id: int) -> Any:
    """The customer's row, locked until the transaction ends; None if there is none."""
    found = select(customers.c.product_news, customers.c.locale).where(customers.c.id == customer_id).with_for_update()
    return (await connection.execute(found)).one_or_none()
