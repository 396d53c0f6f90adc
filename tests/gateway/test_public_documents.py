"""What is nobody's data may be asked for without a token and kept by caches; everything else may not (G2, G10)."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import Any

import httpx
import orjson
import pytest
from graphql import OperationDefinitionNode, parse

from gateway.api.public_documents import shipped_documents
from resolvers.reads.documents import MAX_AGE
from schema.api.build import core_schema
from schema.decision.decision import decide_operation
from schema.documents.documents import Documents, Operation
from schema.documents.limits import Limits
from schema.model.model import SchemaModel
from tests.gateway.conftest import Demo
from tests.gateway.servers import command
from tests.promises.gate import grant

VARIABLES: dict[str, dict[str, Any]] = {
    "Purposes": {"language": "fr"},
    "ConsentWording": {"kind": "CARD_STORAGE"},
    "RegistryPolicy": {"tld": "ch", "kind": "NATURAL_PERSON"},
}


def by_name() -> dict[str, str]:
    """The hash of each shipped document by the name of its operation."""
    found = {}
    for hash_, text in shipped_documents().items():
        (operation,) = parse(text).definitions
        assert isinstance(operation, OperationDefinitionNode) and operation.name
        found[operation.name.value] = hash_
    return found


def fetched(demo: Demo, http: httpx.Client, hash_: str, variables: Any = None, **headers: str) -> httpx.Response:
    """GET without a token."""
    parameters = {"documentId": f"sha256:{hash_}"}
    if variables is not None:
        parameters["variables"] = orjson.dumps(variables).decode()
    return http.get(demo.url, params=parameters, headers=headers)


def test_no_shipped_document_has_a_purpose() -> None:
    model = SchemaModel(core_schema())
    documents = Documents(model.core, Limits())
    for text in shipped_documents().values():
        document = documents.read(text)
        assert not document.problems(hints=True)
        operation = document.operation(None)
        assert isinstance(operation, Operation)
        decision = decide_operation(model, operation, grant(), None)
        assert not decision.refused and not decision.unwithholdable and not decision.guarded


@pytest.mark.parametrize("name", VARIABLES)
def test_it_is_answered_kept_and_asked_for_again(demo: Demo, http: httpx.Client, name: str) -> None:
    first = fetched(demo, http, by_name()[name], VARIABLES[name])
    assert first.status_code == 200, first.text
    assert "errors" not in first.json() and all(first.json()["data"].values())
    assert first.headers["cache-control"] == "public, max-age=3600"
    again = fetched(demo, http, by_name()[name], VARIABLES[name], **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = fetched(demo, http, by_name()[name], VARIABLES[name], accept="application/graphql-response+json")
    assert other.headers["etag"] != first.headers["etag"] and "accept" in other.headers["vary"]


ENDINGS = "query Endings($tld: String!) { registryPolicy(tld: $tld, kind: LEGAL_PERSON) { registry checked } }"


def test_what_is_published_for_everybody_is_answered_like_what_is_shipped(
    demo: Demo, http: httpx.Client, tmp_path: Path
) -> None:
    hash_, asked = sha256(ENDINGS.encode()).hexdigest(), {"tld": "ch"}
    assert fetched(demo, http, hash_, asked).status_code == 401
    refused = command(["clients", "create", "public", "--kind", "tool", "--name", "All", "--purpose", "INVOICING"],
                      demo.folder)  # fmt: skip
    assert refused.returncode != 0 and "no purpose" in refused.stderr
    made = command(["clients", "create", "public", "--kind", "tool", "--name", "Everybody"], demo.folder)
    assert made.returncode == 0, made.stderr
    document, personal = tmp_path / "endings.graphql", tmp_path / "personal.graphql"
    document.write_text(ENDINGS)
    personal.write_text("query Names { customers(first: 1) { nodes { id } } }")
    for paths, code in (((personal,), 1), ((document,), 0)):
        done = command(["documents", "publish", "public", *map(str, paths), "--release", "1"], demo.folder)
        assert done.returncode == code, done.stdout + done.stderr
    sleep(MAX_AGE + 0.1)  # That it was not registered is remembered for as long.
    first = fetched(demo, http, hash_, asked)
    assert first.status_code == 200, first.text
    assert first.json()["data"]["registryPolicy"]["registry"] == "SWITCH"
    assert first.headers["cache-control"] == "public, max-age=3600"
    again = fetched(demo, http, hash_, asked, **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for text in (personal.read_text(), "{ me { id } }"):
        assert fetched(demo, http, sha256(text.encode()).hexdigest()).status_code == 401
    assert http.post(demo.url, json={"documentId": hash_, "variables": asked}).status_code == 401


def test_what_fails_is_not_kept(demo: Demo, http: httpx.Client) -> None:
    failed = fetched(demo, http, by_name()["RegistryPolicy"], {"tld": "ch"})
    assert (failed.status_code, failed.headers["cache-control"]) == (422, "no-store")
    assert "etag" not in failed.headers


def test_nothing_else_is_answered_without_a_token(demo: Demo, http: httpx.Client) -> None:
    known = by_name()["Purposes"]
    for text in ("{ me { id } }", "{ customers { nodes { id } } }", "{ grant { client } }"):
        assert fetched(demo, http, sha256(text.encode()).hexdigest()).status_code == 401
        assert http.get(demo.url, params={"query": text}).status_code == 401
        both = http.get(demo.url, params={"documentId": known, "query": text})
        assert both.status_code == 401
    assert http.post(demo.url, json={"documentId": known}).status_code == 401
    # A token that is not accepted is refused, though the same is answered without one.
    assert fetched(demo, http, known, authorization="Bearer nonsense").status_code == 401
