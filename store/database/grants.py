"""The SQL that restricts the serving role of PostgreSQL to the privileges that serving needs.

The owner's role owns the tables, upgrades them, seals and prunes the ledger, and vacuums. The serving role can only
append to the ledger and read it; the database itself refuses everything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from store.crypto.lookup_tables import MARKED, lookup_epochs
from store.database.config import StoreConfig
from store.database.schemas import KEYS, LEDGER, MAIN, Schema
from store.sql.addresses import RELIED_ON, Address

ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")

SERVING = {
    MAIN.name: ("SELECT", "INSERT", "UPDATE", "DELETE"),
    LEDGER.name: ("SELECT", "INSERT"),
    KEYS.name: ("SELECT", "INSERT", "UPDATE"),
}
"""The privileges of the serving role by set of tables. A key is destroyed by an UPDATE of its row."""

DELETED = frozenset(each.name for each in (*MARKED, lookup_epochs))
"""The tables of the key store from which it may also delete: look-ups are erased with their customers."""

ROLE_SETTINGS = RELIED_ON | {
    "lock_timeout": "5s",
    "statement_timeout": "35s",
    "idle_in_transaction_session_timeout": "60s",
}
"""The serving role's own settings: behind a pooler a process cannot set them for its session."""

SEQUENCES = ("ledger_entries_sequence_seq",)


@dataclass(frozen=True, slots=True)
class Roles:
    """The owner's and the serving role; ValueError for a name that would need quoting."""

    owner: str
    serving: str

    def __post_init__(self) -> None:
        for each in (self.owner, self.serving):
            if not ROLE.fullmatch(each):
                raise ValueError(f"a role has small letters, digits and underscores, not {each!r}")
        if self.owner == self.serving:
            raise ValueError("the owner and who serves must be two roles")


def by_database(config: StoreConfig) -> dict[Address, list[Schema]]:
    """Group the sets of tables by PostgreSQL database; SQLite files are left out, since they have no roles."""
    found: dict[Address, list[Schema]] = {}
    for schema, address in ((MAIN, config.database), (LEDGER, config.ledger), (KEYS, config.key_store)):
        if not address.is_sqlite:
            found.setdefault(address, []).append(schema)
    return found


def roles_sql(roles: Roles) -> Iterator[str]:
    """Create the roles that are missing; without a password, so that nobody can connect with them yet."""
    for each in (roles.owner, roles.serving):
        # CREATE ROLE has no IF NOT EXISTS.
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{each}') THEN "
            f"CREATE ROLE {each} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS; END IF; END $$;"
        )
    for name, value in ROLE_SETTINGS.items():
        yield f"ALTER ROLE {roles.serving} SET {name} = '{value}';"
    yield f"GRANT pg_read_all_stats TO {roles.owner};"  # Needed to see the snapshots of other roles before an erasure.


def grants_sql(schemas: Sequence[Schema], roles: Roles) -> Iterator[str]:
    """Yield the grants for one database, to be run by its administrator: before its first upgrade, and after each."""
    owner, serving = roles.owner, roles.serving
    yield "BEGIN;"
    # Before PostgreSQL 15 every role may create objects there, which could shadow ours.
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
    yield f"REVOKE ALL ON SCHEMA public FROM {serving};"
    yield f"GRANT USAGE, CREATE ON SCHEMA public TO {owner};"
    yield f"GRANT USAGE ON SCHEMA public TO {serving};"
    for schema in schemas:
        for table in (*sorted(schema.tables.tables), schema.version_table):
            allowed = ("SELECT",) if table == schema.version_table else SERVING[schema.name]
            allowed += ("DELETE",) if table in DELETED else ()
            yield _if_there(
                table,
                f"ALTER TABLE {table} OWNER TO {owner};",
                f"REVOKE ALL ON {table} FROM PUBLIC, {serving};",
                f"GRANT {', '.join(allowed)} ON {table} TO {serving};",
            )
        if schema is LEDGER:
            yield from _ledger(roles)
    yield "COMMIT;"


def _if_there(relation: str, *statements: str) -> str:
    # The grants are run before the first upgrade as well, when there are no tables yet.
    return f"DO $$ BEGIN IF to_regclass('{relation}') IS NOT NULL THEN {' '.join(statements)} END IF; END $$;"


def _ledger(roles: Roles) -> Iterator[str]:
    for sequence in SEQUENCES:
        yield _if_there(
            sequence,
            f"REVOKE ALL ON SEQUENCE {sequence} FROM PUBLIC, {roles.serving};",
            f"GRANT USAGE ON SEQUENCE {sequence} TO {roles.serving};",
        )
    # The trigger functions must belong to the owner, too, or the serving role could replace them and so switch the
    # triggers off. (The names of the roles were checked: they need no quotes.)
    yield (
        "DO $$ DECLARE f regprocedure; BEGIN FOR f IN SELECT tgfoid::regprocedure FROM pg_trigger t "  # noqa: S608
        "JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relname LIKE 'ledger\\_%' AND NOT t.tgisinternal "
        f"LOOP EXECUTE format('ALTER FUNCTION %s OWNER TO {roles.owner}', f); END LOOP; END $$;"
    )
