"""Apollo Federation with the real programs: composed by @apollo/composition, served behind Hive Gateway."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import build_schema, parse

from tests.federation.loyalty import schema as loyalty
from tests.gateway.servers import Running, command, free_port, running
from tests.programs import install_npm, needs

pytestmark = needs("node", "npm")

HERE = Path(__file__).parent
ALL = "{ customers(first: 3) { nodes { id fullName } } }"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs, installed from the lock file into a scratch folder."""
    folder = tmp_path_factory.mktemp("federation")
    for name in ("package.json", "package-lock.json", "compose.mjs", "router.mjs"):
        shutil.copy(HERE / name, folder)
    install_npm(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gateway's data."""
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="module")
def gateway(folder: Path) -> Iterator[Running]:
    """The gateway with the demo's customers."""
    with running(["-m", "gateway", "demo"], folder) as server:
        yield server


def client(gateway: Running, folder: Path, name: str, *options: str) -> dict[str, str]:
    """A tool that may read for two purposes: the headers with its token."""
    purposes = ["--purpose", "INVOICING", "--purpose", "SERVICE_COMMUNICATION"]
    done = command(["clients", "create", name, "--kind", "tool", "--name", name, *purposes, *options], folder)
    assert done.returncode == 0, done.stderr
    given = httpx.post(
        f"{gateway.url}/oauth/token", data={"grant_type": "client_credentials"}, auth=(name, done.stdout.strip())
    )
    assert given.status_code == 200, given.text
    return {"authorization": f"Bearer {given.json()['access_token']}"}


