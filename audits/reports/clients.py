"""The reach of registered clients: the fields that each can read, for which purpose, through which document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import select

from audits.schema.checks import Check, Finding
from audits.schema.documents import DocumentFacts, RequestedCoordinate, read_document
from audits.schema.facts import Facts
from audits.schema.places import SourcePosition
from policy.decision import Gap, Granted, Reason, Refused, decide
from policy.grant import Partner
from policy.purposes import Purpose
from store.registers.clients import clients, documents
from store.registers.partners import partners
from store.sql.metadata import instant
from store.sql.reading import Reader
from store.tables.oauth import oauth_clients

AD_HOC = "ad hoc"
"""Stands for any document, for clients that are not limited to registered ones."""


@dataclass(frozen=True, slots=True)
class RegisteredDocument:
    """A registered document."""

    hash: str
    text: str
    purpose: str | None


@dataclass(frozen=True, slots=True)
class AuditedClient:
    """A registration as it is stored."""

    id: str
    name: str
    purposes: tuple[str, ...]
    scopes: frozenset[str]
    refusal: str
    documents_only: bool
    introspection: bool
    max_page: int
    created_at: datetime
    disabled_at: datetime | None
    documents_observed_at: datetime | None
    documents: tuple[RegisteredDocument, ...]
    first_party: bool = True
    """False for a third-party app, which can only read data that a customer has granted (O10)."""
    partner: Partner | None = None
    """The processor whose client it is, with the fields that it may get (R7)."""

    def third_party_for(self, purpose: Purpose) -> bool:
        """Return whether it acts for a purpose as a third-party app, authorised by a customer."""
        return purpose.own_data_only and not self.first_party

    def known(self) -> tuple[Purpose, ...]:
        """Return its purposes, in the order of the policy; names that the policy does not know allow nothing."""
        return tuple(each for each in Purpose if each.name in self.purposes)


COMPUTED = ("documents", "first_party", "partner")
"""The fields of AuditedClient that are no columns of `clients`."""


@dataclass(frozen=True, slots=True)
class ReadableField:
    """One field that a client can read."""

    client: str
    purpose: str
    coordinate: str
    conditions: tuple[str, ...]
    own_only: bool
    """True if only the signed-in person's own data can be read."""
    via: tuple[str, ...]
    """`ad hoc`, or the hashes of the documents that select it."""


async def registrations(reader: Reader) -> list[AuditedClient]:
    """Read every client with its documents, by id."""
    # The fields of the class have the names of the columns.
    columns = [clients.c[name] for name in AuditedClient.__slots__ if name not in COMPUTED]
    more = [oauth_clients.c.first_party, partners.c.name, partners.c.country, partners.c.purpose, partners.c.fields]
    texts = await reader.fetch(
        reader.prepare(
            select(documents.c.client_id, documents.c.hash, documents.c.text, documents.c.purpose).order_by(
                documents.c.client_id, documents.c.hash
            )
        ),
        {},
    )
    registered: dict[str, list[RegisteredDocument]] = {}
    for client, hash_, text, purpose in texts:
        registered.setdefault(client, []).append(RegisteredDocument(hash_, text, purpose))
    # Outer: a client may have no OAuth metadata.
    terms = clients.outerjoin(oauth_clients, oauth_clients.c.client_id == clients.c.id)
    terms = terms.outerjoin(partners, partners.c.id == clients.c.partner_id)
    rows = await reader.fetch(reader.prepare(select(*columns, *more).select_from(terms).order_by(clients.c.id)), {})
    return [
        AuditedClient(
            id_,
            name,
            _purposes_of(orjson.loads(purposes), for_),
            frozenset(orjson.loads(scopes)),
            refusal,
            bool(only),
            bool(looks),
            most,
            instant(made),
            instant(gone) if gone is not None else None,
            instant(observed) if observed is not None else None,
            tuple(registered.get(id_, ())),
            bool(our_own),
            None if partner is None else Partner(partner, country, frozenset(orjson.loads(fields))),
        )
        for id_, name, purposes, scopes, refusal, only, looks, most, made, gone, observed, our_own, *of in rows
        for partner, country, for_, fields in (of,)
    ]


def _purposes_of(registered: Sequence[str], partner: str | None) -> tuple[str, ...]:
    # A partner's client gets the partner's one purpose, whatever its own row says (D11).
    return tuple(registered) if partner is None else tuple(each for each in registered if each == partner)


def reach(facts: Facts, client: AuditedClient) -> list[ReadableField]:
    """Return every field that a client can read: none for a disabled one, those of its documents for a limited one."""
    if client.disabled_at is not None:
        return []
    read = {each.hash: read_document(facts, f"document {each.hash[:12]}", each.text) for each in client.documents}
    return [found for purpose in client.known() for found in _for(facts, client, purpose, read)]


