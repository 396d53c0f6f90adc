"""The registered documents of clients, with releases and use, and what observed clients send beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import GraphQLSyntaxError, OperationDefinitionNode, parse
from sqlalchemy import select

from audits.forms.report import Cell, Figure, Report, Section, Table, cell, code
from audits.reports.clients import AuditedClient, registrations
from store.registers.clients import document_releases, documents, observed_documents
from store.sql.metadata import instant
from store.sql.reading import Reader
from values.date_time import in_seconds


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """One registered document."""

    hash: str
    operations: tuple[str, ...]
    purpose: str | None
    releases: tuple[str, ...]
    uses: int
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class ObservedDocument:
    """An ad hoc document of an observed client, by the hash of its shape; `*` for those beyond the limit."""

    shape: str
    operations: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ListedClient:
    """The documents of one client."""

    id: str
    mode: str
    """`enforced`, `observed` or `open`."""
    documents: tuple[ListedDocument, ...]
    observed: tuple[ObservedDocument, ...]


async def listed_documents(reader: Reader, client_id: str | None = None) -> list[ListedClient]:
    """Read the documents of all clients, or of one."""
    releases: dict[tuple[str, str], list[str]] = {}
    there = document_releases.c
    query = select(there.client_id, there.hash, there.release).order_by(there.registered_at, there.release)
    for client, hash_, release in await reader.fetch(reader.prepare(query), {}):
        releases.setdefault((client, hash_), []).append(release)
    used = select(documents.c.client_id, documents.c.hash, documents.c.uses, documents.c.last_used_at)
    uses = {
        (client, hash_): (int(count or 0), None if last is None else instant(last))
        for client, hash_, count, last in await reader.fetch(reader.prepare(used), {})
    }
    seen: dict[str, list[ObservedDocument]] = {}
    observed = observed_documents.c
    ad_hoc = select(observed.client_id, observed.shape, observed.operations, observed.last_at).order_by(
        observed.operations.desc(), observed.shape
    )
    for client, shape, operations, last in await reader.fetch(reader.prepare(ad_hoc), {}):
        seen.setdefault(client, []).append(ObservedDocument(shape, int(operations), instant(last)))
    return [
        ListedClient(
            each.id,
            _mode(each),
            tuple(
                ListedDocument(
                    one.hash,
                    operation_names(one.text),
                    one.purpose,
                    tuple(releases.get((each.id, one.hash), ())),
                    *uses.get((each.id, one.hash), (0, None)),
                )
                for one in each.documents
            ),
            tuple(seen.get(each.id, ())),
        )
        for each in await registrations(reader)
        if client_id in (None, each.id)
    ]


def operation_names(text: str) -> tuple[str, ...]:
    """Return the names of a document's operations; none for a text that cannot be parsed."""
    try:
        definitions = parse(text, max_tokens=20_000).definitions
    except (GraphQLSyntaxError, RecursionError):
        return ()
    found = (each for each in definitions if isinstance(each, OperationDefinitionNode))
    return tuple(each.name.value if each.name else "(without a name)" for each in found)


def _mode(client: AuditedClient) -> str:
    if client.documents_only:
        return "enforced"
    return "open" if client.documents_observed_at is None else "observed"


def documents_report(found: Sequence[ListedClient], now: datetime) -> Report:
    """Return the report: a section for each client that has documents or is observed."""
    shown = [each for each in found if each.documents or each.mode != "open"]
    registered = [one for each in shown for one in each.documents]
    figures = [
        Figure("Clients", str(len(shown))),
        Figure("Documents", str(len(registered))),
        Figure("Never used", str(sum(not each.uses for each in registered))),
        Figure("Not registered", str(sum(len(each.observed) for each in shown))),
    ]
    sections = [section for each in shown for section in _sections(each)]
    data = {"clients": [_data(each) for each in found]}
    lead = "What clients registered, and what observed clients send beside it. No document holds a value of a person."
    return Report("documents", "Documents of clients", lead, sections, data, figures, {"Read at": in_seconds(now)})


def _sections(client: ListedClient) -> list[Section]:
    columns = ("Document", "Operations", "Purpose", "Releases", "Uses", "Last used")
    sections = [Section(f"{client.id}: {client.mode}", table=Table(columns, [_row(each) for each in client.documents]))]
    if client.observed:
        rows = [[code(each.shape), cell(each.operations), cell(in_seconds(each.last_at))] for each in client.observed]
        table = Table(("Shape", "Operations", "Last"), rows)
        sections.append(Section(f"{client.id}: sent without being registered", table=table))
    return sections


def _row(each: ListedDocument) -> list[Cell]:
    return [
        code(each.hash[:12]),
        cell(" ".join(each.operations)),
        cell(each.purpose or "as stated"),
        cell(" ".join(each.releases) or "none"),
        cell(each.uses),
        cell(in_seconds(each.last_used_at) or "never"),
    ]


def _data(client: ListedClient) -> dict[str, Any]:
    return {
        "client": client.id,
        "mode": client.mode,
        "documents": [
            {
                "hash": each.hash,
                "operations": list(each.operations),
                "purpose": each.purpose,
                "releases": list(each.releases),
                "uses": each.uses,
                "lastUsedAt": in_seconds(each.last_used_at),
            }
            for each in client.documents
        ],
        "observed": [
            {"shape": each.shape, "operations": each.operations, "lastAt": in_seconds(each.last_at)}
            for each in client.observed
        ],
    }
