"""Demo data: names, addresses, e-mail addresses in reserved domains, telephone numbers in ranges for fiction."""

from dataclasses import dataclass
from datetime import datetime

from gateway.demo.names import ascii_name, names
from gateway.demo.seeded_random import SeededRandom
from gateway.demo.world import COUNTRIES, STREETS, City, Country
from resolvers.customers.new_customer import PersonName, PostalAddress

MAIL_HOSTS = ("example.com", "example.org", "example.net", "mail.example", "post.example")
_ONE_IN_A_HUNDRED = tuple(country for country in COUNTRIES for _ in range(country.share))


class Taken:
    """Makes words unique by appending a number."""

    __slots__ = ("_words",)

    def __init__(self) -> None:
        self._words: dict[str, int] = {}

    def free(self, word: str) -> str:
        """The word, or the word with the next free number."""
        count = self._words[word] = self._words.get(word, 0) + 1
        return word if count == 1 else f"{word}{count}"


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """The facts of a customer that do not depend on services."""

    index: int
    name: PersonName
    country: Country
    city: City
    address: PostalAddress
    email: str
    phone: str
    locale: str
    since: datetime

    @property
    def language(self) -> str:
        """The language of the person's town, which is also that of their client area."""
        return self.city.language

    @property
    def full_name(self) -> str:
        """The name in the order of the person's language."""
        given, family = self.name.given, self.name.family
        return f"{family} {given}" if self.language == "ja" else f"{given} {family}"


def person(index: int, random: SeededRandom, taken: Taken, now: datetime) -> Person:
    """The person at this position in the population; the first is always the featured customer."""
    country = COUNTRIES[0] if index == 0 else random.pick(_ONE_IN_A_HUNDRED)
    city = country.cities[0] if index == 0 else random.pick(country.cities)
    given, family = random.pick(names(city.language))
    name = PersonName(random.pick(given), random.pick(family)) if index else PersonName("Amélie", "Fontaine")
    local = taken.free(f"{ascii_name(name.given)}.{ascii_name(name.family)}")
    return Person(
        index=index,
        name=name,
        country=country,
        city=city,
        address=address(random, country, city),
        email=f"{local}@{random.pick(MAIL_HOSTS) if index else MAIL_HOSTS[0]}",
        phone=random.filled(city.phone),
        locale=f"{city.language}-{country.code}",
        since=random.ago(now, 3285, 400),
    )


def address(random: SeededRandom, country: Country, city: City) -> PostalAddress:
    """An address in that town; the street may exist, the house number is random."""
    street, number = random.pick(STREETS[city.language]), random.between(1, 88)
    return PostalAddress(
        street=f"{number} {street}" if country.number_first else f"{street} {number}",
        street2=random.filled("@#") if random.chance(12) else None,
        postal_code=random.filled(city.postal_code, country.letters),
        city=city.name,
        region=city.region,
        country=country.code,
    )
