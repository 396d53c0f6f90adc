"""Services of a customer, and the mutations that start and end them."""

from __future__ import annotations

import strawberry

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.purposes import Purpose
from resolvers.reads import customers as reads
from resolvers.reads.criteria import among, since, until
from schema.core.enums import ServiceKind, ServiceState
from schema.core.scalars import DateTime
from schema.declare.commands import (
    UserError,
    affected,
    command_input,
    plain_input,
    returned,
    stored_input,
    transient_input,
    user_errors,
)
from schema.declare.connections import connection
from schema.declare.fields import datum, identity, related, shared
from schema.declare.filters import compared
from schema.declare.node import Node
from schema.declare.readers import SELF, SERVED
from schema.declare.records import plain_type, record
from schema.types.back_references import CustomerRef
from store.tables.services import services

RUN = (Purpose.SERVICE_PROVISION, shared(AppScope.SERVICES_READ))


@record(services)
class Service(Node):
    """A hosting, mail, domain, server or certificate subscription."""

    id: strawberry.ID = identity(services, SERVED)
    kind: ServiceKind | None = datum(services.c.kind, "The kind of service, such as web hosting or a domain.", SERVED)
    name: str | None = datum(
        services.c.name, "The name of the service, such as a domain, a host name or a product.", SERVED
    )
    state: ServiceState | None = datum(services.c.status, "Whether the service runs.", SERVED)
    started_at: DateTime | None = datum(services.c.started_at, "The time at which the subscription began.", SERVED)
    renews_at: DateTime | None = datum(
        services.c.renews_at,
        "The time at which it is renewed, or ends if it is not; null if it has no such day.",
        SERVED,
    )
    terminated_at: DateTime | None = datum(
        services.c.terminated_at,
        "The time at which it ended; null while it runs.",
        (*RUN, Purpose.INVOICING, Purpose.ERASURE),
    )
    customer: CustomerRef | None = related(
        reads.customer_of_service, "The customer who has the service.", Category.CUSTOMER_ID, SERVED
    )


@strawberry.input(description="Narrows a list of services.")
class ServiceFilter:
    """Each field reads the column that it compares."""

    kind: list[ServiceKind] | None = compared(among(services.c.kind), "Services of one of these kinds.", SERVED)
    state: list[ServiceState] | None = compared(among(services.c.status), "Services in one of these states.", SERVED)
    renews_from: DateTime | None = compared(
        since(services.c.renews_at), "Renewed, or ended if not renewed, at this time or later.", SERVED
    )
    renews_before: DateTime | None = compared(
        until(services.c.renews_at), "Renewed, or ended if not renewed, before this time.", SERVED
    )


ServiceConnection = connection(Service, "Service")
PROVIDED = (Purpose.SERVICE_PROVISION,)


@command_input("A service that a customer ordered, such as in the shop.", PROVIDED)
class SubscribeServiceInput:
    """Input of a tool that provides services."""

    customer_id: strawberry.ID = transient_input(
        Category.CUSTOMER_ID, "The `id` of the `Customer` who gets the service.", PROVIDED
    )
    kind: ServiceKind = stored_input(services.c.kind, "The kind of service that is subscribed to.", PROVIDED)
    name: str = stored_input(
        services.c.name, "The name of the service, such as a domain, a host name or a product.", PROVIDED
    )
    renews_at: DateTime | None = stored_input(
        services.c.renews_at,
        "The time at which it is renewed, or ends if it is not; left out if it has no such day.",
        PROVIDED,
    )
    withdraw_erasure: bool | None = plain_input(
        "Cancel a pending erasure request of the customer, who chose to stay.", PROVIDED
    )


@plain_type
class SubscribeServicePayload:
    """The service that was started."""

    service: Service | None = affected(
        "service",
        services,
        Category.SUBSCRIPTION,
        "The new service; null if nothing was subscribed to (`userErrors`).",
        PROVIDED,
    )
    user_errors: list[UserError] = user_errors()


@command_input("The end of one's own service, or the question what would follow.", (SELF,))
class CancelServiceInput:
    """A cancellation; it needs an authentication within the last five minutes (S7)."""

    service_id: strawberry.ID = transient_input(Category.SUBSCRIPTION, "The `id` of the `Service` to end.", (SELF,))
    preview: bool | None = plain_input("Only say what would follow, and end nothing; false when left out.", (SELF,))


@plain_type
class CancelServicePayload:
    """The service, and what follows its end."""

    service: Service | None = affected(
        "service",
        services,
        Category.SUBSCRIPTION,
        "The service with its end, or as it is after a preview; null if there is no such one (`userErrors`).",
        (SELF,),
    )
    ends_domain: bool | None = returned(
        "ends_domain",
        Category.SUBSCRIPTION,
        "Whether the registration of a domain ends with it, so that others may register the name.",
        (SELF,),
    )
    last_service: bool | None = returned(
        "last_service", Category.SUBSCRIPTION, "Whether no other service of the customer runs.", (SELF,)
    )
    erased_by: DateTime | None = returned(
        "erased_by",
        Category.SUBSCRIPTION,
        "The time by which all data is erased unless something is ordered again; null while another service runs.",
        (SELF,),
    )
    user_errors: list[UserError] = user_errors()


@command_input("The end of a service, for any reason.", PROVIDED)
class TerminateServiceInput:
    """Input of a tool that provides services."""

    service_id: strawberry.ID = transient_input(Category.SUBSCRIPTION, "The `id` of the `Service` to end.", PROVIDED)
    at: DateTime | None = stored_input(
        services.c.terminated_at, "The time at which the service ends; now when left out.", PROVIDED
    )


@plain_type
class TerminateServicePayload:
    """The service with its end."""

    service: Service | None = affected(
        "service",
        services,
        Category.SUBSCRIPTION,
        "The service with its end; null if nothing was changed (`userErrors`).",
        PROVIDED,
    )
    user_errors: list[UserError] = user_errors()
