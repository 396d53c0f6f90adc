"""Importing customers: checked whole, then stored whole or not at all, whatever happens in between."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, event

from resolvers.customers.new_customer_rows import TABLES
from resolvers.customers.registration import add, register
from resolvers.imports import imports
from resolvers.imports.duplicates import Duplicates
from resolvers.imports.imports import import_customers
from resolvers.inputs.report import MOST_PROBLEMS, FieldFault, FileFault, ImportFileError, Progress
from store.crypto.blind_index import Lookup
from store.database.config import StoreConfig
from store.database.store import Store
from store.tables.customers import customers
from store.tables.domains import domains
from store.tables.services import services
from tests.resolvers.opening import count, opened
from tests.signin.people import newcomer
from tests.stores import opened as a_store

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
WHOLE_BATCH, BATCH = imports.BATCH, 100
"""Rows at once, of the product and here: several batches are quick."""
COLUMNS = (
    "given_name",
    "family_name",
    "email",
    "street",
    "postal_code",
    "city",
    "country",
    "customer_number",
    "services",
)
only_sqlite = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BATCH", BATCH)


def person(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "given_name": "Zélie", "family_name": f"Quark{number}", "email": f"zelie{number}@example.com",
        "street": f"rue du Marché {number}", "postal_code": "1003", "city": "Lausanne", "country": "CH",
        "customer_number": f"Z-{number}", "services": f"WEB_HOSTING|Pro|2024-01-01;DOMAIN|quark{number}.example",
    } | changes  # fmt: skip


def write_csv(path: Path, people: Iterable[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(people)
    return path


def write_ndjson(path: Path, people: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in people))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers"


async def total(store: Store, *tables: Table) -> list[int]:
    return [await count(store, table) for table in tables]


async def test_csv_and_ndjson_say_the_same(store: Store, path: Path) -> None:
    report = await import_customers(store, write_csv(path, map(person, range(3))), "csv")
    assert (report.rows, report.imported, report.clean, report.dry_run) == (3, 3, True, False)
    nested = [
        {"kind": "WEB_HOSTING", "name": "Pro", "started_at": "2024-01-01"},
        {"kind": "DOMAIN", "name": "x.example"},
    ]
    report = await import_customers(store, write_ndjson(path, [person(3, services=nested)]), "ndjson")
    assert report.imported == 1
    rows = await opened(store, customers)
    assert [row["email"] for row in rows] == [f"zelie{number}@example.com" for number in range(4)]
    assert [row["customer_number"] for row in rows] == [f"Z-{number}" for number in range(4)]
    assert [row["name"] for row in await opened(store, services)][4:] == ["Pro", "quark2.example", "Pro", "x.example"]
    assert [row["registrant_name"] for row in await opened(store, domains)] == [f"Zélie Quark{n}" for n in range(4)]


async def test_one_bad_row_keeps_everything_out(store: Store, path: Path) -> None:
    people = [*map(person, range(BATCH + 5)), person(9_999, email="nonsense", country="")]
    report = await import_customers(store, write_csv(path, people), "csv")
    assert (report.rows, report.bad_rows, report.imported) == (BATCH + 6, 1, 0)
    assert [(each.row, each.line, each.field, each.fault) for each in report.problems] == [
        (BATCH + 6, BATCH + 7, "email", FieldFault.NOT_AN_EMAIL),
        (BATCH + 6, BATCH + 7, "country", FieldFault.MISSING),
    ]
    assert await total(store, *TABLES) == [0] * len(TABLES)


async def test_asked_to_skip_the_bad_ones_the_good_ones_are_whole(store: Store, path: Path) -> None:
    bad = [person(1, email="nonsense"), person(3, services="DOMAIN|not a domain"), person(0)]
    report = await import_customers(store, write_csv(path, [person(0), *bad, person(4)]), "csv", skip_bad=True)
    assert (report.rows, report.bad_rows, report.imported) == (5, 3, 2)
    assert await total(store, customers, services, domains) == [2, 4, 2]
    assert [row["customer_number"] for row in await opened(store, customers)] == ["Z-0", "Z-4"]


async def test_a_dry_run_tells_and_stores_nothing(store: Store, path: Path) -> None:
    report = await import_customers(store, write_csv(path, [person(0), person(0)]), "csv", dry_run=True, skip_bad=True)
    assert (report.rows, report.bad_rows, report.imported, report.dry_run) == (2, 1, 0, True)
    assert await total(store, *TABLES) == [0] * len(TABLES)


async def test_doubles_within_the_file(store: Store, path: Path) -> None:
    """Found by what is looked up, not by how it is written; also when far apart."""
    people = [
        *map(person, range(BATCH)),
        person(1_000, email="ZELIE0@example.com "),
        person(1_001, customer_number="z-1"),
        person(1_002, services="DOMAIN|Quark2.EXAMPLE"),
        person(1_003, services="DOMAIN|a.example;DOMAIN|a.example"),
    ]
    report = await import_customers(store, write_csv(path, people), "csv")
    assert report.imported == 0
    assert [(each.row, each.field, each.fault) for each in report.problems] == [
        (BATCH + 1, "email", FieldFault.DUPLICATE_IN_FILE),
        (BATCH + 2, "customer_number", FieldFault.DUPLICATE_IN_FILE),
        (BATCH + 3, "services[0].name", FieldFault.DUPLICATE_IN_FILE),
        (BATCH + 4, "services[1].name", FieldFault.DUPLICATE_IN_FILE),
    ]


async def test_what_is_put_on_disk_meanwhile_is_no_blind_index(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D8: what SQLite spills stays in free blocks of the disk, where whoever has the index key could try values."""
    spilled, leave = bytearray(), Duplicates.__exit__

    def leaving(self: Duplicates, *error: Any) -> None:
        spilled.extend(self._seen.serialize())
        leave(self, *error)

    monkeypatch.setattr(Duplicates, "__exit__", leaving)
    assert (await import_customers(store, write_csv(path, map(person, range(20))), "csv")).imported == 20
    index = store.keys.blind_index
    marks = [
        index(lookup, value)
        for number in range(20)
        for lookup, value in (
            (Lookup.EMAIL, f"zelie{number}@example.com"), (Lookup.CUSTOMER_NUMBER, f"Z-{number}"),
            (Lookup.DOMAIN, f"quark{number}.example"),
        )
    ]  # fmt: skip
    assert len(await store.keys.lookups.find_each(Lookup.EMAIL, marks)) == 20, "these are the ones that are looked up"
    assert len(spilled) > 60 * 16 and not [mark for mark in marks if mark in spilled]


