"""A change with an Idempotency-Key is made once, at whichever replica and however often it is sent (F1, F4)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from schema.api import Api
from store.changes import customer_changes
from store.command_keys import command_keys
from store.config import StoreConfig
from store.payments import payment_methods
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
    assert set(codes) <= {"ALREADY_DONE"} and len(codes) < len(answers)
    assert (await add(changing, "k-1"))["userErrors"] == []


async def test_a_crash_in_the_middle_leaves_both_or_neither(changing: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither: what fails before the commit claims nothing. Both: what fails after it is not done again."""
    before = await count(changing, payment_methods)
    from resolvers import once, payments

    async def dies(*_: Any) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(payments, "changed", dies)
        assert (await sent(changing, "k-1", "Example Bank")).errors[0]["code"] == "INTERNAL"
    assert await count(changing, payment_methods) == before
    with monkeypatch.context() as patch:
        patch.setattr(once, "_settle", dies)
        assert (await sent(changing, "k-1", "Example Bank")).errors[0]["code"] == "INTERNAL"
    assert await count(changing, payment_methods) == before + 1
    assert (await add(changing, "k-1"))["userErrors"] == [{"code": "ALREADY_DONE"}]
    assert await count(changing, payment_methods) == before + 1


async def test_a_key_rests_as_a_fingerprint(changing: Gate) -> None:
    await add(changing, "alice@example.org")
    async with changing.store.write() as connection:
        (row,) = (await connection.execute(select(command_keys))).all()
    assert len(row.mark) == len(row.request) == 16 and b"alice" not in row.mark and "Example" not in row.outcome