def composed(package: Path, *subgraphs: tuple[str, str, str]) -> str:
    """The supergraph of these: name, address and SDL."""
    arguments = []
    for name, url, sdl in subgraphs:
        (package / f"{name}.graphql").write_text(sdl)
        arguments.append(f"{name}={url}={name}.graphql")
    done = subprocess.run(
        ["node", "compose.mjs", *arguments], cwd=package, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def subgraph(folder: Path) -> str:
    """The gateway's schema as an operator prints it."""
    done = command(["schema", "print", "--federation"], folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_composes_unmodified_and_carries_purposes_and_scopes(package: Path, folder: Path) -> None:
    found = composed(
        package,
        ("customers", "http://127.0.0.1:1/graphql", subgraph(folder)),
        ("loyalty", "http://127.0.0.1:2/graphql", loyalty.as_str()),
    )
    start = re.search(r"^type Customer\b", found, re.M)
    assert start is not None
    customer = found[start.start() : start.start() + 3000]
    assert '@join__type(graph: CUSTOMERS, key: "id")' in customer
    assert '@join__type(graph: LOYALTY, key: "id")' in customer
    email = next(line for line in customer.splitlines() if line.strip().startswith("email:"))
    assert "@personalData(category: EMAIL)" in email and "@purpose(allows: [" in email
    assert '@requiresScopes(scopes: [["audit:read"]])' in found
    assert "specs.example.org/purpose/v1.0" in found
    assert "_entities" not in found and "source:" not in found.replace("source: String", "").replace("source: [", "")
    build_schema(found, assume_valid_sdl=True)


def test_composition_does_find_fault(package: Path, folder: Path) -> None:
    """Without the keys the other subgraph's customers are nobody's."""
    broken = subgraph(folder).replace('@key(fields: "id")', "")
    with pytest.raises(AssertionError, match=r"Customer\.id"):
        composed(package, ("customers", "http://a", broken), ("loyalty", "http://b", loyalty.as_str()))


@dataclass(frozen=True, slots=True)
class Router:
    """A router before both subgraphs."""

    url: str

    def ask(self, query: str, headers: Mapping[str, str], **variables: Any) -> Any:
        """The answer to an operation."""
        sent = {"query": query, "variables": variables}
        return httpx.post(self.url, json=sent, headers=dict(headers), timeout=60).json()


@contextmanager
def started(arguments: list[str], folder: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A program that is ended by its process number."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with (
        (folder / f"{Path(arguments[1]).name}.log").open("w") as log,
        subprocess.Popen(
            arguments, cwd=folder, env=kept | more, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture(scope="module")
def tool(gateway: Running, folder: Path) -> dict[str, str]:
    """The headers of a tool that may use a router."""
    return client(gateway, folder, "shop", "--action", "federation:read")


@pytest.fixture(scope="module")
def known(gateway: Running, tool: dict[str, str]) -> list[dict[str, str]]:
    """Three customers, with id and name, as the gateway itself tells them."""
    answer = httpx.post(f"{gateway.url}/graphql", json={"query": ALL}, headers=tool | {"purpose": "INVOICING"})
    found: list[dict[str, str]] = answer.json()["data"]["customers"]["nodes"]
    return found


@pytest.fixture(scope="module")
def router(package: Path, gateway: Running, folder: Path, known: list[dict[str, str]]) -> Iterator[Router]:
    """Hive Gateway before the gateway and the points."""
    port = free_port()
    points = [sys.executable, "-m", "uvicorn", "loyalty:app", "--app-dir", str(HERE), "--port", str(port)]
    supergraph = composed(
        package,
        ("customers", f"{gateway.url}/graphql", subgraph(folder)),
        ("loyalty", f"http://127.0.0.1:{port}/", loyalty.as_str()),
    )
    (package / "supergraph.graphql").write_text(supergraph)
    with (
        started(points, package, CUSTOMERS=" ".join(each["id"] for each in known)),
        started(["node", "router.mjs", "supergraph.graphql"], package) as process,
    ):
        assert process.stdout is not None
        assert process.stdout is not None
        yield Router(json.loads(process.stdout.readline())["url"])


MEMBERS = "{ members { points fullName } }"


def test_a_router_reads_both_for_the_purpose_of_its_caller(
    router: Router, tool: dict[str, str], known: list[dict[str, str]]
) -> None:
    answer = router.ask(MEMBERS, tool | {"purpose": "INVOICING"})
    assert answer == {
        "data": {"members": [{"points": at, "fullName": each["fullName"]} for at, each in enumerate(known)]}
    }
    there = "{ customers(first: 3) { nodes { fullName points } } }"
    answer = router.ask(there, tool | {"purpose": "INVOICING"})
    assert [each["points"] for each in answer["data"]["customers"]["nodes"]] == [0, 1, 2], "and from here to there"


def test_a_refusal_comes_through_and_the_other_subgraph_answers(router: Router, tool: dict[str, str]) -> None:
    answer = router.ask("{ members { points phone } }", tool | {"purpose": "INVOICING"})
    assert [each["points"] for each in answer["data"]["members"]] == [0, 1, 2]
    assert {each["phone"] for each in answer["data"]["members"]} == {None}
    told = {(each["extensions"]["code"], each["extensions"]["coordinate"]) for each in answer["errors"]}
    assert told == {("UNAUTHORIZED_FIELD_OR_TYPE", "Customer.phone")}


def test_a_router_has_no_purpose_of_its_own(router: Router, tool: dict[str, str]) -> None:
    unstated = router.ask(MEMBERS, tool)
    assert {each["extensions"]["reason"] for each in unstated["errors"]} == {"PURPOSE_REQUIRED"}
    claimed = router.ask(MEMBERS, tool | {"purpose": "EMERGENCY_CONTACT"})
    assert {each["extensions"]["reason"] for each in claimed["errors"]} == {"PURPOSE_NOT_GRANTED"}
    nobody = router.ask(MEMBERS, {"purpose": "INVOICING"})
    assert nobody["errors"]
    for answer in (unstated, claimed, nobody):
        assert {each["fullName"] for each in answer["data"]["members"]} == {None}


def test_a_client_needs_the_scope_and_ad_hoc_documents(
    router: Router, gateway: Running, folder: Path, known: list[dict[str, str]]
) -> None:
    bare = client(gateway, folder, "bare")
    answer = router.ask(MEMBERS, bare | {"purpose": "INVOICING"})
    assert {each["extensions"]["reason"] for each in answer["errors"]} == {"SCOPE_MISSING"}
    bound = client(gateway, folder, "bound", "--action", "federation:read", "--documents-only")
    answer = router.ask(MEMBERS, bound | {"purpose": "INVOICING"})
    assert answer["errors"]
    assert not any(each["fullName"] in json.dumps(answer) for each in known)


def test_the_subgraph_tells_its_schema_to_those_with_the_scope(
    gateway: Running, tool: dict[str, str], folder: Path
) -> None:
    def told(headers: Mapping[str, str]) -> Any:
        query = {"query": "{ _service { sdl } }"}
        return httpx.post(f"{gateway.url}/graphql", json=query, headers=dict(headers)).json()

    sdl = told(tool)["data"]["_service"]["sdl"]
    assert sdl == subgraph(folder)
    assert parse(sdl)
    refused = told(client(gateway, folder, "curious"))
    assert [each["extensions"]["reason"] for each in refused["errors"]] == ["SCOPE_MISSING"]


def test_the_lock_file_names_no_host() -> None:
    lock = (HERE / "package-lock.json").read_text()
    packages = [entry for place, entry in json.loads(lock)["packages"].items() if place]
    assert all(entry["integrity"].startswith("sha512-") for entry in packages)
    assert "resolved" not in lock
