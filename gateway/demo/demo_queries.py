"""Demo queries: for each tool of the demo one that is answered, and one that is refused."""

from __future__ import annotations

from dataclasses import dataclass

CUSTOMER = "customer"
"""Stands for the featured customer's own token instead of a tool's."""

ADDRESSES = "{ customers(first: 3) { nodes { fullName email postalAddress { street postalCode city country } } } }"
SERVICES = "{ customers(first: 3) { nodes { fullName email services { nodes { kind name state } } } } }"
PHONES = "{ customers(first: 3) { nodes { fullName phone } } }"
NEWS = "{ customers(first: 3) { nodes { fullName email } } }"
RUNNING = "{ customers(first: 3) { nodes { customerNumber services { nodes { kind name state } } } } }"
RDAP = '{ rdap(domain: "fontaine-fiduciaire.com.example") }'
FIELDS = "{ __schema { queryType { fields { name description } } } }"
MYSELF = (
    "{ me { fullName email phone services { nodes { name state } } "
    "signIns(first: 3) { nodes { at country unusual } } } }"
)


@dataclass(frozen=True, slots=True)
class DemoQuery:
    """One query, and the client that sends it; `title` says what it reads."""

    who: str
    title: str
    query: str
    answered: bool = True
    reference: str | None = None


QUERIES = (
    DemoQuery("billing", "names and addresses, for invoices", ADDRESSES),
    DemoQuery("billing", "telephone numbers, which are for emergencies", PHONES, answered=False),
    DemoQuery("noc", "telephone numbers, for the incident in the reference", PHONES, reference="INC-4711"),
    DemoQuery("noc", "e-mail addresses", NEWS, answered=False, reference="INC-4711"),
    DemoQuery("support", "who has which service", SERVICES),
    DemoQuery("support", "postal addresses", ADDRESSES, answered=False),
    DemoQuery("newsletter", "whom to write to, without those who declined", NEWS),
    DemoQuery("newsletter", "their services", SERVICES, answered=False),
    DemoQuery("orders", "whose services to look after", RUNNING),
    DemoQuery("orders", "telephone numbers", PHONES, answered=False),
    DemoQuery("registrar", "what a registry may publish of a domain, as RDAP", RDAP),
    DemoQuery("registrar", "e-mail addresses of customers", NEWS, answered=False),
    DemoQuery(CUSTOMER, "everything about herself", MYSELF),
    DemoQuery(CUSTOMER, "all customers: she finds only herself", NEWS),
    DemoQuery("auditor", "the schema", FIELDS),
    DemoQuery("auditor", "customers", NEWS, answered=False),
)
