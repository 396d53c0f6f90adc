"""A change with an Idempotency-Key is made once, at whichever replica and however often it is sent (F1, F4, F10)."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from resolvers.commands.idempotency import UNDER_WAY, _kind
from schema.api.api import Api
from schema.api.mutation import Mutation
from schema.core.declared import DECLARED
from schema.sources.values import Attribute
from store.database.config import StoreConfig
from store.operations.command_keys import command_keys
from store.tables.changes import customer_changes
from store.tables.payments import payment_methods
from tests.promises.gate import Answer, Gate, own
from tests.stores import opened

pytestmark = pytest.mark.anyio

BANK = """mutation ($b: String!) { addBankTransfer(input: {bankName: $b}) {
  paymentMethod { id ... on BankTransfer { bankName } } userErrors { code } } }"""


async def add(gate: Gate, key: str | None, bank: str = "Example Bank", place: int = 0) -> Any:
    answer = await sent(gate, key, bank, place)
    return answer.data["addBankTransfer"]


async def sent(gate: Gate, key: str | None, bank: str, place: int = 0) -> Answer:
    who = own(gate.ids[place], authenticated_at=int(gate.clock.now.timestamp()))
    return await gate.ask(BANK, who, variables={"b": bank}, idempotency_key=key)


async def count(gate: Gate, table: Any, place: int = 0) -> int:
    async with gate.store.write() as connection:
        mine = select(func.count()).select_from(table).where(table.c.customer_id == gate.ids[place])
        return await connection.scalar(mine) or 0


async def test_the_same_request_shows_the_same_row(changing: Gate) -> None:
    before = await count(changing, payment_methods)
    first, again = await add(changing, "k-1"), await add(changing, "k-1")
    assert first == again and first["paymentMethod"]["bankName"] == "Example Bank"
    assert await count(changing, payment_methods) == before + 1
    other = await add(changing, "k-2")
    assert other["paymentMethod"]["id"] != first["paymentMethod"]["id"]
    await add(changing, None)
    assert await count(changing, payment_methods) == before + 3


async def test_another_request_needs_another_key(changing: Gate) -> None:
    await add(changing, "k-1")
    refused = await add(changing, "k-1", bank="Another Bank")
    assert refused["userErrors"] == [{"code": "IDEMPOTENCY_KEY_REUSED"}] and refused["paymentMethod"] is None


async def test_keys_are_the_callers_own(changing: Gate) -> None:
    await add(changing, "k-1")
    assert (await add(changing, "k-1", place=1))["userErrors"] == []
    assert await count(changing, customer_changes, 1) == 1


async def test_what_can_be_mended_lets_go_of_the_key(changing: Gate) -> None:
    assert (await add(changing, "k-1", bank=""))["userErrors"][0]["code"] == "REQUIRED"
    assert (await add(changing, "k-1"))["userErrors"] == []


async def test_of_many_at_once_one_is_carried_out(changing: Gate, store_config: StoreConfig) -> None:
    """By two replicas on one store."""
    before = await count(changing, payment_methods)
    async with opened(store_config) as second:
        other = Gate(second, changing.people, changing.ids, changing.clock)
        assert isinstance(other.api, Api)
        answers = await asyncio.gather(*(add(gate, "k-1") for gate in (changing, other) for _ in range(4)))
    assert await count(changing, payment_methods) == before + 1
    codes = [error["code"] for each in answers for error in each["userErrors"]]
    assert codes == [] and len({str(each) for each in answers}) == 1, "whoever waits gets the first answer"
    assert (await add(changing, "k-1"))["userErrors"] == []


async def dies(*_: Any) -> None:
    raise ConnectionResetError


async def claims(gate: Gate) -> int:
    async with gate.store.write() as connection:
        return await connection.scalar(select(func.count()).select_from(command_keys)) or 0


async def test_f10_a_crash_anywhere_leaves_all_or_nothing(changing: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Claim, change and answer are one transaction: what fails anywhere before its commit leaves none of them."""
    before = await count(changing, payment_methods)
    from resolvers.commands import idempotency as once
    from resolvers.payments import payments

    for place, name in ((payments, "changed"), (once, "_settle")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, dies)
            assert (await sent(changing, "k-1", "Example Bank")).errors[0]["code"] == "INTERNAL"
        assert (await count(changing, payment_methods), await claims(changing)) == (before, 0)
    first = await add(changing, "k-1")
    assert first["userErrors"] == [] and await add(changing, "k-1") == first
    assert await count(changing, payment_methods) == before + 1


async def test_f10_what_changed_nothing_leaves_the_key_free_though_nobody_tidies(
    changing: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who asks again gets the same answer, and never that it was carried out before."""
    nothing = 'mutation { removePaymentMethod(input: {paymentMethodId: "nobody"}) { userErrors { code } } }'
    for _ in range(2):
        answer = await changing.ask(nothing, own(changing.ids[0]), idempotency_key="k-1")
        assert answer.data["removePaymentMethod"]["userErrors"] == [{"code": "NOT_FOUND"}]
    assert await claims(changing) == 0


async def test_f10_a_claim_whose_carrying_out_died_is_free_again(changing: Gate) -> None:
    await add(changing, "k-1")
    async with changing.store.write() as connection:
        await connection.execute(update(command_keys).values(outcome=None))
    assert (await add(changing, "k-1"))["userErrors"] == [{"code": "IN_PROGRESS"}]
    changing.clock.now += UNDER_WAY + timedelta(seconds=1)
    before = await count(changing, payment_methods)
    assert (await add(changing, "k-1"))["userErrors"] == []
    assert await count(changing, payment_methods) == before + 1


async def test_f10_what_is_shown_beside_rows_is_shown_again_and_a_secret_is_not(changing: Gate) -> None:
    who = own(changing.ids[0], authenticated_at=int(changing.clock.now.timestamp()))
    wait = "mutation { requestErasure(input: {whenServicesEnd: true}) { receipt userErrors { code } } }"
    first = (await changing.ask(wait, who, idempotency_key="k-1")).data
    assert first["requestErasure"]["receipt"] and (await changing.ask(wait, who, idempotency_key="k-1")).data == first
    async with changing.store.write() as connection:
        (outcome,) = (await connection.execute(select(command_keys.c.outcome))).scalars()
    assert first["requestErasure"]["receipt"] not in outcome


async def test_a_key_rests_as_a_fingerprint(changing: Gate) -> None:
    await add(changing, "alice@example.org")
    async with changing.store.write() as connection:
        (row,) = (await connection.execute(select(command_keys))).all()
    assert len(row.mark) == len(row.request) == 16 and b"alice" not in row.mark and "Example" not in row.outcome


def test_f10_every_command_says_what_its_answer_holds() -> None:
    """So that a problem, or the first answer, can be shown in the place of any of them."""
    for each in Mutation.__strawberry_definition__.fields:  # type: ignore[attr-defined]
        kind = _kind(each.metadata[DECLARED].source.run)
        kept = {field.name for field in fields(kind)}
        for part in each.type.of_type.__strawberry_definition__.fields:  # Payloads are nullable.
            source = part.metadata[DECLARED].source
            assert not isinstance(source, Attribute) or source.name in kept, f"{each.python_name}.{part.python_name}"
