"""The Merkle tree: which entry is which leaf, the hashes over them, and what was signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "ledger_0002"
down_revision = "ledger_0001"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

NEVER = "1 = 0"
PRUNED = "EXISTS (SELECT 1 FROM ledger_tree WHERE OLD.leaf_index < pruned_to)"

MAY_GO = {
    "ledger_entries": "EXISTS (SELECT 1 FROM ledger_leaves JOIN ledger_tree ON leaf_index < pruned_to"
    " WHERE sequence = OLD.sequence)",
    "ledger_pending": "EXISTS (SELECT 1 FROM ledger_leaves WHERE sequence = OLD.sequence)",
    "ledger_leaves": PRUNED,
    "ledger_subjects": PRUNED,
    "ledger_checkpoints": "EXISTS (SELECT 1 FROM ledger_tree WHERE OLD.size <= pruned_to)",
    "ledger_tiles": NEVER,
    "ledger_tree": NEVER,
    "ledger_keys": NEVER,
}
"""When a row may be deleted."""

MAY_CHANGE = {
    "ledger_entries": NEVER,
    "ledger_pending": NEVER,
    "ledger_leaves": NEVER,
    "ledger_subjects": NEVER,
    "ledger_checkpoints": NEVER,
    "ledger_tiles": "length(NEW.hashes) <= 8192 AND substr(NEW.hashes, 1, length(OLD.hashes)) = OLD.hashes",
    "ledger_tree": "NEW.size >= OLD.size AND NEW.pruned_to >= OLD.pruned_to AND NEW.fence >= OLD.fence",
    "ledger_keys": "NEW.public = OLD.public AND NEW.origin = OLD.origin AND OLD.retired_at IS NULL",
}
"""When a row may be changed."""

SQLITE_GUARD = """
    CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table} WHEN NOT ({condition})
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
"""

SQLITE_PENDING = """
    CREATE TRIGGER ledger_entries_pending AFTER INSERT ON ledger_entries
    BEGIN INSERT INTO ledger_pending (sequence) VALUES (NEW.sequence); END
"""

GUARD_FUNCTION = """
    CREATE FUNCTION {table}_{verb}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NOT ({condition}) THEN RAISE EXCEPTION 'the ledger is append-only'; END IF;
        RETURN {row};
    END $$
"""

GUARD_TRIGGER = """
    CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_{verb}()
"""

TRUNCATE_TRIGGER = """
    CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
"""

PENDING_FUNCTION = """
    CREATE FUNCTION ledger_entries_pending() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO ledger_pending (sequence) SELECT sequence FROM added;
        RETURN NULL;
    END $$
"""

PENDING_TRIGGER = """
    CREATE TRIGGER ledger_entries_pending AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_pending()
"""


def upgrade() -> None:
    create_tables()
    if op.get_bind().dialect.name == "sqlite":
        guard_sqlite()
    else:
        guard_postgresql()
    # The triggers above have locked the entries: what was there before them is all that they have not seen.
    op.execute("INSERT INTO ledger_pending (sequence) SELECT sequence FROM ledger_entries")


def create_tables() -> None:
    op.create_table(
        "ledger_tree",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("pruned_to", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("pruned_to BETWEEN 0 AND size", name=op.f("ck_ledger_tree_pruned_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_tree")),
    )
    op.create_table(
        "ledger_pending",
        sa.Column("sequence", Id, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_ledger_pending")),
    )
    op.create_table(
        "ledger_leaves",
        sa.Column("leaf_index", Id, autoincrement=False, nullable=False),
        sa.Column("sequence", Id, nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_ledger_leaves")),
        sa.UniqueConstraint("sequence", name=op.f("uq_ledger_leaves_sequence")),
    )
    op.create_index(op.f("ix_ledger_leaves_mark"), "ledger_leaves", ["mark"], unique=False)
    op.create_table(
        "ledger_tiles",
        sa.Column("place", Id, autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_ledger_tiles")),
    )
    op.create_table(
        "ledger_subjects",
        sa.Column("pseudonym", sa.String(length=22), nullable=False),
        sa.Column("leaf_index", Id, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", "leaf_index", name=op.f("pk_ledger_subjects")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_keys",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ledger_keys")),
    )
    op.create_table(
        "ledger_checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("size", "key_number", name=op.f("pk_ledger_checkpoints")),
    )


def guard_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(f"DROP TRIGGER ledger_entries_no_{verb}")
    for verb, conditions in (("DELETE", MAY_GO), ("UPDATE", MAY_CHANGE)):
        for table, condition in conditions.items():
            op.execute(SQLITE_GUARD.format(table=table, verb=verb, condition=condition))
    op.execute(SQLITE_PENDING)


def guard_postgresql() -> None:
    op.execute("DROP TRIGGER ledger_entries_no_change ON ledger_entries")
    for verb, row, conditions in (("DELETE", "OLD", MAY_GO), ("UPDATE", "NEW", MAY_CHANGE)):
        for table, condition in conditions.items():
            op.execute(GUARD_FUNCTION.format(table=table, verb=verb, row=row, condition=condition))
            op.execute(GUARD_TRIGGER.format(table=table, verb=verb))
    for table in MAY_GO:
        op.execute(TRUNCATE_TRIGGER.format(table=table))
    op.execute(PENDING_FUNCTION)
    op.execute(PENDING_TRIGGER)
    op.execute("ALTER TABLE ledger_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL")  # Hashes do not compress.
