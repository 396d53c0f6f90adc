"""For developers: drafts the migration from the last version to the present tables.

    python -m store.database.draft main "Customers have a salutation"

Read what it wrote: whether a column was renamed, or what rows that are there already get, only you know.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from alembic import command
from alembic.operations.ops import CreateTableOp, MigrationScript
from sqlalchemy import create_engine

from store.database.migrate import alembic_config, run
from store.database.schemas import SCHEMAS, Schema
from store.sql.metadata import Instant


def _render(kind: str, item: Any, context: Any) -> str | Literal[False]:
    if kind == "type" and isinstance(item, Instant):
        context.imports.add("from store.sql.metadata import Instant")
        return "Instant()"
    return False


def _without_info(context: Any, revision: Any, directives: list[MigrationScript]) -> None:
    # Categories and retention rules are declared in `store.tables` only; a migration must not repeat them.
    for script in directives:
        for operation in script.upgrade_ops.ops if script.upgrade_ops else ():
            if isinstance(operation, CreateTableOp):
                operation.info.clear()


def draft(schema: Schema, message: str, revision: str | None = None) -> None:
    """Compare the tables with a new database at the last version, and write the difference as a migration."""
    with TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'draft.db'}")
        with engine.begin() as connection:
            run(connection, schema)
            config = alembic_config(schema, connection=connection, render_item=_render)
            written: Any = command.revision(
                config,
                message,
                autogenerate=True,
                rev_id=revision or f"{schema.name}_{len(schema.versions) + 1:04}",
                version_path=config.get_main_option("version_locations"),
                process_revision_directives=_without_info,
            )
        engine.dispose()
    _format(Path(written.path))


def _format(path: Path) -> None:
    """As the other files are written: without Alembic's marks, and formatted (Ruff is there for developers)."""
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.strip().startswith("# ###")))
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", path], check=False)  # noqa: S603  (our own interpreter)


if __name__ == "__main__":
    which, sentence = sys.argv[1:]
    draft(next(schema for schema in SCHEMAS if schema.name == which), sentence)
