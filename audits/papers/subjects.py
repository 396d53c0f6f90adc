"""The categories of data subjects (GDPR Art. 30(1)(c)), by purpose."""

from __future__ import annotations

from enum import unique

from messages.message import marked
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.rows import Row


@unique
class Subject(Row):
    """A category of data subjects."""

    CUSTOMER = marked("Customers: people who subscribed to a service."), "Customer", "customer"
    DOMAIN_OWNER = marked("Owners of domain names, who need not be the customer (R52)."), "DataSubject", "domain_owner"
    VISITOR = marked("Visitors of the web site."), "DataSubject", "website_visitor"

    def __init__(self, _text: str, dpv: str, fides: str) -> None:
        self.dpv = dpv
        """Term under `vocabularies.DPV`."""
        self.fides = fides
        """The fideslang data subject; `domain_owner` and `website_visitor` are not in its taxonomy, so the export
        defines them."""


def subjects(purpose: Purpose) -> tuple[Subject, ...]:
    """Return the data subjects of a purpose."""
    if purpose.notice == "Cookies":
        return (Subject.VISITOR,)
    if purpose in Recipient.REGISTRY.purposes:
        return (Subject.CUSTOMER, Subject.DOMAIN_OWNER)
    return (Subject.CUSTOMER,)
