"""The applications of the demo: who asks, for which purposes, and how."""

from dataclasses import dataclass

from policy.purposes import Purpose


@dataclass(frozen=True, slots=True)
class DemoClient:
    """One registered application."""

    id: str
    name: str
    purposes: tuple[Purpose, ...]
    scopes: tuple[str, ...] = ()
    introspection: bool = False
    max_page: int = 100
    redirect_uris: tuple[str, ...] = ()
    """Of the one that customers sign in to; the others are tools."""


CLIENTS: tuple[DemoClient, ...] = (
    DemoClient("web", "Client area of the customers", (Purpose.SELF_SERVICE,), redirect_uris=("/callback",)),
    DemoClient("billing", "Billing tool", (Purpose.INVOICING,)),
    DemoClient("support", "Support tool", (Purpose.SERVICE_COMMUNICATION,)),
    DemoClient("noc", "Network operations", (Purpose.EMERGENCY_CONTACT,), max_page=10),
    DemoClient("newsletter", "Newsletter tool", (Purpose.PRODUCT_NEWS,), max_page=500),
    DemoClient("orders", "Order desk", (Purpose.SERVICE_PROVISION,), scopes=("customers:write", "services:write")),
    DemoClient("registrar", "Registrar tool", (Purpose.DOMAIN_REGISTRATION,), scopes=("domains:write",)),
    DemoClient("auditor", "Auditor", (), scopes=("audit:read",), introspection=True),
)
"""Tools have no secret until they are given one: `gateway clients rotate billing`.
`auditor` may look at the schema and the audits, and at no customer. All of them may send ad-hoc documents."""
