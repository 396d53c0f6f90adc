"""The categories of personal data that the store holds and the schema shows."""

from enum import unique
from typing import Self

from policy.rows import Row


@unique
class Category(Row):
    """The kind of personal data that a field carries; no special category (GDPR Art. 9) is among them.

    Columns: sentence, DPV-PD term, fideslang data category, and where it applies the name of the category it
    is a part of, or of the one it is derived from (R60).
    """

    NAME = "A person's given and family name.", "Name", "user.name"
    POSTAL_ADDRESS = "A postal address as a whole.", "PhysicalAddress", "user.contact.address"
    STREET = "Street and house number of an address.", "Street", "user.contact.address.street", "POSTAL_ADDRESS"
    CITY = "Town or city of an address.", "City", "user.contact.address.city", "POSTAL_ADDRESS"
    POSTAL_CODE = "Postal code of an address.", "PostalCode", "user.contact.address.postal_code", "POSTAL_ADDRESS"
    REGION = "State, canton or province of an address.", "Region", "user.contact.address.state", "POSTAL_ADDRESS"
    COUNTRY = "Country of an address.", "Country", "user.contact.address.country", "POSTAL_ADDRESS"
    EMAIL = "An e-mail address.", "EmailAddress", "user.contact.email"
    PHONE = "A telephone number.", "TelephoneNumber", "user.contact.phone_number"
    LOGIN_NAME = "The name a customer signs in with.", "Username", "user.account.username"
    PASSWORD = "A password, kept only as a salted slow hash.", "Password", "user.authorization.password"
    AUTH_FACTOR = "A second factor of signing in.", "Authenticating", "user.authorization.credentials"
    IP_ADDRESS = "The internet address of a connection.", "IPAddress", "user.device.ip_address"
    ACCESS_HISTORY = "When, where and how a customer signed in.", "AuthenticationHistory", "user.telemetry"
    COARSE_LOCATION = (
        "The country of a connection, derived from its internet address.",
        "Location",
        "user.location.imprecise",
        None,
        "IP_ADDRESS",
    )
    PAYMENT_METHOD = "How a customer pays.", "FinancialAccount", "user.payment"
    CARD_NUMBER = "A card number, or part of one.", "CreditCardNumber", "user.financial.credit_card"
    CARD_EXPIRY = "The month in which a card expires.", "PaymentCardExpiry", "user.financial.credit_card"
    CARD_BRAND = "The brand of a card.", "PaymentCard", "user.financial.credit_card"
    TRANSACTION = "An invoice or a payment.", "Transaction", "user.financial"
    SUBSCRIPTION = "A service that a customer has or had.", "Purchase", "user.behavior.purchase_history"
    PREFERENCE = "A choice about privacy or communication.", "PrivacyPreference", "user.privacy_preferences"
    COOKIE_ID = "An identifier kept in a cookie.", "UID", "user.device.cookie_id"
    BROWSING = "Pages visited on our web site.", "BrowsingBehaviour", "user.behavior.browsing_history"
    CUSTOMER_ID = "A number that stands for a customer.", "UID", "user.unique_id"
    SUBJECT_PSEUDONYM = (
        "A name for a customer that dies with the customer's key.",
        "Identifier",
        "user.unique_id.pseudonymous",
    )

    def __init__(
        self, _text: str, pd: str, fides: str, parent: str | None = None, derived_from: str | None = None
    ) -> None:
        self.pd = pd
        """Term under `vocabularies.PD`."""
        self.fides = fides
        """The fideslang data category."""
        self.parent = parent
        """Name of the category that this one is a part of, or None."""
        self.derived_from = derived_from
        """Name of the category that this one is computed from, or None."""

    def within(self, whole: Self) -> bool:
        """Return whether this is the given category or a part of it: a rule for the whole also binds its parts."""
        return self is whole or self.parent == whole.name
