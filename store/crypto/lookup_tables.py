"""The tables of look-ups: blind indexes of values, in the key store's database and never beside the data."""

from __future__ import annotations

import secrets

from sqlalchemy import Index, Integer, LargeBinary, String, UniqueConstraint, text

from policy.categories import Category
from policy.retention import RetentionRule
from store.crypto.blind_index import Lookup
from store.sql.metadata import Id, Instant, choice, identity, key_metadata, plain, table

KINDS = tuple(kind.name for kind in Lookup)
REF_BYTES = 8

lookup_epochs = table(
    "lookup_epochs",
    RetentionRule.KEYS,
    plain("epoch", Integer, None, primary_key=True, autoincrement=False),
    plain("root_version", Integer, None),
    plain("wrapped", LargeBinary, None, output=False),
    plain("made_at", Instant, None),
    plain("ended_at", Instant, None, nullable=True),
    within=key_metadata,
)
"""The keys that encrypt the blind indexes. They are never rewrapped: a new root key brings a new one, and the old one
is destroyed with its root key (`store.crypto.lookup_rotation`). Exactly one has not ended."""

lookups = table(
    "lookups",
    RetentionRule.KEYS,
    choice("kind", KINDS, None, primary_key=True),
    plain("mark", LargeBinary(16), Category.CUSTOMER_ID, primary_key=True, output=False),
    plain("scope", String(20), None, primary_key=True),
    plain("epoch", Integer, None, index=True),
    plain("customer_id", Id, Category.CUSTOMER_ID, index=True),
    plain("row_id", Id, None),
    plain("ref", LargeBinary(REF_BYTES), None, output=False),
    plain("reservation", Id, None, nullable=True),
    Index(
        "ix_lookups_reservation",
        "reservation",
        postgresql_where=text("reservation IS NOT NULL"),
        sqlite_where=text("reservation IS NOT NULL"),
    ),
    within=key_metadata,
)
"""The owner of a value. `mark` is the value's blind index, encrypted under the key of `epoch`. `scope` is the range in
which it is unique: the platform of a login name, the row of a domain whose registration has ended or of a value that
several customers may have, else empty. A look-up is valid while the row `row_id` of the data has the same random `ref`
(`store.lookups.holders`). `reservation` is the number of the change that reserved or releases it, and null once the
outcome in the data was observed."""

lookup_changes = table(
    "lookup_changes",
    RetentionRule.KEYS,
    identity(),
    choice("kind", KINDS, None),
    plain("row_id", Id, None),
    plain("scope", String(20), None),
    plain("mark", LargeBinary(16), Category.CUSTOMER_ID, output=False),
    plain("epoch", Integer, None, index=True),
    plain("customer_id", Id, Category.CUSTOMER_ID, index=True),
    plain("ref", LargeBinary(REF_BYTES), None, nullable=True, output=False),
    UniqueConstraint("kind", "row_id"),
    Index(None, "kind", "mark", "scope"),
    within=key_metadata,
)
"""Rows of the data that get a new form of their look-up (`store.upgrade.reindexing`), each with the `ref` that it had
when it was read. A row that stays here collides with another row in its new form."""

MARKED = (lookups, lookup_changes)
"""The tables with marks."""


def new_ref() -> bytes:
    """Return a random number that links a row of the data to its look-up; one of the two alone reveals nothing."""
    return secrets.token_bytes(REF_BYTES)
