"""Erases what is due and kills itself at a step: before its transaction, or right after it; made to be killed."""

from __future__ import annotations

import os
import signal
from datetime import datetime
from typing import Any

from policy.erasing import Step
from store.database.config import StoreConfig
from store.ledger.sealer import Tree
from tests.erasure.house import House
from tests.promises.gate import Gate
from tests.store.elsewhere import main
from tests.stores import opened
from workers.erasure.steps import Steps


def die() -> None:
    """As a machine that loses its power."""
    os.kill(os.getpid(), signal.SIGKILL)


async def work(config: StoreConfig, said: list[str]) -> None:
    step, when, now = said
    do, certify, clean = Steps.do, Steps.certify, Steps.clean

    async def doing(self: Steps, case: Any, this: Step, *more: Any) -> None:
        if (this.name, "before") == (step, when):
            die()
        await do(self, case, this, *more)
        if (this.name, "after") == (step, when):
            die()

    async def cleaning(self: Steps) -> None:
        if (step, when) == ("FILES", "within"):
            die()
        await clean(self)

    async def certifying(self: Steps, *more: Any) -> None:
        if (step, when) == ("CERTIFICATE", "before"):
            die()
        if (step, when) == ("CERTIFICATE", "within"):

            async def recorded(entry: Any) -> bytes:
                await append(entry)
                die()
                return b""

            append = self._store.ledger.append
            self._store.ledger.append = recorded  # type: ignore[method-assign]
        await certify(self, *more)
        if (step, when) == ("CERTIFICATE", "after"):
            die()

    Steps.do, Steps.certify, Steps.clean = doing, certifying, cleaning  # type: ignore[method-assign]
    async with opened(config) as store:
        tree = Tree.at(config.ledger)
        gate = Gate(store, (), ())
        gate.clock.now = datetime.fromisoformat(now)
        house = House(gate, tree)
        while await house.worker.step():
            pass
        await tree.close()


if __name__ == "__main__":
    main(work)
