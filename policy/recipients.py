"""The kinds of recipients to whom personal data may be disclosed: exactly these, there is no other case (R27)."""

from enum import unique
from typing import Final

from policy.purposes import Purpose
from policy.rows import Row

CONTRACTED: Final = frozenset(
    {
        Purpose.SERVICE_PROVISION,
        Purpose.SERVICE_COMMUNICATION,
        Purpose.INVOICING,
        Purpose.EMERGENCY_CONTACT,
        Purpose.PARTNER_EXECUTION,
    }
)
"""The parts of the contract with the customer that a partner may carry out for us (R7). Each rests on the contract
itself: promotion, measurement and personalisation do not perform it, and data for a payment affiliate, a registry or
an authority goes to no partner (R2)."""


@unique
class Recipient(Row):
    """A kind of external recipient, with the purposes and the condition of disclosures to it (R2)."""

    PAYMENT_AFFILIATE = (
        "A company affiliated with the payment method that the customer chose.",
        "Recipient",
        (Purpose.PAYMENT_EXECUTION, Purpose.CARD_ON_FILE),
        "Only the method used, only for that payment.",
        "Sharing, case Payment for our services",
    )
    AUTHORITY = (
        "A court or another authority with a binding request.",
        "Authority",
        (Purpose.LEGAL_REQUEST,),
        "Only the fields that the order names.",
        "Sharing, case Legal requirement",
    )
    REGISTRY = (
        "The registry responsible for the ending of a domain name.",
        "DataController",
        (Purpose.DOMAIN_REGISTRATION,),
        "Only the owner's details, and of these what the registry requires or the customer shows.",
        "Sharing, case Domain name registration",
    )
    PARTNER = (
        "A company that carries out part of the contract for us.",
        "DataProcessor",
        (Purpose.PARTNER_EXECUTION,),
        "Only necessary fields, only under a dated undertaking of confidentiality.",
        "Respect of your privacy, paragraph 3",
    )

    def __init__(self, _text: str, dpv: str, purposes: tuple[Purpose, ...], condition: str, notice: str) -> None:
        self.dpv = dpv
        """The recipient's role, a term under `vocabularies.DPV`."""
        self.purposes = purposes
        """The purposes for which this kind of recipient may receive anything."""
        self.condition = condition
        """The limit of each disclosure, as a sentence."""
        self.notice = notice
        """The place in the privacy notice."""

    def may_receive_for(self, purpose: Purpose) -> bool:
        """Return whether this kind of recipient may receive anything for the purpose (R2)."""
        # A partner is bound to one part of the contract each, so the kind may receive data for any of them.
        return purpose in self.purposes or (self is Recipient.PARTNER and purpose in CONTRACTED)
