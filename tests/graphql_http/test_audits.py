"""GraphQL over HTTP as others judge it: every MUST and SHOULD of graphql-http's audits, on the running server (G1)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.programs import install_npm, needs

pytestmark = needs("node", "npm")

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
START_SECONDS = 180
AUDITS = 61
"""How many audits graphql-http 1.23.1 has; fewer means that some were not run."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that answers."""

    url: str
    token: str


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The audits with what they need, installed from the lock file into a scratch folder."""
    folder = tmp_path_factory.mktemp("graphql-http")
    for name in ("package.json", "package-lock.json", "audit.mjs"):
        shutil.copy(HERE / name, folder)
    install_npm(folder)
    return folder


SUPERSEDED = frozenset(
    {
        "SHOULD use 200 status code on document parsing failure when accepting application/json",
        "SHOULD use 200 status code on document validation failure when accepting application/json",
        "SHOULD use a status code of 200 on variable coercion failure when accepting application/json",
        "SHOULD use a status code of 400 on variable coercion failure when accepting application/graphql-response+json",
    }
)
"""Audits of the drafts until 2025 that the draft of August 2026 says otherwise: 422 for what parses, and the same
status whatever is accepted."""


@pytest.fixture(scope="module", params=["older", "draft"])
def statuses(request: pytest.FixtureRequest) -> str:
    """The setting for status codes."""
    return str(request.param)


@pytest.fixture(scope="module")
def gateway(statuses: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The real server with the demo, in a process and a folder of its own; it must end well when it is asked to."""
    folder = tmp_path_factory.mktemp("gateway")
    port = _free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    kept["GATEWAY_STATUS_CODES"] = statuses
    environment = kept | {"PYTHONPATH": str(ROOT), "GATEWAY_DATA_DIR": str(folder / "data"), "PORT": str(port)}
    command = [sys.executable, "-m", "gateway"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen([*command, "demo"], env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/healthz", server, folder / "log")
            minted = [*command, "token", "auditor"]
            token = subprocess.run(minted, env=environment, capture_output=True, text=True, check=True).stdout.strip()
            yield Gateway(f"http://127.0.0.1:{port}/graphql", token)
        finally:
            server.send_signal(signal.SIGTERM)
            ended = server.wait(30)
    assert ended == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(url).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the gateway did not start: {log.read_text()}")


def run_audits(package: Path, url: str, token: str) -> list[dict[str, Any]]:
    """The result of every audit."""
    environment = {"PATH": os.environ["PATH"], "GRAPHQL_URL": url, "GRAPHQL_TOKEN": token}
    done = subprocess.run(
        ["node", "audit.mjs"], cwd=package, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def test_every_must_and_should_passes(package: Path, gateway: Gateway, statuses: str) -> None:
    results = run_audits(package, gateway.url, gateway.token)
    assert len(results) == AUDITS
    failed = [each for each in results if each["status"] in ("error", "warn")]
    # No MUST of either draft is missed, and of the SHOULDs only those that changed.
    superseded = SUPERSEDED if statuses == "draft" else frozenset()
    assert {each["name"] for each in failed} == superseded, json.dumps(failed, indent=2)
    assert all(each["status"] == "warn" for each in failed)
    assert {"ok"} <= {each["status"] for each in results} <= {"ok", "notice", "warn"}


def test_a_server_that_answers_nothing_does_not_pass(package: Path, gateway: Gateway) -> None:
    """What never fails proves nothing: without a valid token the same audits must find fault."""
    results = run_audits(package, gateway.url, "not-a-token")
    assert sum(each["status"] == "error" for each in results) > 5


def test_the_lock_file_names_no_host() -> None:
    """Packages come from whichever registry npm is set to, and their hashes say that they are the right ones."""
    lock = (HERE / "package-lock.json").read_text()
    packages = [entry for place, entry in json.loads(lock)["packages"].items() if place]
    assert all(entry["integrity"].startswith("sha512-") for entry in packages)
    assert "resolved" not in lock
    assert "://" not in lock
