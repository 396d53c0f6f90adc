"""Upgrades the databases it is told of, with or without a pause in the middle in which it can be killed."""

from __future__ import annotations

import time
from typing import Any

from store.database import migrate
from store.database.config import StoreConfig
from tests.store.elsewhere import main, say


async def work(config: StoreConfig, arguments: list[str]) -> None:
    if arguments:  # The set of tables after whose migration, and before whose commit, it waits.
        run = migrate.run

        def pausing(connection: Any, schema: Any) -> None:
            run(connection, schema)
            if schema.name == arguments[0]:
                say("in the middle")
                time.sleep(60)

        migrate.run = pausing
    say("begins")
    await migrate.upgrade(config)
    say("done")


if __name__ == "__main__":
    main(work)
