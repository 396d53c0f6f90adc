"""The type `Customer`."""

from __future__ import annotations

import strawberry
from strawberry import UNSET

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.purposes import Purpose
from resolvers.reads import customers as reads
from schema.core.names import family_name, full_name, given_name
from schema.core.scalars import URL, DateTime, EmailAddress, LanguageTag, PhoneNumber
from schema.declare.connections import After, Before, First, Last, connection
from schema.declare.fields import datum, embedded, identity, paged, related, shared
from schema.declare.filters import Order, filtering
from schema.declare.node import Node
from schema.declare.readers import (
    BILLED,
    ERASED,
    NAMED,
    NEWS,
    OPEN_SESSIONS,
    PAID,
    READ_PROFILE,
    REGISTERED,
    SELF,
    SERVED,
    SIGN_IN_FACTS,
    THE_CUSTOMER,
    WATCHED,
    WRITE_PROFILE,
    WRITTEN_TO,
)
from schema.declare.records import record
from schema.types.access import SessionConnection, SignInConnection
from schema.types.accesses import DataAccessConnection, Words, accesses
from schema.types.addresses import PostalAddress
from schema.types.apps import AppSessionConnection, AuthorizedApp
from schema.types.changes import ChangeConnection
from schema.types.consents import ConsentConnection, ConsentFilter, CookieChoice, unsubscribe_url
from schema.types.credentials import Credential
from schema.types.disclosures import DisclosureConnection, DisclosureFilter
from schema.types.domains import DomainConnection, DomainFilter
from schema.types.erasures import ErasureConnection
from schema.types.exports import ExportConnection
from schema.types.invoices import InvoiceConnection, InvoiceFilter
from schema.types.payments import PaymentMethod
from schema.types.restrictions import NoticeRecipientConnection, Objection, Restriction, RightsRequestConnection
from schema.types.services import ServiceConnection, ServiceFilter
from store.tables.customers import customers

CHOICES = (AppScope.CHOICES_READ, AppScope.CHOICES_WRITE)
READ_CHOICES = shared(AppScope.CHOICES_READ)


