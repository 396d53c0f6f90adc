"""Who the demo's customers are: name, home, e-mail in a reserved domain, telephone number in a range for fiction."""

from dataclasses import dataclass
from datetime import datetime

from gateway.demo.dice import Dice
from gateway.demo.names import ascii_name, names
from gateway.demo.world import COUNTRIES, STREETS, City, Country
from resolvers.customers.new_customer import PersonName, PostalAddress

MAIL_HOSTS = ("example.com", "example.org", "example.net", "mail.example", "post.example")
_ONE_IN_A_HUNDRED = tuple(country for country in COUNTRIES for _ in range(country.share))


class Taken:
    """Hands out each word once: a second asker gets it with a number."""

    __slots__ = ("_words",)

    def __init__(self) -> None:
        self._words: dict[str, int] = {}

    def free(self, word: str) -> str:
        """The word, or the word with the next number that nobody has."""
        count = self._words[word] = self._words.get(word, 0) + 1
        return word if count == 1 else f"{word}{count}"


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """What stays the same about a customer while services come and go."""

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
        """The language of the person's town, which is also that of their customer area."""
        return self.city.language

    @property
    def full_name(self) -> str:
        """The name as it is written where the person lives."""
        given, family = self.name.given, self.name.family
        return f"{family} {given}" if self.language == "ja" else f"{given} {family}"


def person(index: int, dice: Dice, taken: Taken, now: datetime) -> Person:
    """The person of this place in the population; the first is always the one whom the printed commands ask for."""
    country = COUNTRIES[0] if index == 0 else dice.pick(_ONE_IN_A_HUNDRED)
    city = country.cities[0] if index == 0 else dice.pick(country.cities)
    given, family = dice.pick(names(city.language))
    name = PersonName(dice.pick(given), dice.pick(family)) if index else PersonName("Amélie", "Fontaine")
    local = taken.free(f"{ascii_name(name.given)}.{ascii_name(name.family)}")
    return Person(
        index=index,
        name=name,
        country=country,
        city=city,
        address=address(dice, country, city),
        email=f"{local}@{dice.pick(MAIL_HOSTS) if index else MAIL_HOSTS[0]}",
        phone=dice.filled(city.phone),
        locale=f"{city.language}-{country.code}",
        since=dice.ago(now, 3285, 400),
    )


def address(dice: Dice, country: Country, city: City) -> PostalAddress:
    """An address in that town; the street may exist, the house is drawn."""
    street, number = dice.pick(STREETS[city.language]), dice.between(1, 88)
    return PostalAddress(
        street=f"{number} {street}" if country.number_first else f"{street} {number}",
        street2=dice.filled("@#") if dice.chance(12) else None,
        postal_code=dice.filled(city.postal_code, country.letters),
        city=city.name,
        region=city.region,
        country=country.code,
    )
