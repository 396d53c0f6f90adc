"""A document that was published once is answered by the schema of today: an app that nobody updates goes on working."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from audits.reports.clients import AuditedClient
from audits.schema.sources import Text
from gateway.demo.clients import CLIENTS
from gateway.demo.demo_queries import CUSTOMER, QUERIES
from gateway.http.pages import page_documents
from resolvers.clients.client_area import ID as CLIENT_AREA
from resolvers.clients.client_area import MAX_PAGE
from schema.api.build import own_model
from schema.audits.printed import own_facts
from schema.execution.explaining import Explainer
from tests.gateway.desk import START, instant_of
from tests.promises.gate import Gate

OPERATIONS = Path(__file__).parents[1] / "operations"
SENDERS = {"web": "web", "mobile": "web", "billing": "billing", "support": "support", "noc": "noc"}
"""The client of the demo that sends the documents of each file."""


@dataclass(frozen=True)
class Sent:
    """A document and who sends it."""

    client: str
    text: Text


def published() -> Iterator[Sent]:
    """Every document of the client area, of the demo, and of the apps and tools."""
    yield from (Sent(CLIENT_AREA, Text(name, text)) for name, text in page_documents().items())
    for each in QUERIES:
        if each.answered:
            yield Sent("web" if each.who == CUSTOMER else each.who, Text(each.title, each.query))
    for name, client in SENDERS.items():
        yield Sent(client, Text(name, (OPERATIONS / f"{name}.graphql").read_text("utf-8")))


def registered(client_id: str) -> AuditedClient:
    """The client as it is registered."""
    known = {each.id: each for each in CLIENTS}
    of_demo = known.get(client_id, known["web"])
    return AuditedClient(
        id=client_id,
        name=of_demo.name,
        purposes=tuple(each.name for each in of_demo.purposes),
        scopes=frozenset(of_demo.scopes),
        refusal="REFUSE",
        documents_only=client_id == CLIENT_AREA,
        introspection=of_demo.introspection,
        max_page=MAX_PAGE if client_id == CLIENT_AREA else of_demo.max_page,
        created_at=instant_of(START),
        disabled_at=None,
        documents_observed_at=None,
        documents=(),
    )


@pytest.mark.parametrize("gate", ["sqlite-compiled"], indirect=True)
def test_every_published_document_is_answered_by_the_present_schema(gate: Gate) -> None:
    model = own_model()
    facts = own_facts(model)
    broken = []
    for each in published():
        found = Explainer(model, facts, registered(each.client), gate.store.reader).explain(each.text, None)
        if not found.answered:
            said = [one.message for one in found.unfit]
            for one in found.operations:
                refused = [field.coordinate for field in one.fields if not field.allowed]
                said += [f"{one.operation} for {one.purpose}: {', '.join(refused)}"] if refused else []
            broken.append((each.client, each.text.name, said))
    assert broken == []


def test_every_file_of_operations_has_a_sender() -> None:
    assert {each.stem for each in OPERATIONS.glob("*.graphql")} == SENDERS.keys()
