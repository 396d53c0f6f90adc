"""The commands that add, choose and remove payment methods (R19, R30)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.events.announcements import Fact, Ref, announce
from resolvers.events.changes import record
from resolvers.inputs.texts import InputReader
from store.crypto.subject_key import SubjectKey
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.payments import card_vault, payment_methods

GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")
NO_METHOD = UserProblem("NOT_FOUND", "There is no such payment method.", ("paymentMethodId",))
TOO_MANY = UserProblem("TOO_MANY_PAYMENT_METHODS", "Remove a payment method first: twenty are enough for anyone.")
MOST = 20
TYPES = {"CARD": "Card", "PAYPAL": "PayPal", "BANK_TRANSFER": "BankTransfer"}
"""The GraphQL type of each kind."""


async def add_paypal(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Add a PayPal account, by its e-mail address."""
    texts = InputReader(given)
    account = texts.email("account")
    if account is None:
        if not texts.problems:
            texts.problem("account", "INVALID_EMAIL", "Write the e-mail address of the account.")
        return Result(problems=tuple(texts.problems))
    return await _add(context, given, "PAYPAL", {"paypal_account": account})


async def add_bank_transfer(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Add bank transfer. The customer sends the money, so no account number is needed or stored."""
    texts = InputReader(given)
    bank = texts.name("bankName")
    if texts.problems:
        return Result(problems=tuple(texts.problems))
    return await _add(context, given, "BANK_TRANSFER", {"bank_name": bank})


async def _add(context: CommandContext, given: Mapping[str, Any], kind: str, values: Mapping[str, Any]) -> Result:
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        if await count(connection, key.customer_id) >= MOST:
            return Result(problems=(TOO_MANY,))
        id_ = await insert_method(connection, context, key, kind, values)
        if given.get("makeDefault"):
            await make_default(connection, key.customer_id, id_)
        await changed(connection, context, key, id_, kind)
    return Result(affected={"paymentMethod": id_, "customer": context.subject})


async def set_default(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Make a payment method the default (R19)."""
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        kind = await kind_of(connection, key.customer_id, given["paymentMethodId"])
        if kind is None:
            return Result(problems=(NO_METHOD,))
        await make_default(connection, key.customer_id, given["paymentMethodId"])
        await changed(connection, context, key, given["paymentMethodId"], kind)
    return Result(affected={"paymentMethod": given["paymentMethodId"], "customer": context.subject})


async def remove(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Remove a payment method with its card number; another one becomes the default."""
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        kind = await kind_of(connection, key.customer_id, given["paymentMethodId"])
        if kind is None:
            return Result(problems=(NO_METHOD,))
        await connection.execute(delete(card_vault).where(card_vault.c.payment_method_id == given["paymentMethodId"]))
        await connection.execute(delete(payment_methods).where(payment_methods.c.id == given["paymentMethodId"]))
        await fall_back(connection, key.customer_id)
        await changed(connection, context, key, given["paymentMethodId"], kind)
    await context.store.scrub(card_vault)
    return Result(affected={"customer": context.subject})


async def locked(connection: AsyncConnection, customer_id: int) -> bool:
    """Lock the customer's row until the transaction ends; False if there is none."""
    found = select(customers.c.id).where(customers.c.id == customer_id).with_for_update()
    return await connection.scalar(found) is not None


async def count(connection: AsyncConnection, customer_id: int) -> int:
    """The number of the customer's payment methods."""
    return await connection.scalar(select(func.count()).where(payment_methods.c.customer_id == customer_id)) or 0


async def kind_of(connection: AsyncConnection, customer_id: int, id_: int) -> str | None:
    """The kind of the customer's own payment method; None for another customer's or a missing one (D6)."""
    found = select(payment_methods.c.kind).where(
        payment_methods.c.id == id_, payment_methods.c.customer_id == customer_id
    )
    return await connection.scalar(found)


async def insert_method(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, kind: str, values: Mapping[str, Any]
) -> int:
    """Insert a payment method with encrypted values; the first one is the default. Returns its id."""
    id_ = new_id()
    row = {
        "id": id_,
        "customer_id": key.customer_id,
        "kind": kind,
        # No race: callers hold the lock of the customer's row.
        "is_default": await count(connection, key.customer_id) == 0,
        "created_at": context.now,
    }
    sealed = {name: sealed_value(key, payment_methods.c[name], id_, value) for name, value in values.items()}
    await connection.execute(insert(payment_methods).values(row | sealed))
    return id_


def sealed_value(key: SubjectKey, column: Any, row_id: int, value: Any) -> Any:
    """The value to store in the column: encrypted if the column is sealed."""
    if value is None or "sealing" not in column.info:
        return value
    return key.seal(column, row_id, column.info["sealing"].encode(value))


async def make_default(connection: AsyncConnection, customer_id: int, id_: int) -> None:
    """Make this payment method the only default."""
    await connection.execute(
        update(payment_methods)
        .where(payment_methods.c.customer_id == customer_id)
        # One statement, so that there is never more than one default.
        .values(is_default=payment_methods.c.id == id_)
    )


async def fall_back(connection: AsyncConnection, customer_id: int) -> None:
    """Make the oldest usable payment method the default if there is none (R48)."""
    if await connection.scalar(
        select(payment_methods.c.id)
        .where(payment_methods.c.customer_id == customer_id, payment_methods.c.is_default.is_(True))
        .limit(1)
    ):
        return
    # A card without consent has no number to pay with.
    usable = (payment_methods.c.kind != "CARD") | payment_methods.c.card_consent_id.is_not(None)
    oldest = (
        select(payment_methods.c.id)
        .where(payment_methods.c.customer_id == customer_id, usable)
        .order_by(payment_methods.c.created_at, payment_methods.c.id)
        .limit(1)
    )
    found = await connection.scalar(oldest)
    if found is not None:
        await make_default(connection, customer_id, found)


async def changed(connection: AsyncConnection, context: CommandContext, key: SubjectKey, id_: int, kind: str) -> None:
    """Record the change and announce it; the payment method of this id may have been deleted."""
    await record(connection, context, key, ["Customer.paymentMethods"])
    facts: dict[str, Fact] = {"paymentMethod": Ref(TYPES[kind], id_)}
    await announce(connection, key, Event.PAYMENT_CHANGED.wire, context.now, facts=facts)
