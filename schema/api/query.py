"""The root fields of queries."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry import UNSET

from policy.categories import Category
from policy.purposes import Purpose
from schema.api.federation import Representations, Subgraph, entities, service
from schema.api.grant import OWN_FACTS, Grant
from schema.audits.audits import Audit, nothing_yet
from schema.audits.reported import AUDIT_READ, reported
from schema.core.scalars import PhoneNumber
from schema.declare.connections import After, Before, First, Last
from schema.declare.fields import computed, entry, paged_table, public, rendered, searched, searched_input
from schema.declare.filters import Order, filtering
from schema.declare.node import Node
from schema.declare.readers import ANY_APP, BILLED, NAMED_DOMAINS, REGISTERED, SERVED, THE_CUSTOMER, WRITTEN_TO
from schema.mutations.whois import Kind, Tld, registry_policy
from schema.sources.entries import AnyRow, AnyRows, OwnRow, RowBy, RowByDomain
from schema.sources.values import GrantFacts
from schema.types.accesses import Words
from schema.types.customers import Customer, CustomerConnection
from schema.types.domains import RULES, Domain, RegistryPolicy
from schema.types.invoices import InvoiceConnection, InvoiceFilter
from schema.types.ledger import Ledger, ledger
from schema.types.purposes import ProcessingPurpose, listed_purposes
from schema.types.rdap import PUBLISHED, READ_BY, RdapDomain, WhoisName
from schema.types.services import ServiceConnection, ServiceFilter
from schema.types.wordings import NOBODYS, ConsentWording, WordingKind, WordingLanguage, shown_wording
from store.tables.customers import customers
from store.tables.domains import domains
from store.tables.invoices import invoices
from store.tables.services import services

GlobalIds = Annotated[
    list[strawberry.ID],
    searched(Category.CUSTOMER_ID, "Global ids of any types, never more than the client's largest page.", THE_CUSTOMER),
]
GlobalId = Annotated[
    strawberry.ID, searched(Category.CUSTOMER_ID, "A global id, as a field `id` returned it.", THE_CUSTOMER)
]
DomainName = Annotated[str, searched(Category.SUBSCRIPTION, "The domain name, in either spelling.", NAMED_DOMAINS)]
BY_NUMBER = (Purpose.SERVICE_PROVISION, Purpose.SERVICE_COMMUNICATION, Purpose.INVOICING)
BY_DOMAIN = (
    Purpose.SERVICE_PROVISION,
    Purpose.SERVICE_COMMUNICATION,
    Purpose.EMERGENCY_CONTACT,
    Purpose.DOMAIN_REGISTRATION,
)
BY_SERVICE = (Purpose.SERVICE_PROVISION, Purpose.SERVICE_COMMUNICATION)
BY_INVOICE = (Purpose.INVOICING, Purpose.PAYMENT_EXECUTION)


@strawberry.input(
    one_of=True,
    description="Exactly one of these fields. Values that rest encrypted are compared by blind index, never in the "
    "database itself.",
)
class CustomerBy:
    """Names one customer."""

    id: strawberry.ID | None = searched_input(
        Category.CUSTOMER_ID, "The global id, as a field `id` of type `Customer` returned it.", THE_CUSTOMER
    )
    # Without the last two: news tools and apps list or see customers, they do not look them up by address.
    email: str | None = searched_input(Category.EMAIL, "The customer's e-mail address.", WRITTEN_TO[:-2])
    customer_number: str | None = searched_input(
        Category.CUSTOMER_ID, "The number on invoices, such as `C-100417`.", BY_NUMBER
    )
    external_id: str | None = searched_input(
        Category.CUSTOMER_ID,
        "The customer's id in another system, such as `crm:0047-A`: the system's name, a colon, and the id as it is "
        "written there.",
        BY_NUMBER,
    )
    domain: str | None = searched_input(
        Category.SUBSCRIPTION, "A domain name that is registered for the customer, in either spelling.", BY_DOMAIN
    )
    phone: PhoneNumber | None = searched_input(
        Category.PHONE,
        "The customer's telephone number with its country code, to find who called or is to be called in an emergency; "
        "refused with `AMBIGUOUS` if more than one customer has it.",
        (Purpose.EMERGENCY_CONTACT,),
    )
    service_name: str | None = searched_input(
        Category.SUBSCRIPTION,
        "The name of one of the customer's services, running or ended, in upper or lower case; refused with "
        "`AMBIGUOUS` if more than one customer has a service of this name.",
        BY_SERVICE,
    )
    invoice_number: str | None = searched_input(
        Category.TRANSACTION, "The number of one of the customer's invoices, as printed on it.", BY_INVOICE
    )


@strawberry.type(description="The data that can be read. Every operation reads for one purpose.")
class Query:
    """Root fields of queries; each docstring is the field's description in the printed schema."""

    @entry(OwnRow(customers), Category.CUSTOMER_ID, (ANY_APP,))
    def me(self) -> Customer | None:
        """The customer that the token is bound to."""

    # Apps and the customer's own token name a customer by id alone: other look-ups would probe for others.
    @entry(RowBy(customers), Category.CUSTOMER_ID, THE_CUSTOMER)
    def customer(
        self, by: Annotated[CustomerBy, strawberry.argument(description="One particular of the customer.")]
    ) -> Customer | None:
        """The customer of this id, number, external id, e-mail address, telephone number, domain, service or invoice;
        null for one that does not exist or may not be read for the purpose."""

    @entry(RowByDomain(domains), Category.SUBSCRIPTION, REGISTERED)
    def domain(self, name: DomainName) -> Domain | None:
        """The domain registered under this name, without other domains of its customer; null if there is none."""

    @paged_table(customers, Category.CUSTOMER_ID, THE_CUSTOMER)
    def customers(
        self, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> CustomerConnection | None:
        """The customers that may be read for the purpose, in a stable order."""

    @entry(AnyRow(), Category.CUSTOMER_ID, THE_CUSTOMER)
    def node(self, id: GlobalId) -> Node | None:
        """Any object by global id; null for one that does not exist or may not be read for the purpose."""

    @entry(AnyRows(), Category.CUSTOMER_ID, THE_CUSTOMER)
    def nodes(self, ids: GlobalIds) -> list[Node | None] | None:
        """Objects by global id, in the order of the ids; null for each that does not exist or may not be read for the
        purpose."""

    # For tools: customers and apps read their own through the customer.
    @paged_table(services, Category.SUBSCRIPTION, SERVED[:-1])
    def services(
        self,
        filter: filtering(ServiceFilter) = UNSET,
        order: Order = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> ServiceConnection | None:
        """The services of all customers that may be read for the purpose, oldest first: such as all that run on a kind
        of platform, with whom to tell."""

    @paged_table(invoices, Category.TRANSACTION, BILLED[:-1])
    def invoices(
        self,
        filter: filtering(InvoiceFilter) = UNSET,
        order: Order = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> InvoiceConnection | None:
        """The invoices of all customers that may be read for the purpose, oldest first: such as all that are overdue,
        with whom to remind."""

    @entities
    def entities(self, representations: Representations) -> list[Node | None] | None:
        """For a router of Apollo Federation: objects by type and global id. Needs the scope `federation:read`."""

    @service
    def service(self) -> Subgraph:
        """For a router of Apollo Federation: the schema as a subgraph. Needs the scope `federation:read`."""

    @ledger
    def ledger(self) -> Ledger:
        """The transparency data of the ledger: checkpoints, public keys and Merkle proofs."""

    @reported(nothing_yet, AUDIT_READ)
    def audit(self) -> Audit | None:
        """Audit reports on the schema, clients and store. Needs the scope `audit:read`."""

    # No category: the wording is the same for everybody.
    @computed(shown_wording, None, None, (), NOBODYS)
    def consent_wording(self, kind: WordingKind, language: WordingLanguage = UNSET) -> ConsentWording:
        """The wording to show beside an unticked consent box; a consent refers to its version."""

    @computed(listed_purposes, None, None, (), NOBODYS)
    def purposes(self, language: Words = UNSET) -> list[ProcessingPurpose]:
        """The purposes of processing personal data, as the privacy notice states them."""

    @computed(registry_policy, None, None, (), RULES)
    def registry_policy(self, tld: Tld, kind: Kind) -> RegistryPolicy | None:
        """The publication rules of the registry of a top-level domain; null for one that is not offered."""

    @rendered(PUBLISHED, Category.SUBSCRIPTION, READ_BY)
    def rdap(self, domain: WhoisName) -> RdapDomain | None:
        """The public view of a domain as an RDAP object (RFC 9083); null for one that is not registered here."""

    grant: Grant = public(GrantFacts(), "The permissions of the caller's token.", OWN_FACTS)
