"""Groups of purposes that read the same things, named once."""

from __future__ import annotations

from policy.conditions import Condition
from policy.purposes import Purpose
from schema.fields import when

SELF = Purpose.SELF_SERVICE
NEWS = when(Condition.NEWS_NOT_DECLINED, Purpose.PRODUCT_NEWS)
"""Product news reaches nobody who declined them: such a customer's row is not read at all (R12, R50)."""

THE_CUSTOMER = (
    Purpose.SERVICE_PROVISION,
    Purpose.SERVICE_COMMUNICATION,
    Purpose.PERSONALISE_COMMUNICATION,
    Purpose.INVOICING,
    Purpose.EMERGENCY_CONTACT,
    Purpose.AUTHENTICATION,
    Purpose.ACCOUNT_SECURITY,
    Purpose.SELF_PROTECTION,
    Purpose.PAYMENT_EXECUTION,
    Purpose.CARD_ON_FILE,
    Purpose.DOMAIN_REGISTRATION,
    Purpose.ERASURE,
    NEWS,
    SELF,
)
"""Every purpose that is about one customer needs to point at that customer."""

NAMED = (
    Purpose.SERVICE_PROVISION,
    Purpose.SERVICE_COMMUNICATION,
    Purpose.PERSONALISE_COMMUNICATION,
    Purpose.INVOICING,
    Purpose.EMERGENCY_CONTACT,
    NEWS,
    SELF,
)
WRITTEN_TO = (Purpose.SERVICE_PROVISION, Purpose.SERVICE_COMMUNICATION, Purpose.INVOICING, NEWS, SELF)
BILLED = (Purpose.INVOICING, SELF)
SERVED = (Purpose.SERVICE_PROVISION, Purpose.SERVICE_COMMUNICATION, Purpose.INVOICING, SELF)
PAID = (Purpose.PAYMENT_EXECUTION, Purpose.CARD_ON_FILE, SELF)
KEPT_CARD = (
    Purpose.PAYMENT_EXECUTION,
    when(Condition.CARD_STORAGE_CONSENTED, Purpose.CARD_ON_FILE),
    SELF,
)
REGISTERED = (Purpose.DOMAIN_REGISTRATION, Purpose.SERVICE_PROVISION, SELF)
SIGNED_IN = (Purpose.AUTHENTICATION, SELF)
WATCHED = (Purpose.ACCOUNT_SECURITY, SELF)
SIGN_IN_FACTS = (Purpose.AUTHENTICATION, Purpose.SELF_PROTECTION, SELF)
OPEN_SESSIONS = (Purpose.ACCOUNT_SECURITY, Purpose.SELF_PROTECTION, SELF)
ERASED = (Purpose.ERASURE, SELF)
