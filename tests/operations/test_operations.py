"""The operations of apps and tools by the clients that people use, with types that are generated from contracts.

graphql-codegen makes the types from the contract of a purpose, relay-compiler from its form with `@semanticNonNull`;
tsc checks that nothing is checked for null that the store always has. Apollo Client, urql, Relay and a client in Python
are answered by a running gateway, Relay by published documents alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.demo import FEATURED
from policy.purposes import Purpose
from schema.api.build import sdl
from schema.contracts.contracts import contract_of_purpose
from tests.gateway.conftest import Demo
from tests.gateway.servers import command
from tests.programs import install_npm, needs

pytestmark = needs("node", "npm")
HERE = Path(__file__).parent
SCALARS = HERE.parents[1] / "schema" / "codegen-scalars.json"
FILES = ("package.json", "package-lock.json", "codegen.json", "tsconfig.json", "relay.config.json", "operations.ts")
"""What the clients are made of, beside the documents."""


def made(folder: Path, schema: Callable[[Purpose], str]) -> Path:
    """The clients' sources, with the schema that their types are generated from, and the types."""
    for name in FILES:
        shutil.copy(HERE / name, folder)
    for document in HERE.glob("*.graphql"):
        shutil.copy(document, folder)
    shutil.copytree(HERE / "relay", folder / "relay")
    (folder / "relay" / "__generated__").mkdir()
    (folder / "persisted-queries.json").write_text("{}")
    (folder / "own.graphql").write_text(schema(Purpose.SELF_SERVICE), encoding="utf-8")
    (folder / "invoicing.graphql").write_text(schema(Purpose.INVOICING), encoding="utf-8")
    (folder / "semantic.graphql").write_text(contract_of_purpose(Purpose.INVOICING, semantic=True), encoding="utf-8")
    _map_scalars(folder)
    return folder


def _map_scalars(folder: Path) -> None:
    """Put the published types of scalars into the configurations."""
    types = json.loads(SCALARS.read_text("utf-8"))
    codegen, relay = folder / "codegen.json", folder / "relay.config.json"
    wanted = json.loads(codegen.read_text("utf-8"))
    for output, each in wanted["generates"].items():
        each["config"]["scalars"] = types["kotlin" if output.endswith(".kt") else "typescript"] | {"ID": "string"}
    wanted["generates"]["Invoicing.kt"]["config"]["scalars"]["ID"] = "kotlin.String"
    codegen.write_text(json.dumps(wanted))
    known = set(re.findall(r"^scalar (\w+)", (folder / "semantic.graphql").read_text("utf-8"), re.M))
    custom = {name: type_ for name, type_ in types["typescript"].items() if name in known}
    relay.write_text(json.dumps(json.loads(relay.read_text("utf-8")) | {"customScalarTypes": custom}))


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program of the clients' packages."""
    return subprocess.run(
        words, cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=600, check=False
    )


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    """What it printed."""
    assert done.returncode == 0, f"{done.args}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clients, generated from contracts, checked and compiled."""
    folder = made(tmp_path_factory.mktemp("clients"), contract_of_purpose)
    install_npm(folder)
    succeeded(run(folder, "npx", "graphql-codegen", "--config", "codegen.json"))
    succeeded(run(folder, "npx", "relay-compiler", "relay.config.json"))
    succeeded(run(folder, "npx", "tsc", "-p", "."))
    return folder


@pytest.fixture(scope="module")
def access(demo: Demo) -> dict[str, str]:
    """Where the gateway is, and the tokens of the clients."""
    own = demo.token(FEATURED)
    return {"GATEWAY_URL": demo.url, "OWN_TOKEN": own, "BILLING_TOKEN": demo.token("billing")}


