"""The demo's customers, as a pure function of a seed, a size and a moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from gateway.demo.access import credentials, sessions, sign_ins
from gateway.demo.payments import Wallet, affiliate_disclosures, bills, consent, wallet
from gateway.demo.people import Person, Taken, person
from gateway.demo.seeded_random import SeededRandom
from gateway.demo.subscriptions import subscriptions
from policy.dates import ErasureCause, automatic_erasure, requested_erasure
from policy.erasing import State
from policy.wordings import VERSION
from resolvers.customers.new_customer import (
    NewConsent,
    NewCookieChoice,
    NewCustomer,
    NewDisclosure,
    NewErasure,
    NewService,
)

SEED = 44
SIZE = 300


@dataclass(frozen=True, slots=True)
class Story:
    """A fixed history for one customer, so that every state of the system occurs in the demo."""

    ended_days: int | None = None
    erasure: str | None = None
    no_services: bool = False
    took_card_back: bool = False
    legal_request: bool = False


STORIES: Mapping[int, Story] = MappingProxyType({
    0: Story(),
    1: Story(ended_days=4),
    2: Story(ended_days=12, erasure="SCHEDULED"),
    3: Story(ended_days=160, erasure="RETENTION"),
    4: Story(erasure="ARMED"),
    5: Story(erasure="CANCELLED"),
    6: Story(erasure="BLOCKED"),
    7: Story(no_services=True),
    8: Story(took_card_back=True),
    9: Story(legal_request=True),
})  # fmt: skip
"""By position in the population; all other histories are random."""


def population(now: datetime, size: int = SIZE, seed: int = SEED) -> tuple[NewCustomer, ...]:
    """`size` customers on the day of `now`; their identities depend on the seed alone, their dates are relative."""
    # Midnight: otherwise the hour could add an invoice, and shift every random number after it.
    now = now.replace(hour=0, minute=0, second=0, microsecond=0)
    logins, labels = Taken(), Taken()
    customers = []
    for index in range(size):
        random = SeededRandom(seed, index)
        story = STORIES.get(index) or _drawn(random)
        customers.append(_customer(random, person(index, random, logins, now), story, labels, now))
    return tuple(customers)


def _drawn(random: SeededRandom) -> Story:
    """A random history: about one in nine has left, less than six months ago, after which all is erased (R34)."""
    if random.chance(11):
        return Story(ended_days=random.between(2, 170))
    return Story(no_services=random.chance(1), took_card_back=random.chance(4))


def _customer(random: SeededRandom, who: Person, story: Story, labels: Taken, now: datetime) -> NewCustomer:
    services = [] if story.no_services else subscriptions(random, who, labels, now, story.ended_days)
    purse = wallet(random, who, now, story.took_card_back)
    invoices = bills(random, who, services, now)
    logins = credentials(random, who, services, now)
    entries = sign_ins(random, who, tuple(login.platform for login in logins), now, story.ended_days)
    news = who.index == 0 or not random.chance(30)
    cookies = _cookie_choice(random, now)
    disclosures = [*_registrations(services), *affiliate_disclosures(purse.methods, invoices), *_orders(story, now)]
    return NewCustomer(
        name=who.name,
        email=who.email,
        postal_address=who.address,
        created_at=who.since,
        phone=who.phone if who.index == 0 or random.chance(92) else None,
        locale=who.locale,
        product_news=news,
        customer_number=f"C-{100_000 + who.index}",
        external_id=f"crm:{4_000_000 + who.index * 17}",
        services=tuple(services),
        payment_methods=purse.methods,
        credentials=logins,
        sign_ins=tuple(entries),
        sessions=tuple(sessions(random, entries, now)),
        consents=_consents(random, who, services, purse, news, cookies, now),
        cookie_choice=cookies,
        invoices=tuple(invoices),
        disclosures=tuple(disclosures),
        erasures=_erasures(story, services, now),
    )


def _consents(
    random: SeededRandom,
    who: Person,
    services: list[NewService],
    purse: Wallet,
    news: bool,
    cookies: NewCookieChoice | None,
    now: datetime,
) -> tuple[NewConsent, ...]:
    """Consent events except those of stored cards; news is on by default, so only a refusal is an event."""
    events = list(purse.withdrawn)
    if not news:
        events.append(consent("PRODUCT_NEWS", "WITHDRAWN", who, "client-area/news", random.ago(now, 300)))
    if cookies is not None and cookies.measurement:
        events.append(consent("COOKIE_MEASUREMENT", "GIVEN", who, "site/cookies", cookies.chosen_at))
    shown = [each for each in services if each.domain is not None and not each.domain.hide_email]
    events += [consent("WHOIS_PUBLICATION", "GIVEN", who, "client-area/domains", each.started_at) for each in shown]
    return tuple(events)


def _cookie_choice(random: SeededRandom, now: datetime) -> NewCookieChoice | None:
    if random.chance(20):
        return None
    chosen, control = random.ago(now, 170), random.chance(15)
    measured = not control and random.chance(40)
    return NewCookieChoice(measured, VERSION, chosen, chosen + timedelta(days=180), control)


def _registrations(services: list[NewService]) -> list[NewDisclosure]:
    """Disclosures of registrants' data to registries (R25)."""
    domains = [service.domain for service in services if service.domain is not None]
    fields = ("Registrant.name", "Registrant.address", "Registrant.email")
    return [
        NewDisclosure(
            recipient_kind="REGISTRY",
            recipient_name=f"Registry of .{domain.tld}",
            recipient_country=domain.tld.upper() if len(domain.tld) == 2 and domain.tld not in ("eu", "uk") else None,
            purpose="DOMAIN_REGISTRATION",
            legal_basis="A6_1_B",
            fields=(*fields, "Registrant.phone") if domain.registrant_phone else fields,
            trigger=domain,
            at=domain.registered_at,
        )
        for domain in domains
    ]


def _orders(story: Story, now: datetime) -> list[NewDisclosure]:
    """Two court orders: one that the customer may know of, and one under an embargo (R24)."""
    if not story.legal_request:
        return []
    fields = ("Customer.fullName", "Customer.postalAddress")
    known, secret = now - timedelta(days=200), now - timedelta(days=20)
    court = ("AUTHORITY", "Example District Court", "CH", "LEGAL_REQUEST", "A6_1_C", fields)
    return [
        NewDisclosure(*court, trigger="order:EDC-2026-0117", at=known),
        NewDisclosure(*court, trigger="order:EDC-2026-0482", at=secret, embargoed_until=now + timedelta(days=160)),
    ]


def _erasures(story: Story, services: list[NewService], now: datetime) -> tuple[NewErasure, ...]:
    """The erasure of the history, with its dates by the policy (R31-R34, R42)."""
    asked = now - timedelta(days=5)
    ended = max((service.terminated_at for service in services if service.terminated_at is not None), default=now)
    match story.erasure:
        case "SCHEDULED":
            return (NewErasure(State.SCHEDULED, ErasureCause.REQUEST, asked, requested_erasure(asked, ended, UTC).due),)
        case "RETENTION":
            return (NewErasure(State.SCHEDULED, ErasureCause.RETENTION, ended, automatic_erasure(ended, UTC).due),)
        case "ARMED":
            return (NewErasure(State.ARMED, ErasureCause.REQUEST, asked, when_services_end=True),)
        case "BLOCKED":
            return (NewErasure(State.BLOCKED, ErasureCause.REQUEST, asked),)
        case "CANCELLED":
            return (NewErasure(State.CANCELLED, ErasureCause.REQUEST, asked, cancelled_at=asked + timedelta(days=1)),)
        case _:
            return ()
