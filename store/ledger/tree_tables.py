"""The tables of the ledger's Merkle tree: leaves, hashes, index, keys and checkpoints."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, String, Text

from policy.categories import Category
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, ledger_metadata, plain, table

ledger_tree = table(
    "ledger_tree",
    RetentionRule.LEDGER,
    plain("id", Integer, None, primary_key=True, autoincrement=False),
    plain("size", BigInteger, None),
    plain("pruned_to", BigInteger, None),
    plain("fence", BigInteger, None),
    plain("holder", String(32), None),
    plain("held_until", BigInteger, None),
    CheckConstraint("pruned_to BETWEEN 0 AND size", name="pruned_to"),
    within=ledger_metadata,
)
"""One row. The entries of leaves below `pruned_to` are pruned. `holder` has the sealer's lease until `held_until`
(milliseconds since 1970); each new holder raises the fencing number `fence`, so that writes of an earlier one are
refused. Sizes only increase (triggers)."""

TREE = 1
"""The id of that row."""

ledger_pending = table(
    "ledger_pending",
    RetentionRule.LEDGER,
    plain("sequence", Id, None, primary_key=True, autoincrement=False),
    within=ledger_metadata,
)
"""The entries that are not in the tree yet. A trigger adds them in the transaction of the entry itself, and another one
allows their deletion only once they are leaves: so even if a transaction commits late, its entries are neither skipped
nor lost."""

ledger_leaves = table(
    "ledger_leaves",
    RetentionRule.LEDGER,
    plain("leaf_index", Id, None, primary_key=True, autoincrement=False),
    plain("sequence", Id, None, unique=True),
    plain("mark", BigInteger, None),
    Index(None, "mark"),
    within=ledger_metadata,
)
"""The leaf of each entry, until the entry is pruned. `mark` is the first 8 bytes of the leaf hash, to find a leaf by
its hash with an index of a quarter of the size. A row never changes (triggers)."""

ledger_tiles = table(
    "ledger_tiles",
    RetentionRule.LEDGER,
    plain("place", Id, None, primary_key=True, autoincrement=False),
    plain("hashes", LargeBinary, None),
    within=ledger_metadata,
)
"""The hashes of the tree (`store.merkle.tiles`); they stay when entries are pruned. A tile only grows (triggers)."""

ledger_postings = table(
    "ledger_postings",
    RetentionRule.LEDGER,
    plain("first", Id, None, primary_key=True, autoincrement=False),
    plain("counts", LargeBinary, None),
    plain("marks", LargeBinary, Category.CUSTOMER_ID),
    within=ledger_metadata,
)
"""The log of the index of subjects (`store.merkle.postings`): a row for each batch that became leaves. It goes when a
run has what it has (triggers)."""

ledger_runs = table(
    "ledger_runs",
    RetentionRule.LEDGER,
    plain("part", Integer, None, primary_key=True, autoincrement=False),
    plain("first", Id, None, primary_key=True, autoincrement=False),
    plain("beyond", Id, None),
    plain("postings", LargeBinary, Category.CUSTOMER_ID),
    within=ledger_metadata,
)
"""The runs of the index of subjects, each made of many rows of the log: from the mark of a customer's pseudonym, which
needs the customer's key, to the leaves about them, from `first` to the one before `beyond`. A run has one row for each
of its 64 parts."""

ledger_keys = table(
    "ledger_keys",
    RetentionRule.KEYS,
    plain("number", Integer, None, primary_key=True, autoincrement=False),
    plain("origin", Text, None),
    plain("public", LargeBinary, None),
    plain("created_at", Instant, None),
    plain("retired_at", Instant, None, nullable=True),
    within=ledger_metadata,
)
"""The public keys that sign checkpoints; the private keys are `ledger-<number>` in the key store."""

ledger_checkpoints = table(
    "ledger_checkpoints",
    RetentionRule.LEDGER,
    plain("size", BigInteger, None, primary_key=True, autoincrement=False),
    plain("key_number", Integer, None, primary_key=True, autoincrement=False),
    plain("root", LargeBinary, None),
    plain("note", Text, None),
    plain("signed_at", Instant, None),
    within=ledger_metadata,
)
"""All signed checkpoints; `key_number` is the newest key that signed. A row never changes (triggers)."""
