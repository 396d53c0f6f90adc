"""The services a customer subscribed to."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from resolvers import customers as reads
from schema.back_references import CustomerRef
from schema.fields import datum, identity, related
from schema.node import Node
from schema.readers import SELF, SERVED
from schema.records import record
from schema.scalars import DateTime
from schema.words import enumerated
from store.services import SERVICE_KINDS, SERVICE_STATES, services

S = services.c
RUN = (Purpose.SERVICE_PROVISION, SELF)

ServiceKind = enumerated("ServiceKind", SERVICE_KINDS, "What kind of service.")
ServiceStatus = enumerated(
    "ServiceStatus",
    SERVICE_STATES,
    "Whether the service runs. REDEMPTION still counts as active: erasure waits for it.",
)


@record(services)
class Service(Node):
    """A hosting, mail, domain, server or certificate subscription."""

    id: strawberry.ID = identity(services, SERVED)
    kind: ServiceKind | None = datum(S.kind, "What kind of service.", SERVED)
    name: str | None = datum(S.name, "The name it goes by, such as its domain or host name.", SERVED)
    status: ServiceStatus | None = datum(S.status, "Whether it runs.", SERVED)
    started_at: DateTime | None = datum(S.started_at, "When it was subscribed to.", SERVED)
    renews_at: DateTime | None = datum(S.renews_at, "When it renews, or ends if not renewed.", SERVED)
    terminated_at: DateTime | None = datum(
        S.terminated_at, "When it ended.", (*RUN, Purpose.INVOICING, Purpose.ERASURE)
    )
    customer: CustomerRef | None = related(reads.customer_of_service, "Whose it is.", Category.CUSTOMER_ID, SERVED)
