"""The tour for newcomers: for each tool of the demo a question that is answered, and one that is refused."""

from __future__ import annotations

from dataclasses import dataclass

CUSTOMER = "customer"
"""Stands for the featured customer's own token."""

ADDRESSES = "{ customers(first: 3) { nodes { fullName email postalAddress { street postalCode city country } } } }"
SERVICES = "{ customers(first: 3) { nodes { fullName email services { kind name status } } } }"
PHONES = "{ customers(first: 3) { nodes { fullName phone } } }"
NEWS = "{ customers(first: 3) { nodes { fullName email } } }"
RUNNING = "{ customers(first: 3) { nodes { customerNumber services { kind name status } } } }"
RDAP = '{ rdap(domain: "fontaine-fiduciaire.com.example") }'
FIELDS = "{ __schema { queryType { fields { name description } } } }"
MYSELF = "{ me { fullName email phone services { name status } signIns(first: 3) { nodes { at country unusual } } } }"


@dataclass(frozen=True, slots=True)
class TourStep:
    """One question, and who asks it; `title` says what is asked for."""

    who: str
    title: str
    query: str
    answered: bool = True
    reference: str | None = None
    printed: bool = True
    """Whether it is among the commands printed at the start; GraphiQL offers all of them."""


STEPS = (
    TourStep("billing", "names and addresses, for invoices", ADDRESSES),
    TourStep("billing", "telephone numbers, which are for emergencies", PHONES, answered=False),
    TourStep("noc", "telephone numbers, for the incident in the reference", PHONES, reference="INC-4711"),
    TourStep("noc", "e-mail addresses", NEWS, answered=False, reference="INC-4711", printed=False),
    TourStep("support", "who has which service", SERVICES),
    TourStep("support", "postal addresses", ADDRESSES, answered=False, printed=False),
    TourStep("newsletter", "whom to write to, without those who declined", NEWS),
    TourStep("newsletter", "their services", SERVICES, answered=False, printed=False),
    TourStep("orders", "whose services to look after", RUNNING, printed=False),
    TourStep("orders", "telephone numbers", PHONES, answered=False, printed=False),
    TourStep("registrar", "what a registry may publish of a domain, as RDAP", RDAP),
    TourStep("registrar", "e-mail addresses of customers", NEWS, answered=False, printed=False),
    TourStep(CUSTOMER, "everything about herself", MYSELF),
    TourStep(CUSTOMER, "all customers: she finds only herself", NEWS, printed=False),
    TourStep("auditor", "the schema", FIELDS),
    TourStep("auditor", "customers", NEWS, answered=False, printed=False),
)
