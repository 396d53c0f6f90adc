"""What is nobody's data may be asked for without a token and kept by caches; everything else may not (G2, G10)."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import httpx
import orjson
import pytest
from graphql import OperationDefinitionNode, parse

from gateway.api.public_documents import shipped_documents
from schema.api.build import core_schema
from schema.decision.decision import decide_operation
from schema.documents.documents import Documents, Operation
from schema.documents.limits import Limits
from schema.model.model import SchemaModel
from tests.gateway.conftest import Demo
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