@record(customers)
class Customer(Node):
    """A person or company that subscribed to our services."""

    id: strawberry.ID = identity(customers, THE_CUSTOMER)
    customer_number: str | None = datum(
        customers.c.customer_number,
        "The number on invoices and letters, such as `C-100042`, by which customers name themselves.",
        (
            Purpose.SERVICE_PROVISION,
            Purpose.SERVICE_COMMUNICATION,
            Purpose.INVOICING,
            Purpose.RIGHTS_HANDLING,
            READ_PROFILE,
        ),
    )
    external_id: str | None = datum(
        customers.c.external_id,
        "The customer's id in the system that the customer was imported from, such as `crm:0047-A`: the system's name, "
        "a colon, and the id as it is written there; null if there is none.",
        (Purpose.SERVICE_PROVISION, Purpose.SERVICE_COMMUNICATION, Purpose.INVOICING, SELF),
    )
    full_name: str | None = datum(
        customers.c.name, "Given and family name: to address the customer and to issue invoices.", NAMED, read=full_name
    )
    given_name: str | None = datum(
        customers.c.name, "The given name, as the customer wrote it; null if there is none.", NAMED, read=given_name
    )
    family_name: str | None = datum(
        customers.c.name, "The family name, as the customer wrote it; null if there is none.", NAMED, read=family_name
    )
    postal_address: PostalAddress | None = embedded(
        customers.c.postal_address,
        "The postal address that invoices are made out to.",
        (Purpose.INVOICING, Purpose.RIGHTS_HANDLING, READ_PROFILE),
    )
    email: EmailAddress | None = datum(
        customers.c.email,
        "To write about the services subscribed to and, unless declined, about news of our services.",
        WRITTEN_TO,
    )
    phone: PhoneNumber | None = datum(
        customers.c.phone,
        "To call in an emergency only, with the country code; never for promotion.",
        (Purpose.EMERGENCY_CONTACT, READ_PROFILE),
        editable_by=WRITE_PROFILE,
    )
    locale: LanguageTag | None = datum(
        customers.c.locale,
        "The language in which the customer is written to, such as `fr-CH`; null if it is not known.",
        NAMED,
        editable_by=WRITE_PROFILE,
    )
    product_news: bool | None = datum(
        customers.c.product_news,
        "Whether news about our services may be sent to the customer by e-mail.",
        (NEWS, shared(*CHOICES)),
    )

    @unsubscribe_url
    def unsubscribe_url(self) -> URL | None:
        """The one-click unsubscribe URL for the header `List-Unsubscribe` of each news message (RFC 8058)."""

    created_at: DateTime | None = datum(
        customers.c.created_at,
        "The time at which the customer was registered.",
        (Purpose.SERVICE_PROVISION, Purpose.INVOICING, READ_PROFILE),
        category=Category.SUBSCRIPTION,
    )
    updated_at: DateTime | None = datum(
        customers.c.updated_at,
        "The time at which the profile was last changed; at first, that of the registration.",
        (READ_PROFILE,),
        category=Category.PREFERENCE,
    )
    version: int | None = datum(
        customers.c.version,
        "Increases with each `updateProfile` that gives a field, and with each confirmed change of the e-mail address; "
        "consents, whois choices and restrictions leave it as it is. See `UpdateProfileInput.ifVersion`.",
        (shared(AppScope.PROFILE_READ, AppScope.PROFILE_WRITE),),
        category=Category.PREFERENCE,
    )
    last_service_ended_at: DateTime | None = datum(
        customers.c.last_service_ended_at,
        "The time at which the last service ended, six months before automatic erasure; null while one runs.",
        ERASED,
    )

    @paged(reads.services_of, Category.SUBSCRIPTION, SERVED)
    def services(
        self,
        filter: filtering(ServiceFilter) = UNSET,
        order: Order = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> ServiceConnection | None:
        """The services of the customer, oldest first."""

    @paged(reads.domains_of, Category.SUBSCRIPTION, REGISTERED)
    def domains(
        self,
        filter: filtering(DomainFilter) = UNSET,
        order: Order = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> DomainConnection | None:
        """Domain names registered for the customer, oldest first."""

    payment_methods: list[PaymentMethod] | None = related(
        reads.payment_methods_of,
        "The ways in which the customer pays, in the order in which they were added.",
        Category.PAYMENT_METHOD,
        PAID,
    )

    @paged(reads.invoices_of, Category.TRANSACTION, BILLED)
    def invoices(
        self,
        filter: filtering(InvoiceFilter) = UNSET,
        order: Order = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> InvoiceConnection | None:
        """The invoices, newest first."""

    credentials: list[Credential] | None = related(
        reads.credentials_of,
        "The credentials of each platform: facts only, never a secret.",
        Category.LOGIN_NAME,
        SIGN_IN_FACTS,
    )

    @paged(reads.sign_ins_of, Category.ACCESS_HISTORY, WATCHED)
    def sign_ins(
        self, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> SignInConnection | None:
        """The accesses to platforms, newest first."""

    @paged(reads.sessions_of, Category.ACCESS_HISTORY, OPEN_SESSIONS)
    def sessions(
        self, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> SessionConnection | None:
        """Open and ended sessions, newest first."""

    @paged(reads.app_sessions_of, Category.ACCESS_HISTORY, (SELF,))
    def app_sessions(
        self, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> AppSessionConnection | None:
        """The app sessions that hold or recently held tokens of the customer, newest first."""

    authorized_apps: list[AuthorizedApp] | None = related(
        reads.authorized_apps_of,
        "The authorizations of third-party apps, withdrawn ones included, newest first.",
        Category.PREFERENCE,
        (SELF,),
    )

    @paged(reads.consents_of, Category.PREFERENCE, (READ_CHOICES,))
    def consents(
        self,
        filter: filtering(ConsentFilter) = UNSET,
        order: Order = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> ConsentConnection | None:
        """The consents and withdrawals, newest first."""

    cookie_choice: CookieChoice | None = related(
        reads.cookie_choice_of,
        "The customer's choice about cookies; null if none was made yet.",
        Category.PREFERENCE,
        (READ_CHOICES,),
    )

    @paged(reads.disclosures_of, Category.ACCESS_HISTORY, (SELF,))
    def disclosures(
        self,
        filter: filtering(DisclosureFilter) = UNSET,
        order: Order = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> DisclosureConnection | None:
        """The disclosures to third parties, newest first."""

    restriction: Restriction | None = related(
        reads.restriction_of,
        "The present restriction of processing; null if there is none.",
        Category.PREFERENCE,
        (SELF,),
    )
    objections: list[Objection] | None = related(
        reads.objections_of,
        "The customer's objections to purposes (GDPR Art. 21), the oldest first.",
        Category.PREFERENCE,
        (SELF,),
    )

    @paged(reads.notices_of, Category.ACCESS_HISTORY, (SELF,))
    def notices(
        self, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> NoticeRecipientConnection | None:
        """The recipients informed of a restriction, its end or a rectification (GDPR Art. 19), newest first."""

    @paged(reads.requests_of, Category.PREFERENCE, (SELF,))
    def requests(
        self, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> RightsRequestConnection | None:
        """The customer's requests about their data, whoever recorded them, newest first."""

    @paged(reads.erasures_of, Category.PREFERENCE, ERASED)
    def erasures(
        self, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> ErasureConnection | None:
        """The erasures requested or due, newest first."""

    @paged(reads.exports_of, Category.PREFERENCE, (SELF,))
    def exports(
        self, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> ExportConnection | None:
        """The exports that can still be fetched, newest first."""

    @paged(reads.changes_of, Category.ACCESS_HISTORY, (SELF,))
    def changes(
        self, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
    ) -> ChangeConnection | None:
        """The changes to the customer's data, newest first: the fields, never a value."""

    @accesses
    def accesses(
        self,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        language: Words = UNSET,
    ) -> DataAccessConnection | None:
        """The readings of the customer's data from the ledger, newest first, with a delay of a second or two."""


CustomerConnection = connection(Customer, "Customer")
