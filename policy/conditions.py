"""The customer's own choices on which an allowance may depend; compiled into SQL filters, never evaluated per row."""

from enum import unique
from typing import Literal

from policy.rows import Row

ConditionScope = Literal["ROW", "VALUE"]


@unique
class Condition(Row):
    """A condition on the customer's data that must hold for an allowance to apply.

    Scope ROW: a row for which it fails is not read at all. Scope VALUE: only this field's value is withheld.
    """

    NEWS_NOT_DECLINED = "The customer has not switched product news off.", "ROW"
    CARD_STORAGE_CONSENTED = "The customer's consent to store this card stands.", "ROW"
    DISCLOSURE_MAY_BE_TOLD = "No order forbids telling the customer of this disclosure (yet).", "ROW"
    REGISTRATION_RUNS = "The domain is registered: it has not expired, and its service has not ended.", "ROW"
    # One condition for each field: the customer hides each of the four by itself.
    WHOIS_NAME_PUBLISHED = (
        "The domain owner's name is one that the registry publishes.",
        "VALUE",
    )
    WHOIS_ADDRESS_PUBLISHED = (
        "The domain owner's address is one that the registry publishes.",
        "VALUE",
    )
    WHOIS_COUNTRY_PUBLISHED = (
        "The domain owner's country is one that the registry publishes.",
        "VALUE",
    )
    WHOIS_EMAIL_PUBLISHED = (
        "The domain owner's e-mail address is one that the registry publishes.",
        "VALUE",
    )
    WHOIS_PHONE_PUBLISHED = (
        "The domain owner's telephone number is one that the registry publishes.",
        "VALUE",
    )

    def __init__(self, _text: str, scope: ConditionScope) -> None:
        self.scope = scope
        """ROW or VALUE: the unit that is left out when the condition fails."""
