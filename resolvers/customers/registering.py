"""The command by which a tool such as the shop registers a customer (R1, R56)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policy.events import Event
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.customers.new_customer import NewCredential, NewCustomer, PersonName, PostalAddress
from resolvers.customers.registration import add
from resolvers.events.announcements import announce
from resolvers.inputs.texts import InputReader
from store.lookups.reservations import LookupTakenError, reserving
from values.mailbox import MailboxError, read_mailbox

TAKEN = UserProblem(
    "EMAIL_TAKEN",
    "There is a customer with this address: look the customer up instead. Without a password, the customer chooses one "
    "through “Forgot your password?”.",
    ("email",),
)


async def register_customer(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Register a customer under a new key and a new id, even if the same person was registered before (R56).

    The input has no telephone number, which is for emergencies only: the customer adds it in the client area (R14). The
    credential has no password: the customer chooses one through "Forgot your password?".
    """
    texts = InputReader(given)
    given_name, family_name = texts.names("givenName", "familyName")
    address = texts.address("postalAddress")
    locale = texts.language("locale") or "en"
    try:
        email = read_mailbox(given["email"]).display
    except MailboxError as error:
        texts.problem("email", error.fault.code, str(error))
    if texts.problems:
        return Result(problems=tuple(texts.problems))
    new = NewCustomer(
        name=PersonName(given_name or "", family_name or ""),
        email=email,
        postal_address=PostalAddress(
            street=address["street"] or "",
            street2=address["street2"],
            postal_code=address["postalCode"],
            city=address["city"] or "",
            region=address["region"],
            country=address["country"] or "",
        ),
        created_at=context.now,
        locale=locale,
        product_news=bool(given.get("productNews")),
        credentials=(NewCredential("CLIENT_AREA", email, None, context.now, None),),
    )
    try:
        async with reserving(context.store) as reserved, context.store.write() as connection:
            (id_,) = await add(connection, context.store, reserved, [new], now=context.now)
            (key,) = await context.store.keys.subjects([id_])
            if key is None:
                # A defect, not a problem of the input.
                raise LookupError("a key that was made a moment ago is gone")
            await announce(connection, key, Event.REGISTERED.wire, context.now)
            await reserved.written(connection)
    # Only tools with `customers:write` learn this; strangers get no such answer (S1).
    except LookupTakenError:
        return Result(problems=(TAKEN,))
    return Result(affected={"customer": id_})
