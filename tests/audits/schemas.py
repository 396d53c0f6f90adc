"""Small schemas for the tests of the audits, and short ways to their facts."""

from __future__ import annotations

from audits.schema.checks import Check, Finding
from audits.schema.facts import Facts
from audits.schema.lint import lint
from audits.schema.sources import Text

HOUSE = "schema/schema.graphql"

SMALL = """
type Query {
  customer(
    id: ID! @personalData(category: CUSTOMER_ID) @purpose(allows: [INVOICING]) @retention(rule: NOT_STORED)
  ): Customer @personalData(category: CUSTOMER_ID) @purpose(allows: [INVOICING, EMERGENCY_CONTACT, PAYMENT_EXECUTION])
    @purpose(allows: [PRODUCT_NEWS], when: NEWS_NOT_DECLINED)
  version: String @public(why: "the number of the build")
}

type Customer @retention(rule: CUSTOMER_LIFE) {
  name: String @personalData(category: NAME) @purpose(allows: [INVOICING, EMERGENCY_CONTACT])
  email: String @personalData(category: EMAIL) @purpose(allows: [INVOICING])
    @purpose(allows: [PRODUCT_NEWS], when: NEWS_NOT_DECLINED)
  phone: String @personalData(category: PHONE) @purpose(allows: [EMERGENCY_CONTACT])
  createdAt: String @purpose(allows: [INVOICING])
  card: Card @personalData(category: CARD_BRAND) @purpose(allows: [PAYMENT_EXECUTION])
}

type Card @retention(rule: CARD_CONSENT) {
  brand: String @personalData(category: CARD_BRAND) @purpose(allows: [PAYMENT_EXECUTION])
    @disclosedTo(recipients: [PAYMENT_AFFILIATE])
}
"""
"""Clean, and small enough to be read at once."""


def facts_of(text: str, name: str = "test.graphql") -> Facts:
    """The facts of a text."""
    return Facts.of(Text(name, text))


def changed(old: str, new: str, text: str = SMALL) -> str:
    """The small schema with one place changed; the place must be there."""
    assert old in text, f"not in the schema: {old}"
    return text.replace(old, new, 1)


def findings(text: str) -> list[Finding]:
    """What the lint says of a text."""
    return lint(facts_of(text))


def checks(text: str) -> set[Check]:
    """Which checks a text fails."""
    return {each.check for each in findings(text)}
