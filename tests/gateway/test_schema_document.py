"""`/schema.graphql`: who may fetch the schema, what a purpose's contract has, and that it is not sent twice."""

from __future__ import annotations

import httpx
import pytest
from graphql import build_schema

from policy.purposes import Purpose
from schema.api.build import sdl
from schema.contracts.contracts import contract_of_purpose, semantic_sdl
from tests.gateway.conftest import Demo
from tests.gateway.servers import command


@pytest.fixture(scope="module")
def builder(demo: Demo) -> dict[str, str]:
    """The headers of a build server: a client with the scope, and with a purpose."""
    arguments = ["--kind", "tool", "--name", "Build server", "--purpose", "INVOICING"]
    arguments += ["--action", "schema:read", "--action", "invoices:write"]
    done = command(["clients", "create", "builder", *arguments], demo.folder)
    assert done.returncode == 0, done.stderr
    form = {"grant_type": "client_credentials", "scope": "schema:read invoices:write purpose:invoicing"}
    given = httpx.post(f"{demo.server.url}/oauth/token", data=form, auth=("builder", done.stdout.strip()))
    assert given.status_code == 200, given.text
    return {"authorization": f"Bearer {given.json()['access_token']}"}


def address(demo: Demo) -> str:
    """Where it is."""
    return f"{demo.server.url}/schema.graphql"


def test_the_whole_schema_is_for_those_who_may_introspect(demo: Demo, http: httpx.Client) -> None:
    answer = http.get(address(demo), headers=demo.headers("auditor"))
    assert (answer.status_code, answer.text) == (200, sdl())
    assert answer.headers["cache-control"] == "private, no-cache"
    semantic = http.get(address(demo), params={"nullability": "semantic"}, headers=demo.headers("auditor"))
    assert semantic.text == semantic_sdl()
    refused = http.get(address(demo), headers=demo.headers("billing"))
    assert (refused.status_code, refused.json()["code"]) == (403, "INTROSPECTION_DISABLED")
    assert 'scope="schema:read"' in refused.headers["www-authenticate"]
    assert http.get(address(demo)).status_code == 401


def test_a_scope_opens_it_and_a_purpose_narrows_it(demo: Demo, http: httpx.Client, builder: dict[str, str]) -> None:
    assert http.get(address(demo), headers=builder).text == sdl()
    contract = http.get(address(demo), params={"purpose": "INVOICING"}, headers=builder)
    assert contract.text == contract_of_purpose(Purpose.INVOICING)
    assert "phone" not in build_schema(contract.text).type_map["Customer"].fields  # type: ignore[attr-defined]
    semantic = http.get(address(demo), params={"purpose": "INVOICING", "nullability": "semantic"}, headers=builder)
    assert semantic.text == contract_of_purpose(Purpose.INVOICING, semantic=True)
    for name in ("PRODUCT_NEWS", "NOTHING"):
        refused = http.get(address(demo), params={"purpose": name}, headers=builder)
        assert (refused.status_code, refused.json()["code"]) == (403, "PURPOSE_NOT_GRANTED")


def test_it_is_not_sent_to_those_who_have_it(demo: Demo, http: httpx.Client, builder: dict[str, str]) -> None:
    first = http.get(address(demo), params={"purpose": "INVOICING"}, headers=builder)
    same = builder | {"if-none-match": first.headers["etag"]}
    again = http.get(address(demo), params={"purpose": "INVOICING"}, headers=same)
    assert (again.status_code, again.text, again.headers["etag"]) == (304, "", first.headers["etag"])
    assert http.get(address(demo), headers=same).status_code == 200, "another document"
    assert http.head(address(demo), headers=builder).status_code == 200


@pytest.mark.parametrize("query", ["purpose=A&purpose=B", "purposes=INVOICING", "nullability=none"])
def test_what_is_asked_otherwise_is_refused(
    demo: Demo, http: httpx.Client, builder: dict[str, str], query: str
) -> None:
    answer = http.get(f"{address(demo)}?{query}", headers=builder)
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")


def test_the_command_prints_the_same(demo: Demo, builder: dict[str, str]) -> None:
    assert builder
    of_client = command(["schema", "print", "--client", "builder"], demo.folder)
    assert of_client.stdout == contract_of_purpose(Purpose.INVOICING), of_client.stderr
    assert command(["schema", "print", "--purpose", "INVOICING"], demo.folder).stdout == of_client.stdout
    assert command(["schema", "print", "--semantic-non-null"], demo.folder).stdout == semantic_sdl()
    unknown = command(["schema", "print", "--client", "nobody"], demo.folder)
    assert unknown.returncode == 2 and "There is no client nobody. There are:" in unknown.stderr
    other = command(["schema", "print", "--client", "builder", "--purpose", "PRODUCT_NEWS"], demo.folder)
    assert other.returncode == 2 and "builder is not registered for PRODUCT_NEWS." in other.stderr