async def test_those_who_are_registered_already(store: Store, path: Path) -> None:
    await import_customers(store, write_csv(path, map(person, range(3))), "csv")
    people = [
        person(10),
        person(11, email="Zelie0@example.com"),
        person(12, customer_number="Z-1"),
        person(13, services="DOMAIN|quark2.example"),
    ]
    report = await import_customers(store, write_csv(path, people), "csv")
    assert [(each.row, each.field, each.fault) for each in report.problems] == [
        (2, "email", FieldFault.ALREADY_REGISTERED),
        (3, "customer_number", FieldFault.ALREADY_REGISTERED),
        (4, "services[0].name", FieldFault.ALREADY_REGISTERED),
    ]
    assert await count(store, customers) == 3


async def test_the_same_file_again_imports_nothing_twice(store: Store, path: Path) -> None:
    write_csv(path, map(person, range(5)))
    await import_customers(store, path, "csv")
    again = await import_customers(store, path, "csv", skip_bad=True)
    assert (again.rows, again.bad_rows, again.imported) == (5, 5, 0)
    assert await count(store, customers) == 5


async def test_no_problem_holds_a_value(store: Store, path: Path) -> None:
    """D1"""
    people = [person(0, email="=Zwingli", street="\x00Zwingli", country="Zwingli", services="Zwingli")]
    report = await import_customers(store, write_csv(path, people), "csv")
    assert report.problem_count == 4
    assert "Zwingli" not in repr(report)
    assert "Zwingli" not in "".join(map(str, report.problems))


@only_sqlite
async def test_a_thousand_problems_are_named_and_all_are_counted(store: Store, path: Path) -> None:
    people = [person(number, email="x", country="y") for number in range(700)]
    report = await import_customers(store, write_csv(path, people), "csv")
    assert (len(report.problems), report.problem_count, report.bad_rows) == (MOST_PROBLEMS, 1_400, 700)


