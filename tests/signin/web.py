"""Replicas of the real gateway on one store, and a visitor who has a browser without scripts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TypeVar

import httpx

from store.database.config import StoreConfig
from store.database.store import Store
from tests.gateway.servers import Running, running
from tests.signin.people import Person, add_person
from tests.stores import Databases, opened

Result = TypeVar("Result")
ISSUER = "https://data.example"


@dataclass
class Web:
    """The replicas, and the store behind them."""

    config: StoreConfig
    replicas: list[Running]

    def on_store(self, work: Callable[[Store], Awaitable[Result]]) -> Result:
        """Do something to the store from this process."""

        async def run() -> Result:
            async with opened(self.config) as store:
                return await work(store)

        return asyncio.run(run())

    def add(self, count: int, totp: bool = False) -> list[Person]:
        """Register so many customers."""

        async def work(store: Store) -> list[Person]:
            return [await add_person(store, totp) for _ in range(count)]

        return self.on_store(work)

    def log(self) -> str:
        """Everything that the replicas have logged."""
        return "".join(replica.log() for replica in self.replicas)


@contextmanager
def serving(kind: str, databases: Databases, folder: Path, replicas: int = 2, **more: str) -> Iterator[Web]:
    """Start the replicas, behind a proxy that is trusted to name the client's address; `more` are further settings."""
    with asyncio.Runner() as runner, ExitStack() as stack:
        fresh = databases.fresh(kind)
        config = runner.run(fresh.__aenter__())
        stack.callback(lambda: runner.run(fresh.__aexit__(None, None, None)))
        settings = {
            "GATEWAY_ISSUER": ISSUER,
            "GATEWAY_DATABASE_URL": config.database_url,
            "GATEWAY_KEY_STORE_URL": config.key_store_url,
            "GATEWAY_ROOT_KEY_PATH": str(config.root_key_path),
            "GATEWAY_PROXIES": "127.0.0.1",
            "GATEWAY_ACCESS_LOG": "yes",
            **more,
        }
        if config.ledger_url is not None:
            settings["GATEWAY_LEDGER_URL"] = config.ledger_url
        found = [stack.enter_context(running(["-m", "gateway", "serve"], folder, **settings)) for _ in range(replicas)]
        yield Web(config, found)


@dataclass
class Browser:
    """Follows links, sends forms, keeps cookies; nothing else."""

    url: str
    address: str = "192.0.2.7"
    cookies: dict[str, str] = field(default_factory=dict)
    page: httpx.Response | None = None

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Open an address of the house."""
        return self._keep(httpx.get(self.url + path, headers=self._headers(headers), timeout=30))

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form, as the last page had it or with other fields."""
        return self._keep(httpx.post(self.url + path, data=fields, headers=self._headers(headers), timeout=30))

    def send(self, **typed: str) -> httpx.Response:
        """Fill in the first form of the page and send it."""
        assert self.page is not None
        form = re.search(r'<form method="post" action="([^"]+)".*?</form>', self.page.text, re.S)
        assert form is not None, self.page.text
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form.group(0))
        fields = {name: unescape(value) for name, value in hidden} | typed
        return self.post(unescape(form.group(1)), fields)

    def sign_in(self, person: Person, **more: str) -> httpx.Response:
        """Open the page and give the right password."""
        self.get("/sign-in")
        return self.send(login=person.login, password=person.password, **more)

    def said(self) -> str:
        """What the page says to the person, above the form."""
        assert self.page is not None
        found = re.findall(r'<div class="notice error"[^>]*>(.*?)</div>', self.page.text, re.S)
        return unescape(re.sub(r"<[^>]+>", "", " ".join(found)))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"x-forwarded-for": self.address, "user-agent": "Firefox on Linux", "cookie": cookies}
        return headers | {name.replace("_", "-"): value for name, value in more.items()}

    def _keep(self, response: httpx.Response) -> httpx.Response:
        for text in response.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(text).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        self.page = response
        return response
