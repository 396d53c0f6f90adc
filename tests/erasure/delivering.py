"""Delivers what waits in the outbox, and kills itself once a receiver has taken a message, before that is noted."""

from __future__ import annotations

import os
import signal
from datetime import datetime
from typing import Any

from store.database.config import StoreConfig
from tests.store.elsewhere import main
from tests.stores import opened
from workers.http.client import HttpClient
from workers.outbox.receivers import Receivers
from workers.outbox.worker import Deliverer


async def work(config: StoreConfig, said: list[str]) -> None:
    async def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    Deliverer._settle = die  # type: ignore[method-assign]
    async with opened(config) as store:
        worker = Deliverer(store, Receivers(store, HttpClient()), lambda: datetime.fromisoformat(said[0]))
        await worker.look()
        await worker.settle_all()


if __name__ == "__main__":
    main(work)
