"""A gateway whose answers go wrong on purpose: the real front door before an API that does what its document says.

Run as a process of its own; prints a token, then serves. The documents are `ok`, `echo`, `wait SECONDS`, `hold` (until
the file `let-go` is there), `explode`, `unavailable` and `refused`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import orjson
from sqlalchemy import insert

from gateway.api.readiness import Readiness
from gateway.commands.serving import make_budgets
from gateway.config import logs, settings
from gateway.http import server
from gateway.run.app import Parts, build
from gateway.run.serving import open_services
from gateway.run.stores import store_config
from policy.grant import Grant
from schema.documents.requests import Outcome, Request, RequestOutcome
from store.database.migrate import upgrade
from store.database.store import Store
from store.registers.clients import clients
from store.sql.metadata import instant

SECRET = "amelie.fontaine@example.com"
"""Stands for a value that must not get out of an error (D1)."""


class StandIn:
    """Notes in a file when work begins, ends or is cancelled."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes

    def note(self, text: str) -> None:
        """Add a line."""
        with self._notes.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    async def is_registered(self, client_id: str, hash_: str) -> bool:
        """No document is."""
        return False

    async def execute(self, request: Request, grant: Grant) -> Outcome:
        """Do what the document says."""
        match (request.query or "").split():
            case ["wait", seconds]:
                return await self._wait(float(seconds))
            case ["hold"]:
                return await self._hold()
            case ["explode"]:
                raise ValueError(f"something about {SECRET}")
            case ["unavailable"]:
                return Outcome(RequestOutcome.UNAVAILABLE, b'{"errors":[{"message":"down"}]}', retry_after=7)
            case ["refused"]:
                return Outcome(RequestOutcome.REFUSED, b'{"errors":[{"message":"no"}]}')
            case ["echo"]:
                facts = {name: getattr(request, name) for name in Request.__slots__}
                return Outcome(RequestOutcome.OK, orjson.dumps({"data": facts | {"client": grant.client_id}}))
            case _:
                return Outcome(RequestOutcome.OK, b'{"data":{"ok":true}}')

    async def _hold(self) -> Outcome:
        self.note("begun")
        while not self._notes.with_name("let-go").exists():  # noqa: ASYNC110  (another process makes it)
            await asyncio.sleep(0.02)
        self.note("ended")
        return Outcome(RequestOutcome.OK, b'{"data":{"waited":true}}')

    async def _wait(self, seconds: float) -> Outcome:
        self.note("begun")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.note("cancelled")
            raise
        self.note("ended")
        return Outcome(RequestOutcome.OK, b'{"data":{"waited":true}}')


async def register(store: Store, client: str = "tester") -> None:
    """Register a client that may do nothing in particular."""
    row = {
        "id": client, "name": client, "purposes": "[]", "scopes": "[]", "refusal": "REFUSE", "documents_only": False,
        "introspection": False, "max_page": 10, "created_at": instant("2026-01-01T00:00:00Z"),
    }  # fmt: skip
    async with store.write() as connection:
        await connection.execute(insert(clients).values(row))


async def main() -> None:
    """Serve until stopped."""
    found = settings.read(os.environ, demo=True)
    logs.configure("text")
    await upgrade(store_config(found))
    async with open_services(found) as works:
        for client in ("tester", "other"):
            await register(works.store, client)
            (found.data_dir / f"{client}.token").write_text(await works.tokens.mint(client, [], 600))
        parts = Parts(
            settings=found,
            api=StandIn(found.data_dir / "notes.txt"),
            authenticator=works.authenticator,
            persons=works.persons,
            keys=works.keys,
            budgets=make_budgets(found),
            ready=Readiness(works.store.ready, works.revocations.follow),
            rules={},
        )
        listening = server.listen(found.host, found.port)
        await server.serve(build(parts), found, listening, lambda: None)
    (found.data_dir / "closed.txt").write_text(str(time.time()))


if __name__ == "__main__":
    server.run(main())
    sys.exit(0)