async def test_progress_is_told_in_both_passes(store: Store, path: Path) -> None:
    told: list[Progress] = []
    write_csv(path, map(person, range(BATCH + 1)))
    await import_customers(store, path, "csv", progress=told.append)
    size = told[0].bytes_total
    assert [(each.phase, each.rows) for each in told] == [
        ("CHECKING", BATCH), ("CHECKING", BATCH + 1), ("IMPORTING", BATCH), ("IMPORTING", BATCH + 1),
    ]  # fmt: skip
    assert [each.bytes_done for each in told[1::2]] == [size, size]
    assert {each.bytes_total for each in told} == {os.path.getsize(path)}  # noqa: ASYNC240 (a test)


async def test_a_file_that_changes_meanwhile_is_not_imported(store: Store, path: Path) -> None:
    write_csv(path, map(person, range(BATCH + 1)))

    def change(progress: Progress) -> None:
        if (progress.phase, progress.rows) == ("CHECKING", BATCH + 1):
            write_csv(path, [*map(person, range(BATCH)), person(8_888)])

    with pytest.raises(ImportFileError) as caught:
        await import_customers(store, path, "csv", progress=change)
    assert caught.value.fault is FileFault.CHANGED
    assert await count(store, customers) == 0


async def test_a_good_row_that_has_become_bad_is_a_changed_file(store: Store, path: Path) -> None:
    write_csv(path, map(person, range(3)))

    def change(_progress: Progress) -> None:
        write_csv(path, [person(0, email="x")])

    with pytest.raises(ImportFileError) as caught:
        await import_customers(store, path, "csv", progress=change)
    assert caught.value.fault is FileFault.CHANGED


async def test_somebody_registers_the_same_meanwhile(
    store: Store, store_config: StoreConfig, path: Path, tmp_path: Path
) -> None:
    write_csv(path, map(person, range(BATCH + 1)))
    other = write_csv(tmp_path / "other", [person(BATCH)])

    async def compete() -> None:
        async with a_store(store_config) as second:
            await import_customers(second, other, "csv")

    def lose(progress: Progress) -> None:
        """Between the two passes: the check is over, and no transaction is open yet."""
        if (progress.phase, progress.rows) == ("CHECKING", BATCH + 1):
            with ThreadPoolExecutor() as pool:
                pool.submit(asyncio.run, compete()).result()

    with pytest.raises(ImportFileError) as caught:
        await import_customers(store, path, "csv", progress=lose)
    assert caught.value.fault is FileFault.CONFLICT
    assert caught.value.__cause__ is None
    assert [row["customer_number"] for row in await opened(store, customers)] == [f"Z-{BATCH}"]


async def cancelled_at(store: Store, path: Path, rows: int) -> None:
    """Run an import and cancel it when it has stored so many rows, as Ctrl-C does under asyncio.run."""
    reached = asyncio.Event()

    def told(progress: Progress) -> None:
        if progress.phase == "IMPORTING" and progress.rows >= rows:
            reached.set()

    task = asyncio.create_task(import_customers(store, path, "csv", progress=told))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelled_between_batches_it_leaves_nothing_and_starts_clean(store: Store, path: Path) -> None:
    write_csv(path, map(person, range(4 * BATCH)))
    for rows in (BATCH, 2 * BATCH):
        await cancelled_at(store, path, rows)
        assert await total(store, *TABLES) == [0] * len(TABLES)
    report = await import_customers(store, path, "csv")
    assert report.imported == await count(store, customers) == 4 * BATCH


async def test_cancelled_while_it_commits_it_leaves_all_or_nothing(store: Store, path: Path) -> None:
    write_csv(path, map(person, range(2 * BATCH)))
    await cancelled_at(store, path, 2 * BATCH)
    assert await total(store, customers, services, domains) in ([0, 0, 0], [2 * BATCH, 4 * BATCH, 2 * BATCH])