def _for(
    facts: Facts, client: AuditedClient, purpose: Purpose, read: Mapping[str, DocumentFacts]
) -> Iterator[ReadableField]:
    for fact in facts.outputs:
        verdict = decide(fact.rule(), purpose, client.scopes, client.third_party_for(purpose))
        # A gap is no grant either: incomplete declarations refuse everybody.
        if not isinstance(verdict, Granted) or not _undertaken(client, fact.coordinate):
            continue
        via = [] if client.documents_only else [AD_HOC]
        via += [
            each.hash
            for each in client.documents
            if each.purpose in (None, purpose.name) and _asks(read[each.hash], fact.coordinate)
        ]
        if via:
            conditions = tuple(sorted(each.name for each in verdict.conditions))
            yield ReadableField(client.id, purpose.name, fact.coordinate, conditions, purpose.own_data_only, tuple(via))


def _undertaken(client: AuditedClient, coordinate: str) -> bool:
    """Return whether the undertaking of a partner names the field; root fields select whom, not what (R7)."""
    return client.partner is None or coordinate.startswith("Query.") or coordinate in client.partner.fields


def _asks(document: DocumentFacts, coordinate: str) -> bool:
    return coordinate in document.asked or any(
        each.coordinate == coordinate for group in document.either for each in group
    )


def findings(facts: Facts, registered: Sequence[AuditedClient]) -> list[Finding]:
    """Check the registrations for purposes that do not exist any more, and documents that do not fit the schema."""
    found: list[Finding] = []
    for client in (each for each in registered if each.disabled_at is None):
        found += _purposes(client)
        for document in client.documents:
            found += _document(facts, client, document)
    return found


def _purposes(client: AuditedClient) -> Iterator[Finding]:
    place = SourcePosition(f"client {client.id}")
    for name in client.purposes:
        if name not in Purpose.__members__:
            message = f"{client.id} is registered for {name}, which the policy does not know."
            yield Finding(Check.CLIENT_PURPOSE_GONE, message, name, place)
        elif not Purpose[name].enabled:
            message = f"{client.id} is registered for {name}, which is switched off."
            yield Finding(Check.CLIENT_PURPOSE_OFF, message, name, place)


def _document(facts: Facts, client: AuditedClient, document: RegisteredDocument) -> Iterator[Finding]:
    name = f"{client.id}/{document.hash[:12]}.graphql"
    read = read_document(facts, name, document.text)
    yield from read.findings
    if document.purpose is not None and document.purpose not in client.purposes:
        message = f"{name} is registered for {document.purpose}, which {client.id} does not have."
        yield Finding(Check.PURPOSE_NOT_HELD, message, document.purpose, SourcePosition(name))
        return
    purposes = (
        client.known()
        if document.purpose is None
        else tuple(each for each in client.known() if each.name == document.purpose)
    )
    refused = {purpose: list(refusals(facts, read, purpose, client.scopes)) for purpose in purposes}
    if purposes and all(refused.values()):  # A document without a purpose needs only one that answers it.
        # Report the purpose that comes closest.
        purpose, first = min(refused.items(), key=lambda each: len(each[1]))
        for asked, verdict in first:
            allowed = ", ".join(each.name for each in verdict.allowed) or "no purpose"
            message = f"{name}: {asked.coordinate} may not be read for {purpose.name}; it may for {allowed}."
            yield Finding(Check.OVERREACH, message, asked.coordinate, asked.place)


def refusals(
    facts: Facts, read: DocumentFacts, purpose: Purpose, scopes: frozenset[str]
) -> Iterator[tuple[RequestedCoordinate, Refused]]:
    """Yield each coordinate of a document that the purpose may not use, with the refusal."""
    for asked in read.asked.values():
        if isinstance(verdict := _verdict(facts, asked, purpose, scopes), Refused):
            yield asked, verdict
    for group in read.either:
        verdicts = [_verdict(facts, each, purpose, scopes) for each in group]
        refused = [each for each in verdicts if isinstance(each, Refused)]
        # Refused only if none of the implementations may be read.
        if len(refused) == len(group):
            yield group[0], refused[0]


def _verdict(facts: Facts, asked: RequestedCoordinate, purpose: Purpose, scopes: frozenset[str]) -> Refused | None:
    fact = facts.all[asked.coordinate]
    if not fact.governs:
        return None
    verdict = decide(fact.rule(), purpose, scopes)
    if isinstance(verdict, Gap):  # An incomplete declaration refuses everybody.
        return Refused(Reason.UNDECLARED)
    return verdict if isinstance(verdict, Refused) else None


def unused(
    registered: Sequence[AuditedClient], used: Mapping[tuple[str, str], datetime], now: datetime, days: int
) -> list[Finding]:
    """Find granted purposes that were not used for `days` days; `used` is the last use by client and purpose."""
    since = now - timedelta(days=days)
    return [
        Finding(
            Check.UNUSED_PURPOSE,
            f"{client.id} has not used {purpose.name} for {days} days.",
            purpose.name,
            SourcePosition(f"client {client.id}"),
        )
        for client in registered
        # A newer client has not had the time to use its purposes.
        if client.disabled_at is None and client.created_at < since
        for purpose in client.known()
        if purpose.enabled and used.get((client.id, purpose.name), since) <= since
    ]
