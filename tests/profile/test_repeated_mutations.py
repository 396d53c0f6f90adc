"""A mutation is sent again with its idempotency key: one by one, after a crash, with a clock set back (F10)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select, update

from resolvers.account import sessions_commands
from resolvers.commands.idempotency import UNDER_WAY
from resolvers.registers.affiliates import Affiliates
from store.database.config import StoreConfig
from store.database.store import Store
from store.operations.command_keys import command_keys
from store.tables.disclosures import disclosures
from store.tables.invoices import invoices
from store.tables.payments import payment_methods
from tests.promises.gate import TODAY, Answer, Gate, own
from tests.store import elsewhere

pytestmark = pytest.mark.anyio

ERRORS = "userErrors { code field }"
BANK = f"""mutation ($k: String) {{ addBankTransfer(input: {{bankName: "Example Bank", idempotencyKey: $k}}) {{
  paymentMethod {{ id }} {ERRORS} }} }}"""
PAY = f"""mutation ($in: PayWithCardInput!) {{ payWithCard(input: $in) {{ outcome {ERRORS} }} }}"""
CARD = {"number": "4539 5787 6362 1486", "expMonth": 3, "expYear": 2029, "securityCode": "737"}
NEWS = """setProductNews(input: {wanted: %s, idempotencyKey: "%s"}) {
  customer { productNews } userErrors { code field } }"""


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 2)


async def ask(gate: Gate, query: str, **variables: Any) -> Answer:
    who = own(gate.ids[0], authenticated_at=int(gate.clock.now.timestamp()))
    return await gate.ask(query, who, variables=variables)


async def died(config: StoreConfig, gate: Gate, when: str, query: str, **variables: Any) -> None:
    """A process of its own begins, and is gone."""
    said = str(gate.ids[0]), gate.clock.now.isoformat(), query, orjson.dumps(variables).decode()
    process = elsewhere.start("dying", config, when, *said, package="profile")
    said_last, _ = await asyncio.to_thread(process.communicate)
    assert process.returncode == -9, said_last


async def count(gate: Gate, table: Any) -> int:
    async with gate.store.write() as connection:
        return await connection.scalar(select(func.count()).select_from(table)) or 0


async def test_killed_before_the_commit_nothing_is_left_and_the_repeat_is_carried_out(
    gate: Gate, store_config: StoreConfig
) -> None:
    before = await count(gate, payment_methods)
    await died(store_config, gate, "before", BANK, k="k-1")
    assert (await count(gate, payment_methods), await count(gate, command_keys)) == (before, 0)
    done = await ask(gate, BANK, k="k-1")
    assert done.data["addBankTransfer"]["userErrors"] == [] and await count(gate, payment_methods) == before + 1


async def test_killed_after_the_commit_the_repeat_gets_the_first_answer(gate: Gate, store_config: StoreConfig) -> None:
    before = await count(gate, payment_methods)
    await died(store_config, gate, "after", BANK, k="k-1")
    again, third = await ask(gate, BANK, k="k-1"), await ask(gate, BANK, k="k-1")
    assert again.data["addBankTransfer"]["paymentMethod"]["id"] and again.raw == third.raw
    assert await count(gate, payment_methods) == before + 1


async def test_killed_while_another_party_is_asked_the_claim_holds_for_its_length_and_no_longer(
    gate: Gate, store_config: StoreConfig
) -> None:
    """The disclosure is written down before the card leaves; the message has the same id when it is sent again."""
    await Affiliates(gate.store).register("Example Acquirer", "CARD", "https://acquirer.example/", "CH", TODAY)
    async with gate.store.write() as connection:
        mine = invoices.c.customer_id == gate.ids[0]
        await connection.execute(update(invoices).where(mine).values(paid_at=None, paid_with=None, status="OPEN"))
        (key, *_) = (await connection.execute(select(invoices.c.id).where(mine))).scalars()
    given = {"invoiceId": gate.outside("Invoice", key, gate.ids[0]), "oneTime": CARD, "idempotencyKey": "k-1"}
    before = await count(gate, disclosures)
    await died(store_config, gate, "asking", PAY, **{"in": given})
    assert await count(gate, disclosures) == before + 1
    for _ in range(2):
        told = (await ask(gate, PAY, **{"in": given})).data["payWithCard"]
        assert told == {"outcome": None, "userErrors": [{"code": "IN_PROGRESS", "field": ["idempotencyKey"]}]}
    gate.clock.now += UNDER_WAY + timedelta(seconds=1)
    done = await ask(gate, PAY, **{"in": given})
    assert done.data["payWithCard"] == {"outcome": "UNREACHABLE", "userErrors": []}
    assert (await ask(gate, PAY, **{"in": given})).raw == done.raw


async def test_a_claim_of_a_clock_that_was_set_back_is_not_waited_for(gate: Gate) -> None:
    """As a lease is believed at most two lengths from now: a replica's clock may be a little ahead."""
    await ask(gate, BANK, k="k-1")

    async def claimed(ahead: timedelta) -> None:
        async with gate.store.write() as connection:
            await connection.execute(update(command_keys).values(outcome=None, at=gate.clock.now + ahead))

    await claimed(UNDER_WAY)
    assert (await ask(gate, BANK, k="k-1")).data["addBankTransfer"]["userErrors"][0]["code"] == "IN_PROGRESS"
    await claimed(timedelta(days=300))
    assert (await ask(gate, BANK, k="k-1")).data["addBankTransfer"]["userErrors"] == []


