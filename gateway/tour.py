"""What a newcomer tries first: for each tool of the demo a question that is answered, and one that is refused."""

from __future__ import annotations

from dataclasses import dataclass

CUSTOMER = "customer"
"""Stands for the featured customer's own token."""

ADDRESSES = "{ customers(first: 3) { nodes { fullName email postalAddress { street postalCode city country } } } }"
SERVICES = "{ customers(first: 3) { nodes { fullName email services { kind name status } } } }"
PHONES = "{ customers(first: 3) { nodes { fullName phone } } }"
NEWS = "{ customers(first: 3) { nodes { fullName email } } }"
FIELDS = "{ __schema { queryType { fields { name description } } } }"
MYSELF = "{ me { fullName email phone services { name status } signIns(first: 3) { nodes { at country unusual } } } }"


@dataclass(frozen=True, slots=True)
class Step:
    """One question, and who asks it."""

    who: str
    title: str
    query: str
    answered: bool = True
    reference: str | None = None


STEPS = (
    Step("billing", "The billing tool reads names and addresses, for invoices", ADDRESSES),
    Step("billing", "... and is refused telephone numbers, which are for emergencies", PHONES, answered=False),
    Step("noc", "Network operations read them in an emergency, naming the incident", PHONES, reference="INC-4711"),
    Step("support", "The support tool reads who has which service", SERVICES),
    Step("support", "... and is refused addresses", ADDRESSES, answered=False),
    Step("newsletter", "The newsletter tool sees only customers who have not declined news", NEWS),
    Step("newsletter", "... and is refused their services", SERVICES, answered=False),
    Step(CUSTOMER, "A customer reads everything about herself, and nobody else", MYSELF),
    Step(CUSTOMER, "... not even the names of others", NEWS, answered=False),
    Step("auditor", "The auditor looks at the schema", FIELDS),
    Step("auditor", "... and at no customer", NEWS, answered=False),
)
