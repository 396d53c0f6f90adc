"""A running gateway with an assistant: a client whose published documents a language model may use."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.gateway.servers import Running, command

HERE = Path(__file__).parent
ERRANDS = HERE / "errands"
BOTH = ("--purpose", "INVOICING", "--purpose", "EMERGENCY_CONTACT")


@dataclass(frozen=True)
class Site:
    """A gateway, and what a test has to know of it."""

    server: Running
    folder: Path
    settings: dict[str, str]
    secrets: dict[str, str]

    @property
    def mcp(self) -> str:
        """Where agents ask, which is what their tokens must be meant for."""
        return f"{self.server.url}/mcp"

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command of the gateway; returns what it printed."""
        done = command(words, self.folder, **self.settings)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout.strip() if code == 0 else done.stderr

    def register(self, id_: str, *words: str) -> None:
        """Register a tool."""
        self.secrets[id_] = self.run("clients", "create", id_, "--kind", "tool", "--name", f"The tool {id_}", *words)

    def publish(self, client: str, *words: str, code: int = 0) -> str:
        """Publish documents for it."""
        return self.run("documents", "publish", client, *words, code=code)

    def asked(self, client: str, **form: Any) -> httpx.Response:
        """The response of the token endpoint."""
        form = {"grant_type": "client_credentials", "resource": self.mcp} | form
        form = {name: value for name, value in form.items() if value is not None}
        return httpx.post(f"{self.server.url}/oauth/token", data=form, auth=(client, self.secrets[client]))

    def token(self, client: str, **form: Any) -> str:
        """An access token, for /mcp unless the form says otherwise."""
        response = self.asked(client, **form)
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])

    def post(self, token: str | None, method: str = "tools/list", **headers: str) -> httpx.Response:
        """One request of the protocol, as bytes on the wire."""
        sent = {"accept": "application/json, text/event-stream"} | headers
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        return httpx.post(self.mcp, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": {}}, headers=sent)

    @asynccontextmanager
    async def session(self, token: str, **headers: str) -> AsyncIterator[Client]:
        """The real client of the protocol's own library."""
        sent = {"authorization": f"Bearer {token}"} | headers
        async with (
            httpx2.AsyncClient(headers=sent, timeout=60) as http,
            Client(streamable_http_client(self.mcp, http_client=http)) as client,
        ):
            yield client

    def entries(self) -> list[dict[str, Any]]:
        """The entries of the ledger, oldest first."""
        with closing(sqlite3.connect(self.folder / "ledger.db", timeout=30)) as connection:
            found = connection.execute("SELECT entry FROM ledger_entries ORDER BY sequence").fetchall()
        return [json.loads(entry) for (entry,) in found]


def text_of(result: Any) -> str:
    """The text of a call's result."""
    return "".join(each.text for each in result.content)