async def test_each_mutation_of_a_request_has_a_key_of_its_own(gate: Gate) -> None:
    """A queue sends again what it does not know to be done, beside what is new, under other names."""
    one, two = NEWS % ("true", "k-1"), NEWS % ("false", "k-2")
    first = await ask(gate, f"mutation {{ a: {one} b: {two} }}")
    assert [each["customer"]["productNews"] for each in first.data.values()] == [True, False]
    assert "extensions" not in first.body
    mixed = await ask(gate, f"mutation {{ x: {two} new: {NEWS % ('true', 'k-3')} }}")
    assert mixed.body["extensions"] == {"replayed": ["x"]}
    assert mixed.data["x"]["userErrors"] == mixed.data["new"]["userErrors"] == []
    whole = await ask(gate, f"mutation {{ a: {one} b: {two} }}")
    assert "extensions" not in whole.body and [each["userErrors"] for each in whole.data.values()] == [[], []]
    # Nothing was carried out again: the last that was is k-3.
    assert (await ask(gate, "{ me { productNews } }")).data["me"]["productNews"] is True


async def test_a_key_of_another_mutation_or_input_is_refused_at_its_field(gate: Gate) -> None:
    await ask(gate, BANK, k="k-1")
    reused = [{"code": "IDEMPOTENCY_KEY_REUSED", "field": ["idempotencyKey"]}]
    other = await ask(gate, f"mutation {{ {NEWS % ('true', 'k-1')} }}")
    assert other.data["setProductNews"] == {"customer": None, "userErrors": reused}
    end = 'mutation { endOtherSessions(input: {idempotencyKey: "%s"}) { ended userErrors { code field } } }'
    assert (await ask(gate, end % "k-1")).data["endOtherSessions"]["userErrors"] == reused
    for unfit in ("", "x" * 129, "\\u0007"):
        told = (await ask(gate, end % unfit)).data["endOtherSessions"]["userErrors"]
        assert told == [{"code": "INVALID_IDEMPOTENCY_KEY", "field": ["idempotencyKey"]}]


async def test_a_command_that_changes_twice_is_a_defect(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its outcome would not be in the transaction of its change."""
    changed = sessions_commands.end_others

    async def twice(actor: Any) -> Any:
        await changed(actor)
        return await changed(actor)

    monkeypatch.setattr(sessions_commands, "end_others", twice)
    end = 'mutation { endOtherSessions(input: {idempotencyKey: "k-1"}) { ended } }'
    assert (await ask(gate, end)).codes == ["INTERNAL"]
    assert await count(gate, command_keys) == 0
