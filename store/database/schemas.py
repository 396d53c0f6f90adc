"""The three sets of tables, complete, and the version of each that this release works with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import MetaData

from store.crypto import key_tables as keys
from store.crypto import lookup_tables as lookups
from store.ledger import entries
from store.ledger import heads as ledger_heads
from store.ledger import tree_tables as tree
from store.operations import command_keys, index_changes, lookup_counts, reach, refusals, value_rewrites
from store.records.declared_check import require_declared
from store.registers import affiliates, clients, papers, partners, recipients, staff, webhooks
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
    invoices,
    legal,
    oauth,
    outbox,
    payments,
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
    restrictions,
    services,
    signin,
    staff,
    tree,
    value_rewrites,
    webhooks,
)
"""The modules with tables; importing them fills the sets."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One set of tables, with its name (also of the folder of its migrations) and its versions in order.

    The versions are repeated here so that a start need not import Alembic to compare them; a test compares the two.
    """

    name: str
    tables: MetaData
    versions: tuple[str, ...]

    @property
    def version_table(self) -> str:
        """The name of the set's own version table: on PostgreSQL two sets share a database."""
        return f"{self.name}_version"


def _numbered(name: str, last: int) -> tuple[str, ...]:
    return tuple(f"{name}_{number:04}" for number in range(1, last + 1))


MAIN = Schema("main", metadata, _numbered("main", 28))
LEDGER = Schema("ledger", ledger_metadata, _numbered("ledger", 2))
KEYS = Schema("keys", key_metadata, _numbered("keys", 6))
SCHEMAS = (MAIN, LEDGER, KEYS)

# At import, so that a process with an undeclared table does not start.
require_declared(table for schema in SCHEMAS for table in schema.tables.sorted_tables)
