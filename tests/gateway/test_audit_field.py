"""What the `audit` field answers is what `gateway audit` prints: the same facts, from the same functions."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from graphql import GraphQLObjectType, get_named_type

from audits.schema.checks import Check
from audits.schema.facts import Facts
from audits.schema.sources import Text
from schema.api.build import core_schema
from schema.audits.printed import own_facts
from schema.model.model import SchemaModel
from tests.gateway.conftest import Demo
from tests.gateway.servers import typed

STATES = {"overdue", "late", "dueWithinAWeek"}


def selection(type_: Any) -> str:
    """Everything below a type."""
    if not isinstance(type_, GraphQLObjectType):
        return ""
    return "{ %s }" % " ".join(f"{name} {selection(get_named_type(each.type))}" for name, each in type_.fields.items())


def over_graphql(demo: Demo, http: httpx.Client, call: str) -> Any:
    """The whole answer of one report."""
    name = call.partition("(")[0]
    audit = core_schema().type_map["Audit"]
    assert isinstance(audit, GraphQLObjectType)
    query = "{ audit { %s %s } }" % (call, selection(get_named_type(audit.fields[name].type)))
    answer = http.post(demo.url, json={"query": query}, headers=demo.headers("auditor")).json()
    assert "errors" not in answer, answer
    return answer["data"]["audit"][name]


def printed(demo: Demo, *arguments: str) -> Any:
    """What the command prints."""
    done = typed(["audit", *arguments, "--format", "json"], demo.folder)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def agrees(told: Any, said: Any) -> bool:
    """Whether all that the field tells is what the command says; the command may say more."""
    if isinstance(told, dict):
        told = told | {"check": Check[told["check"]].id} if "check" in told else told
        return all(agrees(value, said[name]) for name, value in told.items())
    if isinstance(told, list):
        return len(told) == len(said) and all(agrees(*pair) for pair in zip(told, said, strict=True))
    return bool(told == said)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("lint", ["lint"]),
        ("matrix", ["matrix"]),
        (
            "matrix(purposes: [PRODUCT_NEWS], types: [\"Customer\"])",
            ["matrix", "--purpose", "PRODUCT_NEWS", "--type", "Customer"],
        ),
        ("matrix(recipients: [REGISTRY])", ["matrix", "--recipient", "REGISTRY"]),
        ("clients", ["clients"]),
    ],
)  # fmt: skip
def test_reports_are_those_of_the_command(demo: Demo, http: httpx.Client, call: str, arguments: list[str]) -> None:
    told = over_graphql(demo, http, call)
    assert agrees(told, printed(demo, *arguments))


def test_counts_are_those_of_the_command(demo: Demo, http: httpx.Client) -> None:
    erasures, said = over_graphql(demo, http, "erasures"), printed(demo, "erasures")
    counts = {each["state"]: each["cases"] for each in erasures["states"]} | {name: erasures[name] for name in STATES}
    assert (counts, erasures["due"]) == (said["counts"], said["due"])
    assert sum(each["cases"] for each in erasures["due"]) > 0

    consents, said = over_graphql(demo, http, "consents"), printed(demo, "consents")
    standing = {each.pop("kind"): each for each in consents.pop("standing")}
    assert standing == said["standing"]
    assert agrees(consents, said)

    signed, said = over_graphql(demo, http, "checkpoints(most: 2)"), printed(demo, "ledger")["checkpoints"]
    assert signed and signed[-1] in said


@pytest.mark.parametrize("language", ["en", "fr"])
def test_papers_are_those_of_the_command(demo: Demo, http: httpx.Client, language: str) -> None:
    controller = demo.folder / "controller.toml"
    controller.write_text(typed(["audit", "notice", "--example"], demo.folder).stdout, encoding="utf-8")
    given = ["--controller", str(controller)]
    notice = over_graphql(demo, http, f"notice(language: {language})")
    assert agrees(notice, printed(demo, "notice", "--language", language, *given))
    record = over_graphql(demo, http, "record")
    said = printed(demo, "record", *given)
    assert record["measures"] == said["measures"][: len(record["measures"])]
    assert agrees(record["activities"], said["activities"])


def test_a_document_is_explained_as_by_the_command(demo: Demo, http: httpx.Client) -> None:
    document = "{ customers(first: 1) { nodes { fullName phone } } }"
    file = demo.folder / "phones.graphql"
    file.write_text(document, encoding="utf-8")
    told = over_graphql(demo, http, f'explain(client: "billing", document: "{document}")')
    (said,) = printed(demo, "query", str(file), "--client", "billing")["documents"]
    assert told["operations"][0]["verdict"] == "refused"
    assert agrees(told, said)


def test_reports_that_begin_at_once_read_the_schema_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cold gateway would otherwise read its schema for each report of one operation, and answer too late."""
    read: list[int] = []
    of = Facts.of

    def counted(text: Text) -> Facts:
        read.append(1)
        return of(text)

    monkeypatch.setattr(Facts, "of", staticmethod(counted))
    model = SchemaModel(core_schema())
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: own_facts(model), range(8)))
    assert len(read) == 1 and len({id(each) for each in found}) == 1
