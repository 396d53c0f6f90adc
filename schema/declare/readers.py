"""Named groups of purposes that many fields share."""

from __future__ import annotations

from policy.app_scopes import AppScope
from policy.conditions import Condition
from policy.purposes import Purpose
from schema.declare.fields import shared, when

SELF = Purpose.SELF_SERVICE
NEWS = when(Condition.NEWS_NOT_DECLINED, Purpose.PRODUCT_NEWS)
"""PRODUCT_NEWS, only for customers who did not decline news: the rows of others are not read (R12, R50)."""

ANY_APP = shared(*AppScope)
"""Root fields and the customer object: third-party apps may select them with any scope (O10)."""
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
    Purpose.RIGHTS_HANDLING,
    NEWS,
    ANY_APP,
)
"""Purposes that select a customer: all that concern individual customers."""

NAMED = (
    Purpose.SERVICE_PROVISION,
    Purpose.SERVICE_COMMUNICATION,
    Purpose.PERSONALISE_COMMUNICATION,
    Purpose.INVOICING,
    Purpose.EMERGENCY_CONTACT,
    Purpose.RIGHTS_HANDLING,
    NEWS,
    READ_PROFILE,
)
WRITTEN_TO = (
    Purpose.SERVICE_PROVISION,
    Purpose.SERVICE_COMMUNICATION,
    Purpose.INVOICING,
    Purpose.RIGHTS_HANDLING,
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
"""Purposes that look a domain up by name and select its customer."""
REGISTRAR = when(Condition.REGISTRATION_RUNS, Purpose.DOMAIN_REGISTRATION)
"""DOMAIN_REGISTRATION, only while the registration runs: nothing is published of one that has ended."""
REGISTERED = (Purpose.SERVICE_PROVISION, REGISTRAR, shared(AppScope.DOMAINS_READ))
OWNED = (Purpose.SERVICE_PROVISION, REGISTRAR, SELF)
"""Details of a registrant, who need not be the customer and has given no app a permission."""
SIGNED_IN = (Purpose.AUTHENTICATION, SELF)
WATCHED = (Purpose.ACCOUNT_SECURITY, SELF)
SIGN_IN_FACTS = (Purpose.AUTHENTICATION, Purpose.SELF_PROTECTION, SELF)
OPEN_SESSIONS = (Purpose.ACCOUNT_SECURITY, Purpose.SELF_PROTECTION, SELF)
ERASED = (Purpose.ERASURE, SELF)
