"""The workflow of restrictions and objections, for customers and staff (GDPR Art. 18, 21).

```
            restrict                    announce              e-mail arrived, 3 days
nothing ──────────────▶ RESTRICTED ──────────────▶ announced ───────────────────────▶ nothing
   ▲                        │  ▲                       │ │
   └──── the customer ──────┘  └─── asked for again ───┘ └──── the customer ──▶ nothing
```
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.catalogue import translate
from policy.events import Event
from policy.purposes import Purpose
from policy.requests import RequestKind, RequestState
from policy.restricting import (
    NOTICE_PERIOD,
    RESTRICTION,
    Ground,
    Notice,
    ObjectionOutcome,
    ObjectionState,
    RightsEvent,
    answer_by,
    instead,
    objection_to,
)
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.commands.dependencies import Site
from resolvers.consents.preferences import switch_news
from resolvers.consents.processing_stops import (
    ActingParty,
    end_objection,
    end_restriction,
    locked,
    mark_lifting_email,
    objection_of,
    record_event,
    request_notices,
    restriction_of,
    resume,
    sealed_reason,
    stop,
)
from resolvers.emails.emails import EmailTemplate, reader_of, write
from resolvers.emails.restriction import RightsEmail
from resolvers.events.announcements import Fact, announce
from resolvers.events.requests import settle_request, withdraw_requests
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.sql.ids import new_id
from store.tables.restrictions import objections, restrictions

THE_CUSTOMER, THE_GATEWAY = ActingParty("CUSTOMER"), ActingParty("GATEWAY")
PAGE = 100
"""Maximum restrictions lifted in one round."""
SOURCE = "graphql/objectTo"

GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")
NO_RESTRICTION = UserProblem("NOT_RESTRICTED", "Processing is not restricted: there is nothing to lift.")
NO_OBJECTION = UserProblem("NOT_FOUND", "There is no objection to this purpose.", ("purpose",))


async def request_restriction(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Restrict processing at once (GDPR Art. 18(1)); a repeated request voids an announced lifting."""
    ground = Ground[str(getattr(given["ground"], "value", given["ground"]))]
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        await restrict(connection, context.dependencies.site, key, ground, THE_CUSTOMER, context.now)
    return Result(affected={"customer": context.subject})


