"""The gateways that the tests of the front door share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.gateway.servers import Running, command, running


@dataclass(frozen=True)
class Demo:
    """A running demo, and tokens for it."""

    server: Running
    folder: Path
    tokens: dict[str, str]

    @property
    def url(self) -> str:
        """Where questions go."""
        return f"{self.server.url}/graphql"

    def headers(self, name: str = "billing", **more: str) -> dict[str, str]:
        """The header that says who asks."""
        return {"authorization": f"Bearer {self.tokens[name]}"} | more

    def token(self, name: str) -> str:
        """A token by the command that prints one."""
        done = command(["token", name], self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo as `make run` serves it."""
    folder = tmp_path_factory.mktemp("demo")
    with running(["-m", "gateway", "demo"], folder) as server:
        listed = httpx.get(f"{server.url}/demo/tokens").json()["tokens"]
        yield Demo(server, folder, {each["name"]: each["token"] for each in listed})


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """An HTTP client that adds nothing of its own to a request."""
    with httpx.Client(timeout=120) as client:
        client.headers.clear()
        yield client
