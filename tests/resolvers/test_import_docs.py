"""What docs/importing-customers.md says about files is what is read: its examples import, its tables are complete."""

import re
from pathlib import Path

import pytest

from policy.services import SERVICE_KINDS, SERVICE_STATES
from resolvers.customers.new_customer_rows import FURTHER
from resolvers.imports.columns import COLUMNS, REQUIRED
from resolvers.imports.imports import import_customers
from resolvers.imports.invoices import INVOICE_KEYS, LINE_KEYS
from resolvers.imports.rows import ADDRESS_KEYS, DOMAIN_KEYS, SERVICE_KEYS
from resolvers.imports.source import Format
from resolvers.imports.text_lines import MOST_BYTES
from store.database.store import Store

pytestmark = pytest.mark.anyio

TEXT = (Path(__file__).parents[2] / "docs" / "importing-customers.md").read_text()


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("language", "format_", "customers"), [("csv", "csv", 2), ("json", "ndjson", 1)])
async def test_its_examples_import(
    store: Store, tmp_path: Path, language: str, format_: Format, customers: int
) -> None:
    example = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert example is not None
    path = tmp_path / "example"
    path.write_text(example[1], encoding="utf-8")
    report = await import_customers(store, path, format_)
    assert (report.imported, [str(problem) for problem in report.problems]) == (customers, [])


def test_its_tables_name_every_field() -> None:
    first_table = TEXT[TEXT.index("| column |") : TEXT.index("Kinds of services")]
    rows = [line.split("|") for line in first_table.splitlines()[2:] if line]
    named = {name: row[2].strip() for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    assert named.keys() == set(COLUMNS) - set(FURTHER), "texts that were added have columns of their names"
    assert {name for name, need in named.items() if need == "required"} == set(REQUIRED)
    words = set(re.findall(r"`(\w+)`", TEXT))
    assert {*INVOICE_KEYS, *LINE_KEYS} <= words
    assert {*SERVICE_KEYS, *DOMAIN_KEYS, *SERVICE_KINDS, *SERVICE_STATES} - {*ADDRESS_KEYS} <= words
    assert f"{MOST_BYTES:,} bytes" in TEXT
