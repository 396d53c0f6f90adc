"""From a customer's pseudonym to what was read about them, with proof; many customers at once, in pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest

from store.accesses.accesses import Accesses
from store.accesses.readers import clients_that_read
from store.merkle.merkle_tree import leaf_hash, verify_inclusion
from store.sql.ids import new_id
from store.sql.reading import PreparedStatement, Reader, Row
from tests.ledger.logs import NAMES, Log, entry

pytestmark = pytest.mark.anyio


async def test_pages_go_from_the_newest_to_the_oldest(log: Log) -> None:
    await log.fill(30, lambda number: entry(number, NAMES[number % 3], NAMES[5]))
    accesses = Accesses(log.tree.reader)
    seen: list[int] = []
    before = None
    while page := (await accesses.pages([NAMES[1]], before, 4)).get(NAMES[1]):
        seen += [access.index for access in page]
        before = page[-1].index
    assert seen == [number for number in range(29, -1, -1) if number % 3 == 1]
    many = await accesses.pages([*NAMES[:3], NAMES[5], "nobody"], 20, 4)
    assert {name: [access.index for access in page] for name, page in many.items()} == {
        NAMES[0]: [18, 15, 12, 9],
        NAMES[1]: [19, 16, 13, 10],
        NAMES[2]: [17, 14, 11, 8],
        NAMES[5]: [19, 18, 17, 16],
    }
    assert await accesses.pages([], None, 4) == {}
    assert await accesses.pages(["nobody"], None, 4) == {}


async def test_however_many_customers_it_is_the_same_statements(log: Log) -> None:
    await log.fill(20)
    statements: list[str] = []
    accesses = Accesses(log.tree.reader)
    log.tree.reader.listeners.append(statements.append)
    await accesses.pages(NAMES[:1], None, 3)
    of_one = list(statements)
    statements.clear()
    await accesses.pages(NAMES, None, 3)
    assert statements == of_one and len(statements) == 3, "the log, the runs, and the entries"


async def test_an_entry_tells_what_was_read_and_proves_it(log: Log) -> None:
    await log.fill(40)
    accesses = (await Accesses(log.tree.reader).pages([NAMES[0]], None, 3))[NAMES[0]]
    read = orjson.loads(accesses[0].entry)
    assert (read["client"], read["purpose"], read["fields"][0]) == ("billing", "INVOICING", "Customer.fullName")
    signed = await log.checkpoints.latest()
    assert signed is not None
    statements: list[str] = []
    log.tree.reader.listeners.append(statements.append)
    proofs = await log.tree.prover.inclusions([access.index for access in accesses], signed.size)
    assert len(statements) <= 1, "however many proofs"
    for access, proof in zip(accesses, proofs, strict=True):
        assert proof.leaf == access.leaf
        assert verify_inclusion(access.index, signed.size, access.leaf, proof.path, signed.root)


async def test_a_leaf_is_found_by_its_entry(log: Log) -> None:
    entries = await log.fill(10)
    for index, content in enumerate(entries):
        assert await log.tree.prover.find(leaf_hash(content)) == index
    assert await log.tree.prover.find(b"\0" * 32) is None
    assert await log.tree.prover.find(leaf_hash(entries[3])[:8] + bytes(24)) is None, (
        "its beginning alone is not enough"
    )
    assert await log.tree.prover.find(leaf_hash(entries[0] + b" ")) is None


async def test_d5_after_erasure_nobody_can_say_whom_an_entry_is_about(log: Log) -> None:
    """The pseudonym is a function of the customer's key: with the key it dies, and the ledger still verifies."""
    customer = new_id()
    (key,) = await log.store.keys.create([customer])
    await log.fill(3, lambda number: entry(number, key.pseudonym))
    assert (await Accesses(log.tree.reader).pages([key.pseudonym], None, 9))[key.pseudonym]
    await log.store.keys.destroy(customer)
    assert await log.store.keys.subjects([customer]) == [None]
    content = await log.export()
    assert str(customer).encode() not in content
    assert (await log.check(content)).findings == []


class SealedBetween(Reader):
    """A reader of the ledger after whose first read a sealer runs."""

    def __init__(self, log: Log) -> None:
        super().__init__(log.tree.reader.dialect)
        self._log, self._first = log, True

    async def fetch(self, prepared: PreparedStatement, values: Mapping[str, Any]) -> Sequence[Row]:
        rows = await self._log.tree.reader.fetch(prepared, values)
        if self._first:
            self._first = False
            await self._log.sealer.seal_all()
        return rows

    async def close(self) -> None:
        pass


async def test_a_read_that_is_sealed_during_the_search_is_found(log: Log) -> None:
    await log.fill(3)
    await log.store.ledger.append(entry(0, NAMES[0], client="newsletter"))
    assert await clients_that_read(SealedBetween(log), NAMES[0]) == {"billing", "newsletter"}
