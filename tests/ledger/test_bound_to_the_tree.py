"""(D14) What customers see of the ledger is what was signed, and the index that finds it can be recomputed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from policy.purposes import Purpose
from store.database.config import StoreConfig
from store.ledger.index import IndexCheck, entries_of
from store.ledger.tree_tables import ledger_postings
from store.merkle.postings import LogRow, mark
from tests.export.office import Office, opened_office
from tests.gateway.servers import command
from tests.ledger.logs import NAMES, Log, entry
from tests.promises.gate import grant, own

pytestmark = pytest.mark.anyio

MINE = "{ me { accesses(first: 10) { nodes { client purpose proof { file } } } } }"


@pytest.fixture
async def office(store_config: StoreConfig) -> AsyncIterator[Office]:
    """A customer who was read by a tool, which is signed."""
    async with opened_office(store_config) as opened:
        await opened.desk.register("billing", name="Billing tool")
        query = "query ($id: ID!) { customer(by: {id: $id}) { fullName } }"
        tool = grant(Purpose.INVOICING, client="billing")
        for _ in range(3):
            await opened.gate.ask(query, tool, variables={"id": opened.gate.id(0)})
        await opened.seal()
        yield opened


async def change(log: Log, kind: str, table: str, statement: str) -> None:
    """As somebody changes it who has the whole database to themselves."""
    if kind == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            await log.run(f"DROP TRIGGER IF EXISTS {table}_{verb}")
        await log.run(statement)
        return
    await log.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await log.run(statement)
    await log.run(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def blob(kind: str, content: bytes) -> str:
    """Bytes as a literal of the store."""
    return f"x'{content.hex()}'" if kind == "sqlite" else f"'\\x{content.hex()}'::bytea"


BILLING = {
    "sqlite": "UPDATE ledger_entries SET entry = CAST(replace(CAST(entry AS TEXT), 'billing', 'support') AS BLOB)",
    "postgresql": "UPDATE ledger_entries SET entry ="
    " convert_to(replace(convert_from(entry, 'UTF8'), 'billing', 'support'), 'UTF8')",
}


async def test_an_altered_entry_is_answered_by_an_error(office: Office, store_kind: str) -> None:
    """(D14) The customer is not told something that was never signed."""
    who = own(office.customer())
    assert len((await office.gate.ask(MINE, who)).data["me"]["accesses"]["nodes"]) == 3
    await change(office.log, store_kind, "ledger_entries", BILLING[store_kind])
    answer = await office.gate.ask(MINE, who)
    assert answer.codes == ["LEDGER_ALTERED"]
    assert b"support" not in answer.raw


async def test_an_entry_that_is_not_signed_yet_is_held_against_its_leaf(office: Office, store_kind: str) -> None:
    query = "query ($id: ID!) { customer(by: {id: $id}) { email } }"
    await office.gate.ask(query, grant(Purpose.INVOICING, client="billing"), variables={"id": office.gate.id(0)})
    await office.log.sealer.extend_all()
    who = own(office.customer())
    assert len((await office.gate.ask(MINE, who)).data["me"]["accesses"]["nodes"]) == 4
    last = " WHERE sequence = (SELECT max(sequence) FROM ledger_leaves)"
    await change(office.log, store_kind, "ledger_entries", BILLING[store_kind] + last)
    assert (await office.gate.ask(MINE, who)).codes == ["LEDGER_ALTERED"]


async def test_a_row_of_the_index_that_was_moved_to_somebody_else_shows_nothing(
    office: Office, store_kind: str
) -> None:
    (first, second) = await office.gate.store.keys.subjects([office.gate.ids[0], office.gate.ids[1]])
    assert first is not None and second is not None
    old, new = (blob(store_kind, 3 * mark(each.pseudonym)) for each in (first, second))
    moved = f"UPDATE ledger_postings SET marks = {new} WHERE marks = {old}"
    await change(office.log, store_kind, "ledger_postings", moved)
    assert (await office.gate.ask(MINE, own(office.customer(1)))).codes == ["LEDGER_ALTERED"]


async def test_the_index_is_recomputed_from_the_entries(log: Log, store_kind: str) -> None:
    """(D14) A deleted row is missed, a moved or an added one is found."""
    await log.fill(5)
    await log.fill(1, lambda number: entry(number, NAMES[0], NAMES[1], NAMES[2]))
    lines = (await log.export()).splitlines(keepends=True)
    check = IndexCheck(log.tree.reader)
    good = await check.run(entries_of(lines))
    assert (good.entries, good.rows, good.findings) == (6, 8, [])
    ((first, counts, marks),) = [row for row in await log.rows(select(ledger_postings)) if row[0] == 5]
    whole = LogRow(first, bytes(counts), bytes(marks))
    for changed, finding in (
        (LogRow.of(5, [[*NAMES[:3], "Z" * 22]]), "The index names somebody for entry 5 whom it is not about."),
        (LogRow.of(5, [NAMES[:2]]), "The index lacks a person that entry 5 is about: they are not told of it."),
        (whole, None),
    ):
        new = f"counts = {blob(store_kind, changed.counts)}, marks = {blob(store_kind, changed.marks)}"
        await change(log, store_kind, "ledger_postings", f"UPDATE ledger_postings SET {new} WHERE first = 5")
        assert (await check.run(entries_of(lines))).findings == ([finding] if finding else [])
    await change(log, store_kind, "ledger_postings", "DELETE FROM ledger_postings WHERE first = 0")
    assert len((await check.run(entries_of(lines))).findings) == 5


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_the_command_recomputes_it_online_and_for_an_export(
    log: Log, store_config: StoreConfig, store_kind: str, tmp_path: Path
) -> None:
    await log.fill(4)
    (key,) = await log.trusted()
    folder = store_config.root_key_path.parent
    export = tmp_path / "ledger.ndjson"
    export.write_bytes(await log.export())
    for arguments in ([], [str(export)]):
        done = command(["ledger", "verify", *arguments, "--index", "--key", str(key)], folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "VERIFIED: the index has 4 rows to have for 4 entries." in done.stdout
    await change(log, store_kind, "ledger_postings", "DELETE FROM ledger_postings WHERE first = 0")
    for arguments in ([], [str(export)]):
        done = command(["ledger", "verify", *arguments, "--index", "--key", str(key)], folder)
        assert done.returncode == 1
        assert "lacks a person that entry 2 is about" in done.stdout
