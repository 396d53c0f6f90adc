"""A new personal datum touches three files: docs/architecture.md, "Add a field", is done in a copy of the program."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from resolvers.customers.registration import register
from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.database.schemas import MAIN
from tests.measures.checkout import HERE, Checkout, Instructions
from tests.promises.gate import TODAY, population
from tests.stores import KINDS, Databases, opened

pytestmark = pytest.mark.anyio

PART = Instructions.read("Add a field")
AFFECTED = (
    "tests/schema/test_schema_graphql.py",
    "tests/audits/test_lint.py",
    "tests/profile/test_profile.py",
    "tests/store/test_migrations.py::test_the_versions_named_in_the_code_are_those_of_the_migrations",
    "tests/store/test_migrations.py::test_the_migrations_give_what_the_tables_say",
    "tests/area/test_documents.py",
    "tests/resolvers/test_import_docs.py",
)


def numberless(text: str) -> str:
    """Without the numbers of versions: other migrations come and go."""
    return re.sub(r"main_\d{4}", "main_N", text)


def test_three_files_are_named_and_the_printed_schema() -> None:
    tables, types, migration = PART.files()
    assert (HERE / tables).is_file() and (HERE / types).is_file()
    assert Path(migration).parent == Path("store/migrations/main") and not (HERE / migration).is_file()
    assert [re.findall(r"^\S+ -m (\S+)", line)[0] for line in PART.commands[0].splitlines()] == [
        "store.database.draft", "gateway",
    ]  # fmt: skip


async def former_store(config: StoreConfig, kind: str) -> dict[str, Any]:
    """A store as this checkout makes it, with a customer in it."""
    await upgrade(config)
    (somebody,) = population(TODAY, size=1)
    async with opened(config) as store:
        (id_,) = await register(store, [somebody], now=TODAY)
    addresses = {name: getattr(config, name) for name in ("database_url", "key_store_url", "ledger_url")}
    more = {"kind": kind, "customer": id_, "email": somebody.email, "root_key_path": str(config.root_key_path)}
    return addresses | more


async def test_the_field_is_added(tmp_path: Path, databases: Databases) -> None:
    copy = Checkout.made(tmp_path / "copy")
    tables, types, migration = PART.files()
    copy.apply(PART.diffs[tables])
    copy.apply(PART.diffs[types])
    copy.shell(PART.commands[0])
    (drafted,) = {path.name for path in (copy.folder / migration).parent.iterdir() if path.suffix == ".py"} - {
        path.name for path in (HERE / migration).parent.iterdir()
    }
    said = "".join(line[1:] + "\n" for line in PART.diffs[migration].splitlines() if re.match(r"\+(?!\+\+ )", line))
    assert numberless(drafted) == numberless(Path(migration).name)
    assert numberless((copy.folder / migration).with_name(drafted).read_text()) == numberless(said)
    assert drafted.startswith(f"main_{len(MAIN.versions) + 1:04}_")

    async with databases.fresh("sqlite", migrated=False) as one, databases.fresh("postgresql", migrated=False) as other:
        former = [await former_store(config, kind) for config, kind in zip((one, other), KINDS, strict=True)]
        copy.suite("tests/measures/field_story.py", FORMER_STORES=json.dumps(former))
    copy.suite(*AFFECTED, "-k", "not postgresql and not every_country")
