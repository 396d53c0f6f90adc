"""The index of subjects has a few bytes for each name of each entry: a log, and runs made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import sqlalchemy as sa
from alembic import op

from store.ledger.batches import subjects_of
from store.merkle.postings import LogRow

revision = "ledger_0004"
down_revision = "ledger_0003"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

PAGE = 500
"""Entries of a row of the log."""

PRUNED = "EXISTS (SELECT 1 FROM ledger_tree WHERE OLD.first < pruned_to)"
IN_A_RUN = (
    "(SELECT beyond FROM ledger_runs WHERE part = 0 AND first <= OLD.first ORDER BY first DESC LIMIT 1) > OLD.first"
)
LONGER = (
    "NEW.part = OLD.part AND NEW.first = OLD.first AND NEW.beyond >= OLD.beyond"
    " AND substr(NEW.postings, 1, length(OLD.postings)) = OLD.postings"
)

MAY_GO = {"ledger_postings": f"{PRUNED} OR COALESCE({IN_A_RUN}, 1 = 0)", "ledger_runs": PRUNED}
"""When a row may be deleted."""

MAY_CHANGE = {"ledger_postings": "1 = 0", "ledger_runs": LONGER}
"""When a row may be changed."""

SQLITE_GUARD = """
    CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table} WHEN NOT ({condition})
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
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

ENTRIES = sa.text("""
    SELECT leaf_index, entry FROM ledger_leaves JOIN ledger_entries ON ledger_entries.sequence = ledger_leaves.sequence
    WHERE leaf_index > :after ORDER BY leaf_index LIMIT :most
""")


def upgrade() -> None:
    create_tables()
    # Recomputed from the entries, as `gateway ledger verify --index` does, and not taken over.
    for row in rows_of_entries():
        op.get_bind().execute(
            sa.text("INSERT INTO ledger_postings (first, counts, marks) VALUES (:first, :counts, :marks)"),
            {"first": row.first, "counts": row.counts, "marks": row.marks},
        )
    if op.get_bind().dialect.name == "sqlite":
        guard_sqlite()
    else:
        guard_postgresql()
    op.drop_table("ledger_subjects")
    if op.get_bind().dialect.name != "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(f"DROP FUNCTION ledger_subjects_{verb}()")


def create_tables() -> None:
    op.create_table(
        "ledger_postings",
        sa.Column("first", Id, autoincrement=False, nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_ledger_postings")),
    )
    op.create_table(
        "ledger_runs",
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first", Id, autoincrement=False, nullable=False),
        sa.Column("beyond", Id, nullable=False),
        sa.Column("postings", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("part", "first", name=op.f("pk_ledger_runs")),
    )


def rows_of_entries() -> Iterator[LogRow]:
    """The log of all entries that are leaves and were not pruned, a page in memory at a time."""
    after = -1
    while page := op.get_bind().execute(ENTRIES, {"after": after, "most": PAGE}).all():
        after = page[-1][0]
        # Leaves are numbered without a gap; should one be missing, the next row begins after it.
        for _, some in groupby(enumerate(page), lambda each: each[1][0] - each[0]):
            yield _row([(leaf, bytes(entry)) for _, (leaf, entry) in some])


def _row(entries: Sequence[tuple[int, bytes]]) -> LogRow:
    return LogRow.of(entries[0][0], [subjects_of(entry) for _, entry in entries])


def guard_sqlite() -> None:
    for verb, conditions in (("DELETE", MAY_GO), ("UPDATE", MAY_CHANGE)):
        for table, condition in conditions.items():
            op.execute(SQLITE_GUARD.format(table=table, verb=verb, condition=condition))


def guard_postgresql() -> None:
    for verb, row, conditions in (("DELETE", "OLD", MAY_GO), ("UPDATE", "NEW", MAY_CHANGE)):
        for table, condition in conditions.items():
            op.execute(GUARD_FUNCTION.format(table=table, verb=verb, row=row, condition=condition))
            op.execute(GUARD_TRIGGER.format(table=table, verb=verb))
    for table in MAY_GO:
        op.execute(TRUNCATE_TRIGGER.format(table=table))
    # Marks are random, so they do not compress.
    op.execute("ALTER TABLE ledger_postings ALTER COLUMN marks SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE ledger_runs ALTER COLUMN postings SET STORAGE EXTERNAL")
