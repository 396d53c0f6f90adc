"""Checks the privileges of PostgreSQL roles: too few to finish erasures, or more than serving needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from store.database.config import StoreConfig
from store.database.grants import ROLE_SETTINGS, by_database
from store.database.schemas import LEDGER, Schema
from store.sql.addresses import Address, connect_postgresql
from store.sql.errors import DRIVER_ERRORS, unavailable
from store.sql.statistics import ELSEWHERE, FOUND, samples

FACTS = """
    SELECT current_user AS role,
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
        coalesce(bool_and(pg_has_role(current_user, c.relowner, 'USAGE')), false) AS owns_all,
        coalesce(bool_or(pg_has_role(current_user, c.relowner, 'USAGE')), false) AS owns_some,
        coalesce(bool_or(c.relname = ANY ($2) AND (has_table_privilege(c.oid, 'UPDATE')
            OR has_table_privilege(c.oid, 'DELETE') OR has_table_privilege(c.oid, 'TRUNCATE'))), false) AS rewrites,
        pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees
    FROM pg_class c WHERE c.oid IN (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
"""

SETTINGS = "SELECT name, current_setting(name) AS held FROM pg_settings WHERE name = ANY ($1)"


@dataclass(frozen=True, slots=True)
class Privileges:
    """The privileges of one role in one database."""

    role: str
    superuser: bool
    owns_all: bool
    """True if it may vacuum every table; a member of the owning role counts as owner."""
    owns_some: bool
    rewrites_ledger: bool
    """True if only triggers keep it from changing entries of the ledger."""
    sees: bool
    """True if it sees the snapshots of other roles, such as a dump that still reads deleted rows."""


async def privileges(address: Address, schemas: Sequence[Schema]) -> Privileges:
    """Query the privileges of the address's role; StoreUnavailableError."""
    tables = [name for schema in schemas for name in schema.tables.tables]
    ledger = [name for name in LEDGER.tables.tables if LEDGER in schemas]
    try:
        connection = await connect_postgresql(address, "gateway-privileges", 5.0)
        try:
            row = await connection.fetchrow(FACTS, tables, ledger)
        finally:
            await connection.close()
    except DRIVER_ERRORS as error:
        raise unavailable(error) from None
    if row is None:
        raise LookupError("an aggregate has one row")
    return Privileges(*row)


async def _differing(address: Address) -> list[str]:
    """Return the settings of a session of this address that are not those of `gateway db grants`."""
    try:
        connection = await connect_postgresql(address, "gateway-privileges", 5.0)
        try:
            held = {row["name"]: row["held"] for row in await connection.fetch(SETTINGS, list(ROLE_SETTINGS))}
        finally:
            await connection.close()
    except DRIVER_ERRORS as error:
        raise unavailable(error) from None
    return [f"{name} is {held[name]}" for name, wanted in ROLE_SETTINGS.items() if held[name] != wanted]


async def sampled(address: Address, schemas: Sequence[Schema]) -> list[str]:
    """Return the columns that PostgreSQL samples and must not sample; StoreUnavailableError."""
    try:
        connection = await connect_postgresql(address, "gateway-privileges", 5.0)
        try:
            columns, elsewhere = await connection.fetch(FOUND), await connection.fetch(ELSEWHERE)
        finally:
            await connection.close()
    except DRIVER_ERRORS as error:
        raise unavailable(error) from None
    return [place for schema in schemas for place in samples(columns, elsewhere, schema.tables)]


def grants_command(owner: str, serving: str, database: str) -> str:
    """Return the command with which the server's administrator lets the owner's role see snapshots."""
    if owner == serving:
        return f'psql -c "GRANT pg_read_all_stats TO {owner}"'
    return f"gateway db grants --owner {owner} --serving {serving} --database {database} | psql {database}"


async def complaints(config: StoreConfig, working: bool = True) -> list[str]:
    """Return a sentence for each problem of the roles that an operator should fix; none on SQLite, which has no roles.

    A process that only serves, and leaves erasures to others (not `working`), does not need the owner's role.
    """
    found = []
    for address, schemas in by_database(config).items():
        name, served = address.url.database, await privileges(address, schemas)
        owner = config.maintained(address)
        kept = served if owner is address else await privileges(owner, schemas)
        if working and not kept.owns_all:
            found.append(
                f"Erasures cannot be finished: {kept.role} does not own the tables of {name}, and so cannot vacuum "
                "what was deleted. Set GATEWAY_MAINTENANCE_URL to the address of the role that owns them."
            )
        elif working and not kept.sees:
            command = grants_command(kept.role, served.role, str(name))
            found.append(
                f"Erasures cannot be finished: {kept.role} may not see whose snapshots keep what was removed in "
                f"{name}. Run `{command}` as the server's administrator."
            )
        if address.pooled and (differing := await _differing(address)):
            found.append(
                f"Behind a pooler the settings of the role {served.role} hold, and in {name} they are not what the "
                f"gateway relies on: {', '.join(differing)}. Run what `gateway db grants` prints, as the administrator."
            )
        if places := await sampled(owner, schemas):
            found.append(
                f"PostgreSQL keeps samples of what is erased, in its statistics of {name}: {', '.join(places)}. Run "
                "`gateway db upgrade`, and drop extended statistics and indexes that were added by hand."
            )
        more = [
            said
            for said, true in (
                ("is a superuser", served.superuser),
                ("owns tables", served.owns_some),
                ("may change and delete what stands in the ledger", served.rewrites_ledger),
            )
            if true
        ]
        if more:
            found.append(
                f"The role that serves, {served.role}, could do more than serve in {name}: it {' and '.join(more)}. "
                "`gateway db grants` prints what to run."
            )
    return found
