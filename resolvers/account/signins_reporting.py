"""Records accesses that other platforms report; they are located and evaluated like the gateway's own (R17)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select

from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.commands.places import parsed_address
from resolvers.signins.devices import described
from resolvers.signins.signins import History, Visitor, record
from store.crypto.subject_key import SubjectKey
from store.lookups.customer_numbers import key_with_number
from store.tables.customers import customers

LATEST = timedelta(days=2)
"""The maximum delay of a report."""
AHEAD = timedelta(minutes=1)
"""The maximum time that the platform's clock may be ahead."""

WHO = UserProblem(
    "CUSTOMER_REQUIRED", "Name the customer by `customerId` or by `customerNumber`, not by both.", ("customerId",)
)
NOBODY = UserProblem("NOT_FOUND", "There is no such customer.", ("customerId",))
NO_ADDRESS = UserProblem("INVALID_IP_ADDRESS", "Give an IPv4 or IPv6 address.", ("ipAddress",))
WRONG_TIME = UserProblem("INVALID_TIME", "Report an access within two days, and none of the future.", ("at",))


async def record_sign_in(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Record an access to another platform; the customer is notified if it is unusual."""
    at = given.get("at") or context.now
    address = parsed_address(given.get("ipAddress"))
    problems = _problems(context, given, at, address is None)
    if problems:
        return Result(problems=problems)
    key = await _key(context, given)
    if key is None:
        return Result(problems=(NOBODY,))
    visitor = Visitor(str(address), described(given.get("device")))
    history, platform = History(context.store, context.dependencies), _word(given["platform"])
    if _word(given["outcome"]) == "SUCCEEDED":
        # Other platforms have no device cookie of ours.
        access = await history.evaluate(key, platform, visitor, at, known=None)
    else:
        access = history.failed(platform, visitor, at)
    async with context.store.write() as connection:
        id_ = await record(connection, key, context.dependencies, access)
    return Result(affected={"signIn": id_})


def _problems(
    context: CommandContext, given: Mapping[str, Any], at: datetime, no_address: bool
) -> tuple[UserProblem, ...]:
    found = []
    # Both could name two customers.
    if (given.get("customerId") is None) == (given.get("customerNumber") is None):
        found.append(WHO)
    if no_address:
        found.append(NO_ADDRESS)
    if not context.now - LATEST <= at <= context.now + AHEAD:
        found.append(WRONG_TIME)
    return tuple(found)


def _word(choice: Any) -> str:
    """The stored name of an enum member; GraphQL passes the member."""
    return str(getattr(choice, "value", choice))


async def _key(context: CommandContext, given: Mapping[str, Any]) -> SubjectKey | None:
    customer_id: int | None = given.get("customerId")
    if customer_id is None:
        return await key_with_number(context.store, given["customerNumber"])
    found = select(customers.c.id).where(customers.c.id == bindparam("id"))
    rows = await context.store.reader.fetch(context.store.reader.prepare(found), {"id": customer_id})
    if not rows:
        return None
    (key,) = await context.store.keys.subjects([rows[0][0]])
    return key