def test_types_of_the_whole_schema_need_null_checks_and_those_of_contracts_do_not(
    clients: Path, tmp_path: Path
) -> None:
    """The same sources do not compile against types of the whole schema."""
    folder = made(tmp_path, lambda _: sdl())
    (folder / "node_modules").symlink_to(clients / "node_modules")
    succeeded(run(folder, "npx", "graphql-codegen", "--config", "codegen.json"))
    succeeded(run(folder, "npx", "relay-compiler", "relay.config.json"))
    done = run(folder, "npx", "tsc", "-p", ".")
    assert len(re.findall(r"error TS(?:2345|2531|2532|18047|18048|18049)", done.stdout)) > 10, done.stdout
    kotlin = (clients / "Invoicing.kt").read_text("utf-8")
    assert "data class CustomerInvoicesArgs" in kotlin and "enum class ServiceState" in kotlin
    assert "SELF_SERVICE" in (folder / "Invoicing.kt").read_text("utf-8")


def test_apollo_and_urql_are_answered(clients: Path, access: dict[str, str]) -> None:
    said = json.loads(succeeded(run(clients, "node", "built/operations.js", **access)))
    assert said["customers"] > 100, "the whole run, of several pages"


def test_relay_sends_published_documents_alone(clients: Path, access: dict[str, str], demo: Demo) -> None:
    """What its compiler wrote is published; then the tool is answered that, and nothing else."""
    for words in (
        ("publish", "billing", str(clients / "persisted-queries.json"), "--release", "1.0"),
        ("observe", "billing"),
        ("enforce", "billing"),
    ):
        done = command(["documents", *words], demo.folder)
        assert done.returncode == 0, done.stderr
    try:
        said = json.loads(succeeded(run(clients, "node", "built/relay/run.js", **access)))
        assert said["customers"] == 20
        until = time.monotonic() + 60
        while asked(access["BILLING_TOKEN"], demo.url, "{ customers(first: 1) { nodes { id } } }").status_code != 403:
            assert time.monotonic() < until, "what is not published goes on being answered"
            time.sleep(0.5)
        said = json.loads(succeeded(run(clients, "node", "built/relay/run.js", **access)))
        assert said["customers"] == 20
        listed = json.loads(command(["documents", "list", "billing", "--format", "json"], demo.folder).stdout)
        assert [each["releases"] for each in listed["clients"][0]["documents"]] == [["1.0"]]
    finally:
        assert command(["documents", "open", "billing"], demo.folder).returncode == 0


def test_tools_in_python_are_answered(access: dict[str, str], demo: Demo) -> None:
    until = time.monotonic() + 60
    while (
        answer := asked(access["BILLING_TOKEN"], demo.url, text("billing"), "BillingRun", first=5)
    ).status_code != 200:
        assert time.monotonic() < until, answer.text
        time.sleep(0.5)
    customers = answer.json()["data"]["customers"]["nodes"]
    services = [each for customer in customers for each in customer["services"]["nodes"]]
    support = demo.token("support")
    opened = asked(support, demo.url, text("support"), "OpenService", id=services[0]["id"]).json()
    customer = opened["data"]["node"]["customer"]
    number = {"customerNumber": customer["customerNumber"]}
    found = asked(support, demo.url, text("support"), "FindForSupport", by=number).json()["data"]["customer"]
    assert found["id"] == customer["id"] and {each["state"] for each in found["services"]["nodes"]} <= {"ACTIVE"}
    called = asked(demo.token("noc"), demo.url, text("noc"), "Call", id=customers[0]["id"]).json()
    assert called["data"]["customer"]["phone"].startswith("+")


def text(name: str) -> str:
    """The document of a tool."""
    return (HERE / f"{name}.graphql").read_text("utf-8")


def asked(token: str, url: str, query: str, name: str | None = None, **variables: Any) -> httpx.Response:
    """An answer, with the status that says how it went."""
    headers = {"authorization": f"Bearer {token}", "accept": "application/graphql-response+json"}
    return httpx.post(
        url, json={"query": query, "operationName": name, "variables": variables}, headers=headers, timeout=120
    )
