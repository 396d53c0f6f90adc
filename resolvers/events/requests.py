"""Writes the register of requests: what customers ask for themselves stands there like what staff record for them."""

from __future__ import annotations

from datetime import datetime, tzinfo

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.purposes import Purpose
from policy.requests import RequestKind, RequestState, RequestWay, request_due
from store.sql.ids import new_id
from store.tables.requests import rights_requests

R = rights_requests.c


async def settle_request(
    connection: AsyncConnection,
    customer_id: int,
    kind: RequestKind,
    state: RequestState,
    now: datetime,
    zone: tzinfo,
    *,
    request: int | None = None,
    by_staff: bool = False,
    staff: str | None = None,
    reference: str | None = None,
    purpose: Purpose | None = None,
    result: int | None = None,
) -> None:
    """Settle the request of this number, in the caller's transaction; without a number record a new one as settled.

    Who asks in the client area is signed in, and is answered at once: the request is received, verified and settled at
    this moment. `staff` is the code of the operator, as far as there is one.
    """
    outcome = {"state": state.name, "answered_at": now, "result_id": result}
    if request is not None:
        await connection.execute(
            update(rights_requests).where(R.id == request, R.customer_id == customer_id).values(outcome)
        )
        return
    if result is not None:
        # A repetition that changed nothing leads to the same erasure or export, and is no further request.
        known = select(R.id).where(R.customer_id == customer_id, R.result_id == result, R.state == state.name).limit(1)
        if await connection.scalar(known) is not None:
            return
    row = {
        "id": new_id(),
        "customer_id": customer_id,
        "kind": kind.name,
        "way": (RequestWay.OTHER if by_staff else RequestWay.CLIENT_AREA).name,
        "reference": reference,
        "purpose": None if purpose is None else purpose.name,
        "asked_at": now,
        "answer_by": request_due(now, zone),
        "verified_at": now,
        "opened_by": staff,
        "answered_by": staff,
    }
    await connection.execute(insert(rights_requests).values(row | outcome))


async def withdraw_requests(
    connection: AsyncConnection,
    customer_id: int,
    kind: RequestKind,
    now: datetime,
    *,
    purpose: Purpose | None = None,
    result: int | None = None,
) -> None:
    """Record that the person took their requests of a kind back, in the caller's transaction.

    `purpose` and `result` narrow it to objections to one purpose, or to what became of one erasure.
    """
    mine = [R.customer_id == customer_id, R.kind == kind.name, R.state == RequestState.ACCEPTED.name]
    mine += [] if purpose is None else [R.purpose == purpose.name]
    mine += [] if result is None else [R.result_id == result]
    values = {"state": RequestState.WITHDRAWN.name, "answered_at": now}
    await connection.execute(update(rights_requests).where(*mine).values(values))
