"""The root fields: the only ways in."""

from __future__ import annotations

from typing import Annotated

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from schema.audits.audits import Audit, nothing_yet
from schema.audits.reported import AUDIT_READ, reported
from schema.core.sources import Attribute, GrantFacts
from schema.declare.connections import After, First
from schema.declare.directives import PurposeEnum
from schema.declare.fields import entry, paged_table, public, searched, searched_input, told, worked_out
from schema.declare.node import Node
from schema.declare.readers import ANY_APP, NAMED_DOMAINS, REGISTERED, THE_CUSTOMER, WRITTEN_TO
from schema.declare.records import plain_type
from schema.mutations.whois import RULES, Kind, RegistryPolicy, Tld, registry_policy
from schema.types.accesses import Words
from schema.types.customers import Customer, CustomerConnection
from schema.types.domains import Domain
from schema.types.ledger import Ledger, ledger
from schema.types.rdap import PUBLISHED, READ_BY, RdapDomain, WhoisName
from schema.types.wordings import (
    NOBODYS,
    ConsentWording,
    ProcessingPurpose,
    WordingKind,
    WordingLanguage,
    purposes_told,
    shown_wording,
)
from store.tables.customers import customers
from store.tables.domains import domains

OWN_FACTS = "the caller's own token, and nothing of any customer"
GlobalId = Annotated[
    strawberry.ID, searched(Category.CUSTOMER_ID, "The global id that a field `id` gave.", THE_CUSTOMER)
]
DomainName = Annotated[str, searched(Category.SUBSCRIPTION, "The domain name, in either spelling.", NAMED_DOMAINS)]
BY_NUMBER = (Purpose.SERVICE_PROVISION, Purpose.SERVICE_COMMUNICATION, Purpose.INVOICING)
BY_DOMAIN = (Purpose.SERVICE_PROVISION, Purpose.EMERGENCY_CONTACT, Purpose.DOMAIN_REGISTRATION)


@plain_type
class Grant:
    """What the caller's token allows."""

    client: str = public(Attribute("client"), "The client the token was issued to.", OWN_FACTS)
    purposes: list[PurposeEnum] = public(Attribute("purposes"), "The purposes it may state.", OWN_FACTS)
    scopes: list[str] = public(Attribute("scopes"), "The actions it may take.", OWN_FACTS)
    session_id: strawberry.ID | None = public(
        Attribute("session_id"),
        "The `id` of the `Session` it was given in; null for a tool.",
        OWN_FACTS,
        first_party=True,
    )


@strawberry.input(
    one_of=True,
    description="Exactly one of these. They are compared by keyed fingerprint; a value never reaches the database.",
)
class CustomerLookup:
    """How a tool finds a customer it knows by something else than the id."""

    email: str | None = searched_input(Category.EMAIL, "The customer's e-mail address.", WRITTEN_TO[:-2])
    customer_number: str | None = searched_input(Category.CUSTOMER_ID, "The number on invoices.", BY_NUMBER)
    domain: str | None = searched_input(Category.SUBSCRIPTION, "A domain name registered for the customer.", BY_DOMAIN)


@strawberry.type(description="What may be read. Every operation reads for one purpose.")
class Query:
    """The ways in."""

    @entry("me", customers, Category.CUSTOMER_ID, (ANY_APP,))
    def me(self) -> Customer | None:
        """The customer whom the token is bound to."""

    @entry("id", customers, Category.CUSTOMER_ID, THE_CUSTOMER)
    def customer(self, id: GlobalId) -> Customer | None:
        """A customer by global id; null for one that does not exist or may not be read for the purpose."""

    @entry("lookup", customers, Category.CUSTOMER_ID, THE_CUSTOMER[:-1])
    def customer_lookup(
        self, by: Annotated[CustomerLookup, strawberry.argument(description="What the customer is known by.")]
    ) -> Customer | None:
        """A customer by e-mail address, number or domain name."""

    @entry("domain", domains, Category.SUBSCRIPTION, REGISTERED)
    def domain(self, name: DomainName) -> Domain | None:
        """The domain that is registered under this name, and no other one of its customer; null when none is."""

    @paged_table(customers, Category.CUSTOMER_ID, THE_CUSTOMER)
    def customers(self, first: First = strawberry.UNSET, after: After = strawberry.UNSET) -> CustomerConnection | None:
        """The customers that may be read for the purpose, in a stable order."""

    @entry("node", None, Category.CUSTOMER_ID, THE_CUSTOMER)
    def node(self, id: GlobalId) -> Node | None:
        """Any object by global id; null for one that does not exist or may not be read for the purpose."""

    @ledger
    def ledger(self) -> Ledger:
        """What holds us to our ledger: checkpoints, keys and proofs."""

    @reported(nothing_yet, AUDIT_READ)
    def audit(self) -> Audit | None:
        """The audits: what may be read, by whom, for what. Needs the scope `audit:read`."""

    @worked_out(shown_wording, None, None, (), NOBODYS)
    def consent_wording(self, kind: WordingKind, language: WordingLanguage = strawberry.UNSET) -> ConsentWording:
        """The sentence to show beside a box that is not ticked; consenting names its version."""

    @worked_out(purposes_told, None, None, (), NOBODYS)
    def purposes(self, language: Words = strawberry.UNSET) -> list[ProcessingPurpose]:
        """What personal data is used for, as the privacy notice says it."""

    @worked_out(registry_policy, None, None, (), RULES)
    def registry_policy(self, tld: Tld, kind: Kind) -> RegistryPolicy | None:
        """What the registry of an ending publishes of a domain's owner; null for an ending that is not offered."""

    @told(PUBLISHED, Category.SUBSCRIPTION, READ_BY)
    def rdap(self, domain: WhoisName) -> RdapDomain | None:
        """What the public is shown of a domain, as RFC 9083 has it; null for one that is not registered here."""

    grant: Grant = public(GrantFacts(), "What the caller's token allows.", OWN_FACTS)
