"""The content of a sanitised copy by table and column, from the declarations: none is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import Boolean, Column, Table

from gateway.demo.copies.fields import FIELDS, Maker, Row, as_is, nothing, shifted
from gateway.demo.copies.generators import GENERATORS
from gateway.demo.copies.invented import InventedPerson
from resolvers.customers.registration import FINGERPRINTS
from store.database.schemas import MAIN
from store.lookups.holders import PLACES
from store.sql.metadata import Instant, Sealing

SECRETS = "secrets of sessions and links, which are the person's who has them"
PROOFS = "proofs of erasures: of people who are gone, under keys that the copy does not have"
MISUSE = "keyed marks of who tried what"
LETTERS = "letters, and files made for a person"
PRODUCTION = "registered addresses, secrets and staff of the original: a copy must not reach out in its name"
SIGNED = "orders that staff signed, and emergencies that they opened"
RUNS = "runs of imports from other systems"
PAPERS = "papers released for the original"
COUNTS = "counts and dates of how programs use the original"
OWN = "the state of the store itself, which the copy has of its own"

LEFT_OUT: Final[Mapping[str, str]] = {
    "affiliates": PRODUCTION,
    "alarm_links": SECRETS,
    "client_grants": COUNTS,
    "client_reach": COUNTS,
    "command_keys": MISUSE,
    "email_links": SECRETS,
    "emergency_grants": SIGNED,
    "erasure_count": OWN,
    "erasure_letters": PROOFS,
    "erasure_recipients": PROOFS,
    "erasure_steps": PROOFS,
    "export_parts": LETTERS,
    "exports": LETTERS,
    "guesses": MISUSE,
    "import_rows": RUNS,
    "imports": RUNS,
    "index_rebuilds": OWN,
    "known_devices": SECRETS,
    "legal_requests": SIGNED,
    "lookup_count": OWN,
    "oauth_codes": SECRETS,
    "oauth_families": SECRETS,
    "oauth_secrets": PRODUCTION,
    "observed_documents": COUNTS,
    "outbox": LETTERS,
    "paper_forms": PAPERS,
    "papers": PAPERS,
    "partners": PRODUCTION,
    "passkey_challenges": SECRETS,
    "pending_sign_ins": SECRETS,
    "recipient_contacts": PRODUCTION,
    "refusal_counts": COUNTS,
    "reset_links": SECRETS,
    "revocations": MISUSE,
    "session_proofs": SECRETS,
    "slowdowns": MISUSE,
    "staff": PRODUCTION,
    "staff_keys": PRODUCTION,
    "used_values": MISUSE,
    "value_rewrites": OWN,
    "webhooks": PRODUCTION,
}
"""By table of the main database, why the copy has no row of it. Ledger and key store are the copy's own, and begin
empty."""

REGISTERED: Final = ("clients", "oauth_clients", "documents", "document_releases")
"""The programs, without their secrets (`gateway.demo.copies.programs`)."""


class UndeclaredCopyError(Exception):
    """A table, or a column, of which nobody said what a copy has of it."""


@cache
def copied() -> tuple[Table, ...]:
    """The tables with rows of customers that a copy has, referenced ones before those that refer to them."""
    listed = [each for each in MAIN.tables.sorted_tables if str(each.name) not in {*LEFT_OUT, *REGISTERED}]
    for each in listed:
        if each.name != "customers" and "customer_id" not in each.c:
            raise UndeclaredCopyError(f"{each.name}: say in gateway/demo/copies/rules.py why a copy has no row of it")
    # Last, what points to another table without a foreign key.
    last = {name.partition(".")[0] for name in ALSO}
    return tuple(sorted(listed, key=lambda each: str(each.name) in last))


@cache
def referred() -> frozenset[str]:
    """The names of tables whose rows others refer to: only of these a copy remembers which row became which."""
    keys = (key for each in copied() for column in each.c for key in column.foreign_keys)
    return frozenset({*(str(key.column.table.name) for key in keys), *ALSO.values(), RESULT})


@cache
def makers(table: Table) -> Mapping[str, Maker]:
    """How each column of a copied table is made, but keys and what registering adds: look-ups and keyed hashes.

    UndeclaredCopyError for a column that nobody declared.
    """
    added = {place.ref for place in PLACES.values()} | FINGERPRINTS.keys()
    return {str(each.name): _maker(each) for each in table.c if each not in added and not points(each)}


def points(column: Column[Any]) -> bool:
    """Whether it holds the key of a row of customers: the row's own, its owner's, or a related row's."""
    own = column.primary_key or column.name == "customer_id"
    of_rows = any(key.column.table.name not in REGISTERED for key in column.foreign_keys)
    return own or of_rows or "relation" in column.info or str(column) in ALSO


ALSO: Final[Mapping[str, str]] = {"notice_recipients.notice_id": "notices"}
"""Columns that point to a row of a table without a foreign key."""


RESULT: Final = "erasures"
"""The table of a result (`store.sql.metadata.one_of_several`) that a copy has: it has no exports."""


def _maker(column: Column[Any]) -> Maker:
    name = str(column)
    if (named := FIELDS.get(name)) is not None:
        return named
    if column.info.get("staff") and column.nullable:
        return nothing
    if (sealing := column.info.get("sealing")) is not None:
        return _sealed(column, sealing)
    if "choices" in column.info or isinstance(column.type, Boolean):
        return as_is
    if isinstance(column.type, Instant):
        return shifted
    if column.foreign_keys:  # To a program.
        return FIELDS["customer_changes.client"]
    raise UndeclaredCopyError(f"{name}: say in gateway/demo/copies/fields.py what a copy has in its place")


def _sealed(column: Column[Any], sealing: Sealing) -> Maker:
    try:
        whole = GENERATORS[sealing.category]
        parts = [(part, GENERATORS[category]) for part, category in sealing.parts.items()]
    except KeyError as missing:
        raise UndeclaredCopyError(
            f"{column}: {missing} has no generator in gateway/demo/copies/generators.py"
        ) from None

    def made(who: InventedPerson, row: Row, value: Any, id_: int) -> Any:
        return tuple(generator(who, part) for part, generator in parts) if parts else whole(who, "")

    return made
