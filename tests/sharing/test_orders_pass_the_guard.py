"""A read for an order of an authority passes the guard of every other read, which knows what the order names (R24)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policy.purposes import Purpose
from policy.restricting import RESTRICTION
from resolvers.legal import reading
from resolvers.legal.orders import LegalRequestError
from resolvers.legal.reading import OrderedRead, read_order
from resolvers.reads import filters
from resolvers.reads.guard import OutsideOrderError, SubjectTracker
from store.database.store import Store
from tests.promises.gate import TODAY, Gate, own
from tests.sharing.signing import FIELDS, officer
from tests.sharing.test_legal import DAY, REF, Bureau, disclosed, entries

pytestmark = pytest.mark.anyio

NAMED = ("Customer.email",)
RESTRICT = "mutation { requestRestriction(input: {ground: LEGAL_CLAIMS}) { userErrors { code } } }"


@pytest.fixture
async def bureau(store: Store, tmp_path: Path) -> Bureau:
    gate = await Gate.of(store, 2)
    return Bureau(gate, tmp_path, await officer(store, tmp_path, "LG-1"), await officer(store, tmp_path, "LG-2"))


def order(gate: Gate, fields: tuple[str, ...] = NAMED) -> OrderedRead:
    return OrderedRead(gate.ids[0], fields, (TODAY - 30 * DAY, TODAY))


async def test_a_field_outside_the_order_is_refused_by_the_decision_and_by_the_guard(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its customer's row only the columns of the fields that it names pass, whoever asks for more."""
    gate = bureau.gate
    found = await read_order(gate.store, FIELDS, order(gate), NAMED, TODAY)
    assert found.values == {"Customer.email": [gate.people[0].email]} and len(found.subjects) == 1
    asked = (*NAMED, "Customer.phone")
    with pytest.raises(LegalRequestError, match=r"Customer\.phone"):
        await read_order(gate.store, FIELDS, order(gate), asked, TODAY)
    monkeypatch.setattr(reading, "_require_granted", lambda rule, named: None)
    with pytest.raises(OutsideOrderError, match=r"customers\.phone"):
        await read_order(gate.store, FIELDS, order(gate), asked, TODAY)


async def test_another_customer_is_refused_by_the_guard_before_a_key_is_fetched(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the statement reads the wrong rows."""
    gate, strayed = bureau.gate, list[int]()
    records = reading._records

    async def of_another(unit: Any, table: Any, columns: Any, customer: int) -> Any:
        strayed.append(customer)
        unit.parameters[filters.SUBJECT] = gate.ids[1]
        return await records(unit, table, columns, gate.ids[1])

    monkeypatch.setattr(reading, "_records", of_another)
    with pytest.raises(OutsideOrderError, match="another customer"):
        await read_order(gate.store, FIELDS, order(gate), NAMED, TODAY)
    assert strayed == [gate.ids[0]]


async def test_a_customer_whose_key_is_gone_is_not_held(bureau: Bureau) -> None:
    """R35: the rows are there, as they are after a restore; the guard lets none through."""
    gate = bureau.gate
    await bureau.file()
    await bureau.approve()
    await gate.store.keys.destroy(gate.ids[0])
    found = await read_order(gate.store, FIELDS, order(gate), NAMED, TODAY)
    assert (found.key, found.values, found.subjects) == (None, {}, ())
    said = await bureau.desk.answer(REF, TODAY)
    assert (said["held"], said["fields"]) == (False, {}) and await entries(gate) == []


async def test_what_stops_the_purpose_stops_an_order_too(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restriction leaves orders alone because the policy exempts them (Art. 18(2)), not because nothing looks."""
    gate = bureau.gate
    fresh = own(gate.ids[0], authenticated_at=int(TODAY.timestamp()))
    assert (await gate.ask(RESTRICT, fresh)).data["requestRestriction"]["userErrors"] == []
    found = await read_order(gate.store, FIELDS, order(gate), NAMED, TODAY)
    assert Purpose.LEGAL_REQUEST.exempt is not None and found.values["Customer.email"] == [gate.people[0].email]
    monkeypatch.setattr(filters, "stops", lambda purpose: (RESTRICTION,))
    found = await read_order(gate.store, FIELDS, order(gate), NAMED, TODAY)
    assert found.values == {"Customer.email": []}


async def test_the_ledger_says_of_whom_the_guard_let_something_through(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The subject of the entry is what the guard noted; nothing else knows it."""
    gate, noted = bureau.gate, list[str]()
    learn = SubjectTracker.add_owners

    async def noting(self: SubjectTracker, owners: Any) -> None:
        await learn(self, owners)
        noted.extend(self.subjects)

    monkeypatch.setattr(SubjectTracker, "add_owners", noting)
    await bureau.file()
    await bureau.approve()
    await bureau.desk.answer(REF, TODAY)
    (entry,) = await entries(gate)
    assert entry["subjects"] == sorted(set(noted)) and entry["reference"] == REF
    monkeypatch.undo()
    assert len(await disclosed(gate)) == 1
