"""The three sets of tables, complete, and the version of each that this release works with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import MetaData

from store.crypto import key_tables as keys
from store.crypto import lookup_tables as lookups
from store.ledger import entries, failover
from store.ledger import heads as ledger_heads
from store.ledger import tree_tables as tree
from store.operations import command_keys, index_changes, lookup_counts, reach, refusals, value_rewrites
from store.records.declared_check import require_declared
from store.registers import affiliates, clients, grants, papers, partners, recipients, staff, webhooks
from store.sql.metadata import key_metadata, ledger_metadata, metadata
from store.tables import (
    access,
    changes,
    consents,
    credentials,
    customers,
    disclosures,
    domains,
    erasures,
    exports,
    imports,
    invoices,
    legal,
    oauth,
    outbox,
    payments,
    requests,
    restrictions,
    services,
    signin,
)

CAPABILITIES = (
    access,
    affiliates,
    changes,
    clients,
    command_keys,
    consents,
    credentials,
    customers,
    disclosures,
    domains,
    entries,
    erasures,
    exports,
    failover,
    grants,
    imports,
    index_changes,
    invoices,
    keys,
    ledger_heads,
    legal,
    lookup_counts,
    lookups,
    oauth,
    outbox,
    papers,
    partners,
    payments,
    reach,
    recipients,
    refusals,
    requests,
    restrictions,
    services,
    signin,
    staff,
    tree,
    value_rewrites,
    webhooks,
)
"""The modules with tables; importing them fills the sets."""


MIGRATIONS = Path(__file__).parents[1] / "migrations"
"""A folder for each set of tables."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One set of tables: the folder of its migrations, where its version is noted, and its versions in order."""

    name: str
    tables: MetaData
    versions: tuple[str, ...]

    @property
    def version_table(self) -> str:
        """The name of the set's own version table: on PostgreSQL two sets share a database."""
        return f"{self.name}_version"


def versions_in(folder: Path) -> tuple[str, ...]:
    """The versions in a folder of migrations, oldest first; RuntimeError when there are none.

    Each file's name begins with its version, such as `main_0028`. Read from the names, so that a start need not load
    Alembic, which takes a quarter of a second; a test compares them with what Alembic reads in the files.
    """
    versions = sorted("_".join(path.stem.split("_")[:2]) for path in folder.glob("*_[0-9][0-9][0-9][0-9]_*.py"))
    if not versions:
        raise RuntimeError(f"there are no migrations in {folder}: the installation is incomplete")
    return tuple(versions)


def _with_versions(name: str, tables: MetaData) -> Schema:
    return Schema(name, tables, versions_in(MIGRATIONS / name))


MAIN = _with_versions("main", metadata)
LEDGER = _with_versions("ledger", ledger_metadata)
KEYS = _with_versions("keys", key_metadata)
SCHEMAS = (MAIN, LEDGER, KEYS)

# At import, so that a process with an undeclared table does not start.
require_declared(table for schema in SCHEMAS for table in schema.tables.sorted_tables)
