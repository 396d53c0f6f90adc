"""Customers who can sign in: their names, passwords and secrets are said nowhere else in the house (D1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from argon2 import PasswordHasher

from resolvers.customers.new_customer import (
    NewCredential,
    NewCustomer,
    NewDomain,
    NewSecondFactor,
    NewService,
    PersonName,
    PostalAddress,
)
from resolvers.customers.registration import register
from store.database.store import Store

START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""Of every authenticator app that a customer has from the beginning."""
PLATFORMS = ("CLIENT_AREA", "MANAGEMENT_INTERFACE", "WEBMAIL")

_number = count(1)


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as."""

    id: int
    login: str
    passwords: dict[str, str]
    family: str

    @property
    def password(self) -> str:
        """Of the client area."""
        return self.passwords["CLIENT_AREA"]


def password(number: int, platform: str) -> str:
    """Accepted by the rules, and another one for each platform."""
    return f"Quittenbrot-{platform[0].lower()}{number}!Zz"


def newcomer(number: int, totp: bool = False, locale: str = "en-GB") -> NewCustomer:
    """A customer with a sign-in on each platform."""
    login = f"yolanda.grumpf{number}@example.org"
    home = PostalAddress("Hagebuttenweg 12", "8001", "Pfefferhausen", "CH")
    factors = (NewSecondFactor("TOTP", SECRET, START),) if totp else ()
    domain = NewDomain(
        f"grumpfwerke{number}.example", "example", "NATURAL_PERSON", "Yolanda Grumpf", home, login, None, START, START
    )
    return NewCustomer(
        name=PersonName("Yolanda", f"Grumpf{number}"),
        email=login,
        postal_address=home,
        created_at=START,
        phone="+41790001122",
        locale=locale,
        services=(NewService("DOMAIN", domain.name, START, domain=domain),),
        credentials=tuple(
            NewCredential(
                platform,  # type: ignore[arg-type]
                login,
                CHEAP.hash(password(number, platform)),
                START,
                "STRONG",
                factors if platform != "WEBMAIL" else (),
            )
            for platform in PLATFORMS
        ),
    )


async def add_person(store: Store, totp: bool = False, locale: str = "en-GB") -> Person:
    """Register somebody new."""
    number = next(_number)
    new = newcomer(number, totp, locale)
    (id_,) = await register(store, [new], now=START)
    passwords = {platform: password(number, platform) for platform in PLATFORMS}
    return Person(id_, new.email, passwords, new.name.family)
