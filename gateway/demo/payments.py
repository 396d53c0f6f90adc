"""Demo data: payment methods (test card numbers, stored by consent only), PayPal, bank transfers and invoices."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.demo.people import Person
from gateway.demo.seeded_random import SeededRandom
from gateway.demo.subscriptions import yearly_price
from policy.consents import ConsentKind, ConsentState
from policy.payments import PAYMENT_KINDS
from policy.wordings import wording
from resolvers.customers.new_customer import (
    NewConsent,
    NewDisclosure,
    NewInvoice,
    NewInvoiceLine,
    NewPaymentMethod,
    NewService,
)

# Published test numbers of the card networks: they pass the Luhn check and no bank has ever issued them.
CARDS = (
    ("Visa", "4111111111111111"),
    ("Visa", "4012888888881881"),
    ("Mastercard", "5555555555554444"),
    ("Mastercard", "5105105105105100"),
    ("American Express", "378282246310005"),
    ("JCB", "3530111333300000"),
)
BANKS = ("Example Cantonal Bank", "Example Savings Bank", "Example Postal Bank", "Example Cooperative Bank")


def consent(kind: ConsentKind, state: ConsentState, who: Person, source: str, at: datetime) -> NewConsent:
    """A consent event with the wording in the customer's language."""
    shown = wording(kind, who.language)
    return NewConsent(kind, state, shown.version, shown.hash, shown.language, source, at)


@dataclass(frozen=True, slots=True, repr=False)
class Wallet:
    """The payment methods, and the events of withdrawn consents."""

    methods: tuple[NewPaymentMethod, ...]
    withdrawn: tuple[NewConsent, ...] = ()


def wallet(random: SeededRandom, who: Person, now: datetime, took_card_back: bool) -> Wallet:
    """One to three payment methods, the first being the default; `took_card_back`: a card's consent is gone (R48)."""
    kinds = ["CARD", "PAYPAL"] if who.index == 0 or took_card_back else _kinds(random)
    methods = [_method(random, who, now, kind, place == 0) for place, kind in enumerate(kinds)]
    if not took_card_back:
        return Wallet(tuple(methods))
    # A withdrawal deletes the number and the link to the consent; the two events stay, and PayPal becomes the default.
    given, taken = who.since + timedelta(days=3), random.ago(now, 90, 2)
    events = (
        consent("CARD_STORAGE", "GIVEN", who, "client-area/cards", given),
        consent("CARD_STORAGE", "WITHDRAWN", who, "client-area/cards", taken),
    )
    paypal = NewPaymentMethod("PAYPAL", who.since, is_default=True, paypal_account=who.email)
    return Wallet((paypal,), events)


def bills(random: SeededRandom, who: Person, services: list[NewService], now: datetime) -> list[NewInvoice]:
    """One invoice a year for each service, of the last three years; about one in twenty is unpaid."""
    invoices = []
    for service in services:
        for years in range(3):
            issued = service.started_at + timedelta(days=365 * years)
            if issued < now - timedelta(days=3 * 365) or issued > (service.terminated_at or now):
                continue
            invoices.append((issued, yearly_price(service), service.name))
    invoices.sort()
    return [_bill(random, who, place, bought, now) for place, bought in enumerate(invoices, 1)]


def affiliate_disclosures(methods: tuple[NewPaymentMethod, ...], bills: list[NewInvoice]) -> list[NewDisclosure]:
    """Disclosures to the company behind the default method, one for each invoice it paid (R22, R23)."""
    default = next(method for method in methods if method.is_default)
    if default.kind == "BANK_TRANSFER":
        return []
    fields = {
        "CARD": ("Card.brand", "Card.last4", "Card.expMonth", "Card.expYear", "Invoice.amount"),
        "PAYPAL": ("PayPal.account", "Invoice.amount"),
    }
    name, country = ("PayPal", "LU") if default.kind == "PAYPAL" else ("Example Card Acquirer", "CH")
    return [
        NewDisclosure(
            "PAYMENT_AFFILIATE", name, country, "PAYMENT_EXECUTION", "A6_1_B", fields[default.kind],
            trigger=bill, at=bill.paid_at,
        )
        for bill in bills
        if bill.paid_at is not None
    ]  # fmt: skip


def _kinds(random: SeededRandom) -> list[str]:
    first = random.pick(("CARD", "CARD", *PAYMENT_KINDS))
    rest = [kind for kind in PAYMENT_KINDS if kind != first and random.chance(25)]
    return [first, *rest]


def _method(random: SeededRandom, who: Person, now: datetime, kind: str, default: bool) -> NewPaymentMethod:
    added = who.since + timedelta(minutes=random.between(5, 90))
    if kind == "PAYPAL":
        return NewPaymentMethod("PAYPAL", added, default, paypal_account=who.email)
    if kind == "BANK_TRANSFER":
        return NewPaymentMethod("BANK_TRANSFER", added, default, bank_name=random.pick(BANKS))
    brand, number = random.pick(CARDS)
    # The consent box is unticked by default: about a third leave it so, and only brand and last four are stored.
    ticked = who.index == 0 or random.chance(65)
    return NewPaymentMethod(
        "CARD",
        added,
        default,
        card_brand=brand,
        card_last4=number[-4:],
        card_expiry=(f"{random.between(1, 12):02d}", str(now.year + random.between(1, 4))) if ticked else None,
        card_number=number if ticked else None,
        card_consent=consent("CARD_STORAGE", "GIVEN", who, "client-area/cards", added) if ticked else None,
    )


def _bill(
    random: SeededRandom, who: Person, place: int, bought: tuple[datetime, int, str], now: datetime
) -> NewInvoice:
    issued, price, service = bought
    paid = issued + timedelta(days=random.between(0, 25), hours=random.between(1, 9))
    settled = paid < now and not random.chance(4)
    return NewInvoice(
        number=f"{issued.year}-{who.index:05d}-{place:02d}",
        issued_at=issued,
        due_at=issued + timedelta(days=30),
        paid_at=paid if settled else None,
        currency=who.country.currency,
        amount_minor=price,
        billed_name=who.name,
        billed_address=who.address,
        lines=(NewInvoiceLine(f"{service}, {issued.year}/{issued.year + 1}", "1", price),),
    )
