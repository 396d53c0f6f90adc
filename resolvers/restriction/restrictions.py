"""Restricting processing and objecting to it, by the customer or by the staff: one workflow (GDPR Art. 18, 21).

```
            restrict                    announce              letter arrived, 3 days
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
from policy.restricting import (
    RESTRICTION,
    TOLD_AHEAD,
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
    ask_to_tell,
    end_objection,
    end_restriction,
    locked,
    mark_letter,
    objection_of,
    record_event,
    restriction_of,
    resume,
    sealed_reason,
    stop,
)
from resolvers.events.announcements import Fact, announce
from resolvers.letters.letters import Letter, reader_of, write
from resolvers.letters.restriction import RightsLetter
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.sql.ids import new_id
from store.tables.restrictions import objections, restrictions

B, R = objections.c, restrictions.c
THE_CUSTOMER, THE_GATEWAY = ActingParty("CUSTOMER"), ActingParty("GATEWAY")
PAGE = 100
"""Restrictions that are lifted in one look."""
SOURCE = "graphql/objectTo"

GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")
NO_RESTRICTION = UserProblem("NOT_RESTRICTED", "Processing is not restricted: there is nothing to lift.")
NO_OBJECTION = UserProblem("NOT_FOUND", "There is no objection to this purpose.", ("purpose",))


async def request_restriction(desk: CommandContext, given: Mapping[str, Any]) -> Result:
    """Have processing restricted, at once (Art. 18(1)); asked again, it stands, whatever was announced meanwhile."""
    ground = Ground[str(getattr(given["ground"], "value", given["ground"]))]
    (key,) = await desk.store.keys.subjects([desk.subject])
    async with desk.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        await restrict(connection, desk.means.site, key, ground, THE_CUSTOMER, desk.now)
    return Result(affected={"customer": desk.subject})


async def lift_restriction(desk: CommandContext, given: Mapping[str, Any]) -> Result:
    """The customer ends a restriction of their own, at once: who did it needs not be told before (Art. 18(3))."""
    (key,) = await desk.store.keys.subjects([desk.subject])
    async with desk.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        if await restriction_of(connection, key.customer_id) is None:
            return Result(problems=(NO_RESTRICTION,))
        await _lift(connection, desk.means.site, key, THE_CUSTOMER, desk.now)
    return Result(affected={"customer": desk.subject})


async def object_to_purpose(desk: CommandContext, given: Mapping[str, Any]) -> Result:
    """Object to a purpose: marketing ends at once, what rests on legitimate interests stands still until decided."""
    purpose = Purpose[str(getattr(given["purpose"], "value", given["purpose"]))]
    if objection_to(purpose) is ObjectionOutcome.NONE:
        return Result(problems=(UserProblem("NOT_OBJECTABLE", instead(purpose), ("purpose",)),))
    (key,) = await desk.store.keys.subjects([desk.subject])
    async with desk.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        await object_(connection, desk, key, purpose, THE_CUSTOMER)
    return Result(affected={"customer": desk.subject})


async def withdraw_objection(desk: CommandContext, given: Mapping[str, Any]) -> Result:
    """Take an objection back. News stay off: to have them again is a consent of its own (`setProductNews`)."""
    purpose = Purpose[str(getattr(given["purpose"], "value", given["purpose"]))]
    (key,) = await desk.store.keys.subjects([desk.subject])
    async with desk.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        if not await end_objection(connection, key, purpose, THE_CUSTOMER, desk.now):
            return Result(problems=(NO_OBJECTION,))
        await announce(connection, key, Event.OBJECTION_ENDED.wire, desk.now, facts={"purpose": purpose.name})
    return Result(affected={"customer": desk.subject})


async def restrict(
    connection: AsyncConnection, site: Site, key: SubjectKey, ground: Ground, by: ActingParty, now: datetime
) -> bool:
    """The same for whoever asks, in the caller's transaction, which has the customer locked; whether it is new.

    There is one restriction, whatever its grounds, and it has the latest; each ground that was asked for is an event
    (`grounds_of`). One that came with a reference is on record each time.
    """
    standing = await restriction_of(connection, key.customer_id)
    if standing is not None and standing.lift_announced_at is None and standing.ground == ground.name:
        if by.reference is not None:
            await record_event(connection, key, RightsEvent.RESTRICTED, by, now, ground=ground)
        return False
    fresh = {"lift_announced_at": None, "because": None, "told_at": None, "letter_id": None}
    asked = {"ground": ground.name, "asked_by": by.actor, "reference": by.reference} | fresh
    if standing is None:
        row = {"id": new_id(), "customer_id": key.customer_id, "since": now} | asked
        await connection.execute(insert(restrictions).values(row))
    else:
        await connection.execute(update(restrictions).where(R.id == standing.id).values(asked))
    await stop(connection, key.customer_id, RESTRICTION, now)
    await record_event(connection, key, RightsEvent.RESTRICTED, by, now, ground=ground)
    if standing is None:
        facts: dict[str, Fact] = {"ground": ground.name}
        await announce(connection, key, Event.RESTRICTED.wire, now, facts=facts)
        await ask_to_tell(connection, key.customer_id, Notice.RESTRICTION, now)
        await write(connection, key, site, RightsLetter.RESTRICTED, now)
    return standing is None


async def announce_lift(
    connection: AsyncConnection, site: Site, key: SubjectKey, because: str, by: ActingParty, now: datetime
) -> bool:
    """Write to the customer that the restriction will be lifted, and why; False where none stands.

    It is lifted by `lift_what_was_told`, three days after the letter arrived, or came back for good (Art. 18(3)).
    """
    standing = await restriction_of(connection, key.customer_id)
    if standing is None:
        return False
    letter = await write(connection, key, site, RightsLetter.LIFTING, now, because=because)
    await mark_letter(connection, letter)
    reason = sealed_reason(key, R.because, standing.id, because)
    values = {"lift_announced_at": now, "because": reason, "told_at": None, "letter_id": letter}
    await connection.execute(update(restrictions).where(R.id == standing.id).values(values))
    await record_event(connection, key, RightsEvent.LIFT_ANNOUNCED, by, now, because=because)
    return True


async def object_(
    connection: AsyncConnection, desk: CommandContext, key: SubjectKey, purpose: Purpose, by: ActingParty
) -> bool:
    """The same for whoever asks, in the caller's transaction; whether it is new.

    One that came with a reference is on record each time. ValueError for what cannot be objected to.
    """
    kind, now = objection_to(purpose), desk.now
    if kind is ObjectionOutcome.NONE:
        raise ValueError(f"there is no objection to {purpose.name}")
    known = await objection_of(connection, key.customer_id, purpose)
    if known is not None and known.state != ObjectionState.OVERRIDDEN.name:
        if by.reference is not None:
            await record_event(connection, key, RightsEvent.OBJECTED, by, now, purpose=purpose)
        return False
    at_once = kind is ObjectionOutcome.AT_ONCE
    state = ObjectionState.UPHELD if at_once else ObjectionState.PENDING
    due = answer_by(now, desk.means.site.zone)
    values = {"state": state.name, "asked_at": now, "answer_by": due, "decided_at": now if at_once else None}
    values |= {"because": None, "told_at": None, "letter_id": None}
    if known is None:
        row = {"id": new_id(), "customer_id": key.customer_id, "purpose": purpose.name} | values
        await connection.execute(insert(objections).values(row))
    else:
        await connection.execute(update(objections).where(B.id == known.id).values(values))
    if purpose.exempt is None:
        await stop(connection, key.customer_id, purpose.name, now)
    await record_event(connection, key, RightsEvent.OBJECTED, by, now, purpose=purpose)
    await announce(connection, key, Event.OBJECTED.wire, now, facts={"purpose": purpose.name})
    if at_once:
        await record_event(connection, key, RightsEvent.UPHELD, THE_GATEWAY, now, purpose=purpose)
    if purpose is Purpose.PRODUCT_NEWS:
        await switch_news(connection, desk, key, wanted=False, source=SOURCE)
    waits = RightsLetter.OBJECTED if purpose.exempt is None else RightsLetter.OBJECTED_GOES_ON
    letter = RightsLetter.UPHELD if at_once else waits
    await _tell(connection, desk.means.site, key, letter, purpose, now, **({} if at_once else {"due": due}))
    return True


async def decide(
    connection: AsyncConnection, site: Site, key: SubjectKey, purpose: Purpose, upheld: bool, because: str, by:
    ActingParty, now: datetime,
) -> bool:  # fmt: skip
    """Decide an objection that waits; False where none does.

    One that is overridden keeps the purpose still until the customer was told the grounds (Art. 18(3), 12(4)).
    """
    known = await objection_of(connection, key.customer_id, purpose)
    if known is None or known.state != ObjectionState.PENDING.name:
        return False
    event, words = (
        (RightsEvent.UPHELD, RightsLetter.UPHELD) if upheld else (RightsEvent.OVERRIDDEN, RightsLetter.OVERRIDDEN)
    )
    letter = await _tell(connection, site, key, words, purpose, now, because=because)
    values: dict[str, Any] = {"state": event.name, "decided_at": now}
    values["because"] = sealed_reason(key, B.because, known.id, because)
    if not upheld:
        await mark_letter(connection, letter)
        values["letter_id"] = letter
    await connection.execute(update(objections).where(B.id == known.id).values(values))
    await record_event(connection, key, event, by, now, purpose=purpose, because=because)
    return True


async def lift_what_was_told(store: Store, site: Site, now: datetime) -> int:
    """Lift restrictions, and let overridden purposes go on, of those who were told three days ago; how many.

    Any number of workers may look at once: each takes a customer's rows under a lock, and looks again.
    """
    before = now - TOLD_AHEAD
    due = select(R.customer_id).where(R.told_at.is_not(None), R.told_at <= before).order_by(R.told_at).limit(PAGE)
    over = select(B.customer_id, B.purpose).where(B.told_at.is_not(None), B.told_at <= before)
    async with store.write() as connection:
        lifted = [(owner, None) for (owner,) in await connection.execute(due)]
        resumed = [(owner, purpose) for owner, purpose in await connection.execute(over.limit(PAGE))]
    done = 0
    for owner, purpose in (*lifted, *resumed):
        (key,) = await store.keys.subjects([owner])
        if key is None:
            continue
        async with store.write() as connection:
            if not await locked(connection, owner):
                continue
            if purpose is None:
                done += await _lift_if_told(connection, site, key, before, now)
            else:
                done += await _resume_if_told(connection, key, Purpose[purpose], before, now)
    return done


async def _lift_if_told(
    connection: AsyncConnection, site: Site, key: SubjectKey, before: datetime, now: datetime
) -> bool:
    standing = await restriction_of(connection, key.customer_id)
    if standing is None or standing.told_at is None or standing.told_at > before:
        return False
    await _lift(connection, site, key, THE_GATEWAY, now)
    return True


async def _resume_if_told(
    connection: AsyncConnection, key: SubjectKey, purpose: Purpose, before: datetime, now: datetime
) -> bool:
    known = await objection_of(connection, key.customer_id, purpose)
    if known is None or known.told_at is None or known.told_at > before:
        return False
    await resume(connection, key.customer_id, purpose.name)
    await connection.execute(update(objections).where(B.id == known.id).values(told_at=None, letter_id=None))
    await announce(connection, key, Event.OBJECTION_ENDED.wire, now, facts={"purpose": purpose.name})
    return True


async def _lift(connection: AsyncConnection, site: Site, key: SubjectKey, by: ActingParty, now: datetime) -> None:
    await end_restriction(connection, key, by, now)
    await announce(connection, key, Event.RESTRICTION_LIFTED.wire, now)
    await write(connection, key, site, RightsLetter.LIFTED, now)


async def _tell(
    connection: AsyncConnection, site: Site, key: SubjectKey, letter: Letter, purpose: Purpose, now: datetime,
    **facts: str | datetime,
) -> int | None:  # fmt: skip
    """Write about a purpose, in the customer's words for it."""
    reader = await reader_of(connection, key)
    language = "en" if reader is None else reader.language
    return await write(connection, key, site, letter, now, None, purpose=translate(purpose.text, language), **facts)