CHILD = """
import signal
import asyncio, sys
from pathlib import Path
from resolvers.imports import imports
from resolvers.imports.imports import import_customers
from store.database.config import StoreConfig
from store.database.store import open_store

imports.BATCH = int(sys.argv[7])
# A shell that runs this in the background has interruptions ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

async def main():
    store = await open_store(StoreConfig(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4] or None))
    def told(progress):
        line = f"{progress.phase} {progress.rows}"
        print(line, flush=True)
        if line == sys.argv[6]:
            sys.stdin.readline()  # Until the signal is under way: otherwise a busy machine lets it come too late.
    await import_customers(store, Path(sys.argv[5]), "csv", progress=told)
    await store.close()
    print("DONE", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize(("ending", "at"), [(signal.SIGKILL, "IMPORTING 100"), (signal.SIGINT, "IMPORTING 200")])
async def test_killed_in_the_middle_it_leaves_nothing_and_starts_clean(
    store_config: StoreConfig, path: Path, ending: signal.Signals, at: str
) -> None:
    """F1"""
    async with a_store(store_config):
        pass  # makes the root key
    write_csv(path, map(person, range(4 * BATCH)))
    config = store_config
    places = (config.database_url, config.key_store_url, str(config.root_key_path), config.ledger_url or "", str(path))
    command = [sys.executable, "-c", CHILD, *places, at, str(BATCH)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(  # noqa: ASYNC220 (the test has nothing else to do)
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None and child.stdin is not None
        for line in child.stdout:
            if line.strip() == at:
                child.send_signal(ending)
                break
        with suppress(BrokenPipeError):
            os.write(child.stdin.fileno(), b"\n")  # A buffer that could not be written is tried again by its close.
        rest = child.stdout.read()
    assert "DONE" not in rest
    assert child.returncode != 0
    async with a_store(store_config) as store:
        assert await count(store, customers) == 0
        report = await import_customers(store, path, "csv")
        assert report.imported == await count(store, customers) == 4 * BATCH


@only_sqlite
async def test_memory_does_not_grow_with_the_file(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BATCH", WHOLE_BATCH)
    peaks = []
    for rows in (2_000, 8_000):
        write_csv(path, (person(number, services="") for number in range(rows)))
        tracemalloc.start()
        await import_customers(store, path, "csv", dry_run=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_others_register_while_an_import_is_under_way(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL, where writers do not take turns: nothing that they share is held from the first batch on."""
    written, go_on = asyncio.Event(), asyncio.Event()

    async def paused(*arguments: Any, **named: Any) -> list[int]:
        ids = await add(*arguments, **named)
        written.set()
        await go_on.wait()
        return ids

    monkeypatch.setattr("resolvers.imports.imports.add", paused)
    write_csv(path, (person(number) for number in range(2 * BATCH)))
    importing = asyncio.create_task(import_customers(store, path, "csv"))
    await written.wait()
    try:
        assert len(await register(store, [newcomer(4711)])) == 1
        assert not importing.done()
    finally:
        go_on.set()
    assert (await importing).imported == 2 * BATCH


async def test_statements_are_of_batches_and_not_of_rows(store: Store, path: Path) -> None:
    """What makes an import quick, whatever the machine: so many statements a batch, however many rows there are."""
    counted = list[str]()

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        counted.append(statement)

    async def costs(first: int, batches: int) -> int:
        numbers = range(first, first + batches * BATCH)
        write_csv(path, (person(number, services="WEB_HOSTING|Pro|2024-01-01") for number in numbers))
        counted.clear()
        assert (await import_customers(store, path, "csv")).imported == batches * BATCH
        return len(counted)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        one, three = await costs(0, 1), await costs(10_000, 3)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert one < 40
    assert three <= 3 * one


async def test_external_ids_are_unique_in_their_system(store: Store, path: Path) -> None:
    """One number of two systems is two customers; within a system it is a duplicate, in the file and in the store."""
    people = [person(0, external_id="CRM: 4711"), person(1, external_id="shop:4711"), person(2)]
    assert (await import_customers(store, write_ndjson(path, people), "ndjson")).imported == 3
    for text, found in (("crm:4711", True), ("shop:4711", True), ("shop:4712", False), ("4711", False)):
        held = await store.keys.lookups.find(Lookup.EXTERNAL_ID, store.keys.blind_index(Lookup.EXTERNAL_ID, text))
        assert (held.row_id > 0) is found, text
    again = [person(3, external_id="4711"), person(4, external_id="9:1"), person(5, external_id="9:1")]
    report = await import_customers(store, write_ndjson(path, again), "ndjson", system="crm")
    assert [(each.row, each.field, each.fault) for each in report.problems] == [
        (1, "external_id", FieldFault.ALREADY_REGISTERED), (3, "external_id", FieldFault.DUPLICATE_IN_FILE),
    ]  # fmt: skip
    assert (await import_customers(store, write_ndjson(path, again[1:2]), "ndjson", system="crm")).imported == 1
    index = store.keys.blind_index(Lookup.EXTERNAL_ID, "crm:9:1")
    assert (await store.keys.lookups.find(Lookup.EXTERNAL_ID, index)).row_id > 0
