"""Demo data: subscribed services, running and ended."""

from datetime import datetime, timedelta

from gateway.demo.names import ascii_name
from gateway.demo.people import Person, Taken, address
from gateway.demo.seeded_random import SeededRandom
from policy.services import ServiceKind, ServiceStatus
from resolvers.customers.new_customer import NewDomain, NewService

PRODUCTS: tuple[tuple[ServiceKind, str, int], ...] = (
    ("WEB_HOSTING", "Web Hosting Start", 6900),
    ("WEB_HOSTING", "Web Hosting Pro", 14900),
    ("MAIL_HOSTING", "Mail 5", 2400),
    ("MAIL_HOSTING", "Mail 25", 9900),
    ("CLOUD_SERVER", "Cloud Server 2 vCPU", 18000),
    ("CLOUD_SERVER", "Cloud Server 8 vCPU", 69000),
    ("CERTIFICATE", "Certificate OV", 11900),
)
"""Kind, name, and price of a year in minor units of the customer's currency."""
DOMAIN_PRICE = 1500
TRADES = {
    "fr": ("atelier", "boulangerie", "fiduciaire", "librairie", "jardins", "photo"),
    "de": ("tischlerei", "baeckerei", "treuhand", "buchladen", "garten", "foto"),
    "it": ("bottega", "panetteria", "studio", "libreria", "giardini", "foto"),
    "nl": ("atelier", "bakkerij", "advies", "boekhandel", "tuinen", "foto"),
}
_YEAR = timedelta(days=365)


def subscriptions(
    random: SeededRandom, who: Person, taken: Taken, now: datetime, ended_days: int | None
) -> list[NewService]:
    """Two to six services; with `ended_days` all of them have ended, the last one so many days ago."""
    count = random.between(2, 6)
    services = [_service(random, who, taken, now, place) for place in range(count)]
    if ended_days is None:
        return [services[0], *(_perhaps_ended(random, each, now) for each in services[1:])]
    last = now - timedelta(days=ended_days)
    ends = [last, *(last - timedelta(days=random.between(1, 30)) for _ in services[1:])]
    return [_ended(service, end) for service, end in zip(services, ends, strict=True)]


def yearly_price(service: NewService) -> int:
    """The price of a year, in minor units of the currency."""
    return {name: price for _, name, price in PRODUCTS}.get(service.name, DOMAIN_PRICE)


def _service(random: SeededRandom, who: Person, taken: Taken, now: datetime, place: int) -> NewService:
    started = who.since if place == 0 else random.ago(now, (now - who.since).days, 60)
    # The next anniversary: every running service renews in the future.
    renews = started + _YEAR * ((now - started) // _YEAR + 1)
    # The first two are a domain and a product, as most customers begin.
    if place == 0 or (place > 1 and random.chance(45)):
        domain = _domain(random, who, taken, started, renews)
        return NewService("DOMAIN", domain.name, started, renews_at=renews, domain=domain)
    kind, name, _ = random.pick(PRODUCTS)
    return NewService(kind, name, started, renews_at=renews)


def _domain(random: SeededRandom, who: Person, taken: Taken, registered: datetime, expires: datetime) -> NewDomain:
    """A domain below `.example` (RFC 2606), so that no real one is shown; `tld` says whose registry rules apply."""
    trade = random.pick(TRADES.get(who.language, ("studio", "bakery", "books", "garden", "photo")))
    label, tld = taken.free(f"{ascii_name(who.name.family)}-{trade}"), random.pick(who.country.tlds)
    company, published = random.chance(15), random.chance(20)
    return NewDomain(
        name=f"{label}.{tld}.example",
        tld=tld,
        registrant_kind="LEGAL_PERSON" if company else "NATURAL_PERSON",
        registrant_name=f"{trade.capitalize()} {who.name.family}" if company else who.full_name,
        registrant_address=address(random, who.country, who.city) if company else who.address,
        registrant_email=f"hostmaster@{label}.{tld}.example" if company else who.email,
        registrant_phone=random.filled(who.city.phone) if company or random.chance(70) else None,
        registered_at=registered,
        expires_at=expires,
        hide_name=not (company or published),
        hide_address=not published,
        hide_email=not published,
        hide_phone=True,
    )


def _perhaps_ended(random: SeededRandom, service: NewService, now: datetime) -> NewService:
    if random.chance(18):
        return _ended(service, random.ago(now, 50, 1))
    if service.kind == "DOMAIN" and random.chance(6):
        return _with(service, "REDEMPTION", None)
    return service


def _ended(service: NewService, at: datetime) -> NewService:
    return _with(service, "TERMINATED", max(at, service.started_at + timedelta(days=1)))


def _with(service: NewService, status: ServiceStatus, ended: datetime | None) -> NewService:
    return NewService(
        service.kind, service.name, service.started_at, status, None, terminated_at=ended, domain=service.domain
    )
