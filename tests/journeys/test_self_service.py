"""The whole self-service story by a client with generated types, while the receiver of events is killed and restarted.

graphql-codegen makes the types from the committed SDL, tsc checks the client against them, and it talks to a running
gateway; every event arrives, verified by the reference library, none lost, none out of order (F1).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from gateway.demo import FEATURED, demo_password
from gateway.demo.factors import demo_totp_secret
from store.database.config import StoreConfig
from store.database.store import open_store
from store.queue.messages import name_of
from tests.gateway.servers import Running, command, free_port, running
from tests.programs import install_npm, needs
from tests.signin.test_pages import now_code
from tests.signin.web import Browser

pytestmark = needs("node", "npm")

HERE = Path(__file__).parent
SCHEMA = HERE.parents[1] / "schema" / "schema.graphql"
VERIFIER = "a-verifier-that-is-long-enough-for-the-code-flow-0123456789"
KILLS = 4


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client, generated, checked and compiled."""
    folder = tmp_path_factory.mktemp("client")
    for name in ("package.json", "package-lock.json", "codegen.json", "tsconfig.json", "story.graphql", "story.ts"):
        shutil.copy(HERE / name, folder)
    shutil.copy(SCHEMA, folder)
    # The published types of the scalars, as a client takes them.
    config = json.loads((folder / "codegen.json").read_text())
    scalars = json.loads(SCHEMA.with_name("codegen-scalars.json").read_text())["typescript"]
    config["generates"]["generated.ts"]["config"]["scalars"] = scalars
    (folder / "codegen.json").write_text(json.dumps(config))
    install_npm(folder)
    for step in (["npx", "graphql-codegen", "--config", "codegen.json"], ["npx", "tsc", "-p", "."]):
        done = subprocess.run(step, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, f"{step}: {done.stdout}{done.stderr}"
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    folder = tmp_path_factory.mktemp("demo")
    with running(["-m", "gateway", "demo"], folder) as server:
        yield server, folder


class Receiver:
    """A second process, on the same port whenever it runs."""

    def __init__(self, secret: str, port: int, notes: Path) -> None:
        self.secret, self.port, self.notes = secret, port, notes
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = [sys.executable, str(HERE / "receiver.py"), str(self.port), self.secret, str(self.notes)]
        self.process = subprocess.Popen(arguments)

    def kill(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def got_of(self, customer: str) -> list[dict[str, Any]]:
        """The events about one customer: the demo plans erasures of others in the background."""
        return [each for each in self.got() if each["data"].get("customer") == customer]

    def got(self) -> list[dict[str, Any]]:
        """Every event, once, in the order in which it came first; a line that was cut off was not acknowledged."""
        found: dict[str, dict[str, Any]] = {}
        for line in self.notes.read_text(encoding="utf-8").splitlines() if self.notes.exists() else []:
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                continue
            found.setdefault(event["id"], event)
        return list(found.values())


def token_of(url: str) -> str:
    """What the code flow gives to the demo's web client, after a password and a code, a moment ago."""
    challenge = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    wanted = {
        "response_type": "code", "client_id": "web", "redirect_uri": f"{url}/callback", "state": "s",
        "scope": "purpose:self_service", "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    browser = Browser(url)
    answer = browser.get(f"/oauth/authorize?{urlencode(wanted)}")
    browser.get(_path(answer.headers["location"]))
    answer = browser.send(login=FEATURED, password=demo_password(FEATURED, "CLIENT_AREA"))
    browser.get(_path(answer.headers["location"]))
    answer = browser.send(code=now_code(demo_totp_secret(0, "CLIENT_AREA")))
    answer = browser.get(_path(answer.headers["location"]))
    if "location" not in answer.headers:
        onward = re.search(r'url=([^"]+)"', answer.text)
        assert onward is not None
        answer = browser.get(_path(unescape(onward[1])))
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    asked = {"grant_type": "authorization_code", "code": code, "client_id": "web", "code_verifier": VERIFIER}
    given = httpx.post(f"{url}/oauth/token", data=asked | {"redirect_uri": wanted["redirect_uri"]})
    assert given.status_code == 200, given.text
    token: str = given.json()["access_token"]
    return token


def _path(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def expected(folder: Path, customer: str) -> list[str]:
    """The ids of everything about a customer that was written for the receiver, in the order of the commits."""
    with closing(sqlite3.connect(next(folder.rglob("data.db")), timeout=30)) as connection:
        mine = """SELECT o.id, o.customer_id FROM outbox o JOIN webhooks w ON w.id = o.webhook_id
          WHERE w.name = 'journal' ORDER BY o.id"""
        rows = connection.execute(mine).fetchall()

    config = StoreConfig.local(next(folder.rglob("data.db")).parent)

    async def named() -> list[str]:
        store = await open_store(config)
        try:
            found = store.keys.system.ids.decode(customer)
            assert found is not None
            return [name_of(store.keys.system, id_) for id_, owner in rows if owner == found.key]
        finally:
            await store.close()

    return asyncio.run(named())


def test_the_story_runs_and_every_event_arrives_in_order(
    client: Path, demo: tuple[Running, Path], tmp_path: Path
) -> None:
    server, folder = demo
    port = free_port()
    added = command(["webhooks", "add", "journal", f"http://127.0.0.1:{port}/hook"], folder)
    assert added.returncode == 0, added.stderr
    receiver = Receiver(added.stdout.strip(), port, tmp_path / "events.jsonl")
    receiver.start()
    try:
        environment = {**os.environ, "GATEWAY_URL": f"{server.url}/graphql", "GATEWAY_TOKEN": token_of(server.url)}
        story = subprocess.Popen(
            ["node", "built/story.js"], cwd=client, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(KILLS):
            time.sleep(0.4)
            receiver.kill()
            time.sleep(0.2)
            receiver.start()
        out, err = story.communicate(timeout=120)
        assert story.returncode == 0, err.decode()
        customer = json.loads(out)["customer"]
        until = time.monotonic() + 90
        while [each["id"] for each in receiver.got_of(customer)] != expected(folder, customer):
            assert time.monotonic() < until, receiver.got_of(customer)
            time.sleep(0.3)
    finally:
        receiver.kill()
    events = receiver.got_of(customer)
    kinds = {each["type"] for each in events}
    assert kinds >= {
        "customer.profile.changed", "consent.given", "consent.withdrawn", "payment_method.changed", "cookies.changed",
        "whois.changed", "erasure.requested", "erasure.cancelled",
    }  # fmt: skip
    assert "4242424242424242" not in receiver.notes.read_text() and "+4121" not in receiver.notes.read_text()


def test_the_lock_file_names_no_host() -> None:
    packages = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert all("resolved" not in each for each in packages.values())
    assert all(each["integrity"].startswith("sha512-") for place, each in packages.items() if place)
