"""Groups of purposes that read the same things, named once."""

from __future__ import annotations

from policy.app_scopes import AppScope
from policy.conditions import Condition
from policy.purposes import Purpose
from schema.declare.fields import shared, when

SELF = Purpose.SELF_SERVICE
NEWS = when(Condition.NEWS_NOT_DECLINED, Purpose.PRODUCT_NEWS)
"""Product news reaches nobody who declined them: such a customer's row is not read at all (R12, R50)."""

ANY_APP = shared(*AppScope)
"""The ways in, and the customer as such: an app of somebody else comes this far with any of its scopes (O10)."""
READ_PROFILE = shared(AppScope.PROFILE_READ)
WRITE_PROFILE = shared(AppScope.PROFILE_WRITE)

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
    ANY_APP,
)
"""Every purpose that is about one customer needs to point at that customer."""

NAMED = (
    Purpose.SERVICE_PROVISION,
    Purpose.SERVICE_COMMUNICATION,
    Purpose.PERSONALISE_COMMUNICATION,
    Purpose.INVOICING,
    Purpose.EMERGENCY_CONTACT,
    NEWS,
    READ_PROFILE,
)
WRITTEN_TO = (
    Purpose.SERVICE_PROVISION,
    Purpose.SERVICE_COMMUNICATION,
    Purpose.INVOICING,
    NEWS,
    shared(AppScope.EMAIL_READ),
)
BILLED = (Purpose.INVOICING, shared(AppScope.INVOICES_READ))
SERVED = (
    Purpose.SERVICE_PROVISION,
    Purpose.SERVICE_COMMUNICATION,
    Purpose.INVOICING,
    shared(AppScope.SERVICES_READ),
)
PAID = (Purpose.PAYMENT_EXECUTION, Purpose.CARD_ON_FILE, SELF)
KEPT_CARD = (
    Purpose.PAYMENT_EXECUTION,
    when(Condition.CARD_STORAGE_CONSENTED, Purpose.CARD_ON_FILE),
    SELF,
)
NAMED_DOMAINS = (Purpose.DOMAIN_REGISTRATION, Purpose.SERVICE_PROVISION, shared(AppScope.DOMAINS_READ))
"""To name a domain, and from one to its customer."""
REGISTRAR = when(Condition.REGISTRATION_RUNS, Purpose.DOMAIN_REGISTRATION)
"""Of a registration that has ended nothing is read to register it, so nothing is published of it, either."""
REGISTERED = (Purpose.SERVICE_PROVISION, REGISTRAR, shared(AppScope.DOMAINS_READ))
OWNED = (Purpose.SERVICE_PROVISION, REGISTRAR, SELF)
"""About the owner of a domain, who may be somebody else and has allowed nothing to any app."""
SIGNED_IN = (Purpose.AUTHENTICATION, SELF)
WATCHED = (Purpose.ACCOUNT_SECURITY, SELF)
SIGN_IN_FACTS = (Purpose.AUTHENTICATION, Purpose.SELF_PROTECTION, SELF)
OPEN_SESSIONS = (Purpose.ACCOUNT_SECURITY, Purpose.SELF_PROTECTION, SELF)
ERASED = (Purpose.ERASURE, SELF)
