"""Value classes of a customer to register, with services, domains, payment methods and history, in plain text."""

from dataclasses import dataclass, field
from datetime import datetime

from policy.consents import ConsentKind, ConsentState
from policy.credentials import FactorKind, Outcome, Strength
from policy.dates import ErasureCause
from policy.erasing import State
from policy.payments import InvoiceState, PaymentKind
from policy.platforms import Platform
from policy.registries import RegistrantKind
from policy.services import ServiceKind, ServiceStatus

# None of these classes prints its values: a repr in a log or a traceback would be a disclosure (D1).


@dataclass(frozen=True, slots=True, repr=False)
class PersonName:
    """A personal name in its two parts, in the person's own script; one of them is empty for a person with one name."""

    given: str
    family: str

    @property
    def full(self) -> str:
        """The whole name."""
        return f"{self.given} {self.family}".strip()


@dataclass(frozen=True, slots=True, repr=False)
class PostalAddress:
    """A postal address; `country` is one of `values.country.COUNTRIES`."""

    street: str
    postal_code: str | None
    city: str
    country: str
    street2: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class NewDomain:
    """A domain name and its registrant, who need not be the customer (R52)."""

    name: str
    tld: str
    registrant_kind: RegistrantKind
    registrant_name: str
    registrant_address: PostalAddress
    registrant_email: str
    registrant_phone: str | None
    registered_at: datetime
    expires_at: datetime | None
    # The most hidden state is the default (A6).
    hide_name: bool = True
    hide_address: bool = True
    hide_email: bool = True
    hide_phone: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class NewService:
    """A service. REDEMPTION counts as active (R45)."""

    kind: ServiceKind
    name: str
    started_at: datetime
    status: ServiceStatus = "ACTIVE"
    renews_at: datetime | None = None
    terminated_at: datetime | None = None
    domain: NewDomain | None = None

    def __post_init__(self) -> None:
        if (self.status == "TERMINATED") != (self.terminated_at is not None):
            raise ValueError("A service has an end exactly when it is TERMINATED.")

    def ended(self, now: datetime) -> datetime | None:
        """The end of the service, or the expiry of its domain's registration; None while it runs (`runs`)."""
        expires = None if self.domain is None or self.status == "REDEMPTION" else self.domain.expires_at
        expired = expires if expires is not None and expires <= now else None
        return self.terminated_at or expired


@dataclass(frozen=True, slots=True, repr=False)
class NewConsent:
    """One consent event, with the wording that was shown (R48, R49)."""

    kind: ConsentKind
    state: ConsentState
    wording_version: str
    wording_hash: bytes  # SHA-256 of the text that was shown
    language: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class NewPaymentMethod:
    """A payment method; a card number is accepted only with the consent to store it (R20)."""

    kind: PaymentKind
    created_at: datetime
    is_default: bool = False
    card_brand: str | None = None
    card_last4: str | None = None
    card_expiry: tuple[str, str] | None = None  # month "01".."12", year of four digits
    card_number: str | None = None
    card_consent: NewConsent | None = None
    paypal_account: str | None = None
    bank_name: str | None = None

    def __post_init__(self) -> None:
        if self.card_number is not None and not self._storage_consented():
            raise ValueError("A card number needs a CARD_STORAGE consent that is GIVEN (R20).")

    def _storage_consented(self) -> bool:
        consent = self.card_consent
        return consent is not None and (consent.kind, consent.state) == ("CARD_STORAGE", "GIVEN")


@dataclass(frozen=True, slots=True, repr=False)
class NewSecondFactor:
    """A second factor of one credential (R39); `secret` is never an output."""

    kind: FactorKind
    secret: str
    confirmed_at: datetime
    last_used_at: datetime | None = None
    label: str | None = None
    remaining: int | None = None  # recovery codes that are left


@dataclass(frozen=True, slots=True, repr=False)
class NewCredential:
    """The credential of one platform (R38); the password is given as an Argon2id hash, never in clear (R16)."""

    platform: Platform
    login_name: str
    password_hash: str | None  # None: not chosen yet
    changed_at: datetime
    strength: Strength | None
    second_factors: tuple[NewSecondFactor, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class NewSignIn:
    """One access to one platform (R17), with the country of its IP address (R60)."""

    platform: Platform
    at: datetime
    outcome: Outcome
    ip_address: str
    country: str
    device: str
    unusual: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class NewSession:
    """A signed-in device (R41)."""

    platform: Platform
    started_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ip_address: str
    country: str
    device: str
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class NewInvoiceLine:
    """A line of an invoice; its amount is in minor units of the invoice's currency, with tax."""

    description: str
    quantity: str
    amount_minor: int
    tax_rate: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class NewInvoice:
    """An invoice with the name and address of the day it was issued."""

    number: str
    issued_at: datetime
    due_at: datetime | None
    currency: str
    amount_minor: int
    billed_name: PersonName | None
    billed_address: PostalAddress | None
    paid_at: datetime | None = None
    paid_with: PaymentKind | None = None
    tax_minor: int | None = None
    cancelled: bool = False
    lines: tuple[NewInvoiceLine, ...] = ()

    @property
    def status(self) -> InvoiceState:
        """The state."""
        return "CANCELLED" if self.cancelled else "OPEN" if self.paid_at is None else "PAID"


@dataclass(frozen=True, slots=True, repr=False)
class NewCookieChoice:
    """The customer's cookie choice (R28, R29)."""

    measurement: bool
    wording_version: str
    chosen_at: datetime
    expires_at: datetime
    global_privacy_control: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class NewDisclosure:
    """A disclosure to a recipient (R23); `fields` are schema coordinates, never values.

    `trigger` is that of a `Cause`, or the invoice or domain of the same customer that caused it.
    """

    recipient_kind: str
    recipient_name: str
    recipient_country: str | None
    purpose: str
    legal_basis: str
    fields: tuple[str, ...]
    trigger: str | NewInvoice | NewDomain
    at: datetime
    embargoed_until: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class NewErasure:
    """An erasure, requested or due by retention (R31-R34)."""

    state: State
    cause: ErasureCause
    requested_at: datetime
    due_at: datetime | None = None
    when_services_end: bool = False
    cancelled_at: datetime | None = None
    finished_at: datetime | None = None
    not_due_before: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class NewCustomer:
    """A customer to register; without `customer_number` one is derived from the new id."""

    name: PersonName
    email: str
    postal_address: PostalAddress
    created_at: datetime
    phone: str | None = None
    locale: str = "en"
    product_news: bool = False
    customer_number: str | None = None
    external_id: str | None = None
    services: tuple[NewService, ...] = ()
    payment_methods: tuple[NewPaymentMethod, ...] = ()
    credentials: tuple[NewCredential, ...] = ()
    sign_ins: tuple[NewSignIn, ...] = ()
    sessions: tuple[NewSession, ...] = ()
    consents: tuple[NewConsent, ...] = ()
    cookie_choice: NewCookieChoice | None = None
    invoices: tuple[NewInvoice, ...] = ()
    disclosures: tuple[NewDisclosure, ...] = ()
    erasures: tuple[NewErasure, ...] = ()
    further: dict[str, str] = field(default_factory=dict)
    """Texts of further columns, by name (`new_customer_rows.FURTHER`)."""

    @property
    def last_service_ended_at(self) -> datetime | None:
        """The end of the last service; None while one runs, or without services (R44, R45)."""
        ends = [service.terminated_at for service in self.services if service.terminated_at is not None]
        return max(ends) if ends and len(ends) == len(self.services) else None