async def lift_restriction(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """End the customer's own restriction at once. Art. 18(3) requires prior information only if the controller lifts
    it."""
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        if await restriction_of(connection, key.customer_id) is None:
            return Result(problems=(NO_RESTRICTION,))
        await _lift(connection, context.dependencies.site, key, THE_CUSTOMER, context.now)
        await withdraw_requests(connection, key.customer_id, RequestKind.RESTRICTION, context.now)
    return Result(affected={"customer": context.subject})


async def object_to_purpose(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Object to a purpose: marketing ends at once; processing for legitimate interests is suspended until the
    decision."""
    purpose = Purpose[str(getattr(given["purpose"], "value", given["purpose"]))]
    if objection_to(purpose) is ObjectionOutcome.NONE:
        return Result(problems=(UserProblem("NOT_OBJECTABLE", instead(purpose), ("purpose",)),))
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        await object_(connection, context, key, purpose, THE_CUSTOMER)
    return Result(affected={"customer": context.subject})


async def withdraw_objection(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Withdraw an objection. Product news stay off: they need a consent of their own (`setProductNews`)."""
    purpose = Purpose[str(getattr(given["purpose"], "value", given["purpose"]))]
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        if not await end_objection(connection, key, purpose, THE_CUSTOMER, context.now):
            return Result(problems=(NO_OBJECTION,))
        await withdraw_requests(connection, key.customer_id, RequestKind.OBJECTION, context.now, purpose=purpose)
        await announce(connection, key, Event.OBJECTION_ENDED.wire, context.now, facts={"purpose": purpose.name})
    return Result(affected={"customer": context.subject})


async def restrict(
    connection: AsyncConnection, site: Site, key: SubjectKey, ground: Ground, by: ActingParty, now: datetime
) -> bool:
    """Restrict processing, in the caller's transaction, which has the customer's row locked; True if it is new.

    There is one restriction with the latest ground; each requested ground is an event (`grounds_of`). A request with a
    reference is recorded each time.
    """
    current = await restriction_of(connection, key.customer_id)
    if current is not None and current.lift_announced_at is None and current.ground == ground.name:
        # The reference belongs to a letter or call, which has to be on record.
        if by.reference is not None:
            await record_event(connection, key, RightsEvent.RESTRICTED, by, now, ground=ground)
        return False
    # A repeated request voids an announced lifting.
    fresh = {"lift_announced_at": None, "because": None, "told_at": None, "letter_id": None}
    asked = {"ground": ground.name, "asked_by": by.actor, "reference": by.reference} | fresh
    if current is None:
        row = {"id": new_id(), "customer_id": key.customer_id, "since": now} | asked
        await connection.execute(insert(restrictions).values(row))
    else:
        await connection.execute(update(restrictions).where(restrictions.c.id == current.id).values(asked))
    await stop(connection, key.customer_id, RESTRICTION, now)
    await record_event(connection, key, RightsEvent.RESTRICTED, by, now, ground=ground)
    await _note(connection, site, key, RequestKind.RESTRICTION, by, now)
    if current is None:
        facts: dict[str, Fact] = {"ground": ground.name}
        await announce(connection, key, Event.RESTRICTED.wire, now, facts=facts)
        await request_notices(connection, key.customer_id, Notice.RESTRICTION, now)
        await write(connection, key, site, RightsEmail.RESTRICTED, now)
    return current is None


async def announce_lift(
    connection: AsyncConnection, site: Site, key: SubjectKey, because: str, by: ActingParty, now: datetime
) -> bool:
    """Inform the customer that and why the restriction will be lifted; False if there is none.

    `lift_what_was_told` lifts it, three days after the e-mail was delivered or bounced for good (GDPR Art. 18(3)).
    """
    current = await restriction_of(connection, key.customer_id)
    if current is None:
        return False
    email = await write(connection, key, site, RightsEmail.LIFTING, now, because=because)
    # The three days begin with the delivery, which the outbox reports.
    await mark_lifting_email(connection, email)
    reason = sealed_reason(key, restrictions.c.because, current.id, because)
    values = {"lift_announced_at": now, "because": reason, "told_at": None, "letter_id": email}
    await connection.execute(update(restrictions).where(restrictions.c.id == current.id).values(values))
    await record_event(connection, key, RightsEvent.LIFT_ANNOUNCED, by, now, because=because)
    return True


async def object_(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, purpose: Purpose, by: ActingParty
) -> bool:
    """Record an objection, in the caller's transaction; True if it is new.

    A request with a reference is recorded each time. ValueError for a purpose that cannot be objected to.
    """
    kind, now = objection_to(purpose), context.now
    if kind is ObjectionOutcome.NONE:
        raise ValueError(f"there is no objection to {purpose.name}")
    known = await objection_of(connection, key.customer_id, purpose)
    if known is not None and known.state != ObjectionState.OVERRIDDEN.name:
        if by.reference is not None:
            await record_event(connection, key, RightsEvent.OBJECTED, by, now, purpose=purpose)
        return False
    at_once = kind is ObjectionOutcome.AT_ONCE
    state = ObjectionState.UPHELD if at_once else ObjectionState.PENDING
    due = answer_by(now, context.dependencies.site.zone)
    values = {"state": state.name, "asked_at": now, "answer_by": due, "decided_at": now if at_once else None}
    values |= {"because": None, "told_at": None, "letter_id": None}
    if known is None:
        row = {"id": new_id(), "customer_id": key.customer_id, "purpose": purpose.name} | values
        await connection.execute(insert(objections).values(row))
    else:
        await connection.execute(update(objections).where(objections.c.id == known.id).values(values))
    # An exempt purpose goes on until the decision (GDPR Art. 21(1), second sentence).
    if purpose.exempt is None:
        await stop(connection, key.customer_id, purpose.name, now)
    await record_event(connection, key, RightsEvent.OBJECTED, by, now, purpose=purpose)
    await _note(connection, context.dependencies.site, key, RequestKind.OBJECTION, by, now, purpose)
    await announce(connection, key, Event.OBJECTED.wire, now, facts={"purpose": purpose.name})
    if at_once:
        await record_event(connection, key, RightsEvent.UPHELD, THE_GATEWAY, now, purpose=purpose)
    # An objection to marketing is final at once (GDPR Art. 21(3)).
    if purpose is Purpose.PRODUCT_NEWS:
        await switch_news(connection, context, key, wanted=False, source=SOURCE)
    waits = RightsEmail.OBJECTED if purpose.exempt is None else RightsEmail.OBJECTED_GOES_ON
    email = RightsEmail.UPHELD if at_once else waits
    await _report(connection, context.dependencies.site, key, email, purpose, now, **({} if at_once else {"due": due}))
    return True


async def decide(
    connection: AsyncConnection, site: Site, key: SubjectKey, purpose: Purpose, upheld: bool, because: str, by:
    ActingParty, now: datetime,
) -> bool:  # fmt: skip
    """Decide a pending objection; False if there is none.

    After an overruled one the purpose stays suspended until the customer was informed of the grounds (GDPR Art. 18(3),
    12(4)).
    """
    known = await objection_of(connection, key.customer_id, purpose)
    if known is None or known.state != ObjectionState.PENDING.name:
        return False
    event, words = (
        (RightsEvent.UPHELD, RightsEmail.UPHELD) if upheld else (RightsEvent.OVERRIDDEN, RightsEmail.OVERRIDDEN)
    )
    email = await _report(connection, site, key, words, purpose, now, because=because)
    values: dict[str, Any] = {"state": event.name, "decided_at": now}
    values["because"] = sealed_reason(key, objections.c.because, known.id, because)
    if not upheld:
        await mark_lifting_email(connection, email)
        values["letter_id"] = email
    await connection.execute(update(objections).where(objections.c.id == known.id).values(values))
    await record_event(connection, key, event, by, now, purpose=purpose, because=because)
    return True


async def lift_announced(store: Store, site: Site, now: datetime) -> int:
    """Lift restrictions and resume overruled purposes of customers informed three days ago; returns their number.

    Several workers may run concurrently: each locks a customer's row and checks again.
    """
    before = now - NOTICE_PERIOD
    due = (
        select(restrictions.c.customer_id)
        .where(restrictions.c.told_at.is_not(None), restrictions.c.told_at <= before)
        .order_by(restrictions.c.told_at)
        .limit(PAGE)
    )
    over = select(objections.c.customer_id, objections.c.purpose).where(
        objections.c.told_at.is_not(None), objections.c.told_at <= before
    )
    async with store.write() as connection:
        lifted = [(owner, None) for (owner,) in await connection.execute(due)]
        resumed = [(owner, purpose) for owner, purpose in await connection.execute(over.limit(PAGE))]
    done = 0
    for owner, purpose in (*lifted, *resumed):
        (key,) = await store.keys.subjects([owner])
        if key is None:
            continue
        async with store.write() as connection:
            # Erased meanwhile.
            if not await locked(connection, owner):
                continue
            if purpose is None:
                done += await _lift_if_announced(connection, site, key, before, now)
            else:
                done += await _resume_if_announced(connection, key, Purpose[purpose], before, now)
    return done


async def _lift_if_announced(
    connection: AsyncConnection, site: Site, key: SubjectKey, before: datetime, now: datetime
) -> bool:
    current = await restriction_of(connection, key.customer_id)
    if current is None or current.told_at is None or current.told_at > before:
        return False
    await _lift(connection, site, key, THE_GATEWAY, now)
    return True


async def _resume_if_announced(
    connection: AsyncConnection, key: SubjectKey, purpose: Purpose, before: datetime, now: datetime
) -> bool:
    known = await objection_of(connection, key.customer_id, purpose)
    if known is None or known.told_at is None or known.told_at > before:
        return False
    await resume(connection, key.customer_id, purpose.name)
    await connection.execute(update(objections).where(objections.c.id == known.id).values(told_at=None, letter_id=None))
    await announce(connection, key, Event.OBJECTION_ENDED.wire, now, facts={"purpose": purpose.name})
    return True


async def _note(
    connection: AsyncConnection,
    site: Site,
    key: SubjectKey,
    kind: RequestKind,
    by: ActingParty,
    now: datetime,
    purpose: Purpose | None = None,
) -> None:
    """Settle the request in the register, or record a new one."""
    await settle_request(
        connection,
        key.customer_id,
        kind,
        RequestState.ACCEPTED,
        now,
        site.zone,
        request=by.request,
        by_staff=by.actor == "STAFF",
        staff=by.staff,
        reference=by.reference,
        purpose=purpose,
    )


async def _lift(connection: AsyncConnection, site: Site, key: SubjectKey, by: ActingParty, now: datetime) -> None:
    await end_restriction(connection, key, by, now)
    await announce(connection, key, Event.RESTRICTION_LIFTED.wire, now)
    await write(connection, key, site, RightsEmail.LIFTED, now)


async def _report(
    connection: AsyncConnection, site: Site, key: SubjectKey, email: EmailTemplate, purpose: Purpose, now: datetime,
    **facts: str | datetime,
) -> int | None:  # fmt: skip
    """Send an e-mail about a purpose, which is named in the customer's language."""
    reader = await reader_of(connection, key)
    language = "en" if reader is None else reader.language
    return await write(connection, key, site, email, now, None, purpose=translate(purpose.text, language), **facts)
