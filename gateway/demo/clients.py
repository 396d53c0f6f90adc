"""The registered clients of the demo, with their purposes."""

from dataclasses import dataclass

from policy.purposes import Purpose


@dataclass(frozen=True, slots=True)
class DemoClient:
    """One registered client."""

    id: str
    name: str
    purposes: tuple[Purpose, ...]
    scopes: tuple[str, ...] = ()
    introspection: bool = False
    max_page: int = 100
    redirect_uris: tuple[str, ...] = ()
    """Only for the client that customers sign in to; the others are tools."""


CLIENTS: tuple[DemoClient, ...] = (
    DemoClient("web", "Client area of the customers", (Purpose.SELF_SERVICE,), redirect_uris=("/callback",)),
    DemoClient("billing", "Billing tool", (Purpose.INVOICING,), scopes=("invoices:write",)),
    DemoClient("support", "Support tool", (Purpose.SERVICE_COMMUNICATION,)),
    DemoClient("noc", "Network operations", (Purpose.EMERGENCY_CONTACT,), max_page=10),
    DemoClient("newsletter", "Newsletter tool", (Purpose.PRODUCT_NEWS,), max_page=500),
    DemoClient("orders", "Order desk", (Purpose.SERVICE_PROVISION,), scopes=("customers:write", "services:write")),
    DemoClient("registrar", "Registrar tool", (Purpose.DOMAIN_REGISTRATION,), scopes=("domains:write",)),
    DemoClient("auditor", "Auditor", (), scopes=("audit:read",), introspection=True),
)
"""Tools have no secret until one is made: `gateway clients rotate billing`.
`auditor` may read the schema and the audits, but no customer. All of them may send ad-hoc documents."""
