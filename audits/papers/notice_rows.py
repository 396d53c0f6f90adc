"""The rows of the notice in everyday terms, and the categories of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from audits.schema.facts import Fact, Facts
from policy.categories import Category
from policy.recipients import Recipient
from policy.retention import RetentionRule

GROUPS: Final[tuple[tuple[str, tuple[Category, ...]], ...]] = (
    ("name_address", (Category.NAME, Category.POSTAL_ADDRESS)),
    ("email", (Category.EMAIL,)),
    ("phone", (Category.PHONE,)),
    ("login", (Category.LOGIN_NAME, Category.PASSWORD, Category.AUTH_FACTOR)),
    ("ip", (Category.IP_ADDRESS, Category.COARSE_LOCATION, Category.ACCESS_HISTORY)),
    (
        "payment",
        (Category.PAYMENT_METHOD, Category.CARD_NUMBER, Category.CARD_EXPIRY, Category.CARD_BRAND),
    ),
    ("invoices", (Category.TRANSACTION,)),
    ("services", (Category.SUBSCRIPTION,)),
    ("domain_owner", ()),
    ("preferences", (Category.PREFERENCE,)),
    ("disclosures", ()),
    ("numbers", (Category.CUSTOMER_ID, Category.SUBJECT_PSEUDONYM)),
    ("cookies", (Category.COOKIE_ID, Category.BROWSING)),
)
"""The rows of the notice, in its order. A category in none of them gets a row of its own, with its own sentence."""
HOMES: Final = {
    "name_address": "row Full name and postal address",
    "email": "row Email address",
    "phone": "row Phone number",
    "login": "row Login credentials",
    "ip": "row IP address",
    "payment": "row Payment information",
    "domain_owner": "case Domain name registration",
}
"""The text with which `Purpose.notice` refers to a row of the company's own notice."""


def group_of(category: Category) -> str:
    """Return the row of a category, of parts that of their whole; the category's own name if it has none."""
    for name, categories in GROUPS:
        if any(category.within(whole) for whole in categories):
            return name
    return category.name


def row_of(category: Category, recipients: Collection[str], kept: Sequence[str]) -> str:
    """Return the row of a field, by its declaration.

    A registrant's details are another person's data than the customer's (R52, A4); disclosures have a row of their own.
    """
    if Recipient.REGISTRY.name in recipients:
        return "domain_owner"
    if tuple(kept) == (RetentionRule.DISCLOSURE_RECORDS.name,):
        return "disclosures"
    return group_of(category)


def readable(facts: Facts) -> Iterator[tuple[Fact, Category]]:
    """Yield readable fields of a known category, without parts whose whole is listed, and without ids of records."""
    wholes = {(fact.named, fact.category) for fact in facts.outputs}
    for fact in facts.outputs:
        category = Category.__members__.get(fact.category or "")
        record_id = fact.name == "id" and fact.named == "ID"
        # A part is skipped if its type stands behind a field with the whole category, such as the street of an address.
        if category is None or record_id or (category.parent and (fact.type_name, category.parent) in wholes):
            continue
        yield fact, category
