"""The countries to which personal data may go as it goes at home, and those that ask for a safeguard (GDPR Ch. V).

Data, to be read again whenever a decision is made: `checked` is when the source was last read. What is not on a list
asks for a safeguard, and so does a decision that covers some recipients only: nothing here knows whether a recipient in
the United States is certified, so the controller says it.
"""

from dataclasses import dataclass
from typing import Final

EEA: Final = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
        "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
"""The countries of the European Economic Area, where the GDPR is the law (ISO 3166-1)."""


@dataclass(frozen=True, slots=True)
class Adequate:
    """A list of countries whose law protects enough: for every recipient there, or for `some` only."""

    countries: frozenset[str]
    some: frozenset[str]
    source: str
    checked: str


UNION: Final = Adequate(
    frozenset({"AD", "AR", "CH", "FO", "GB", "GG", "IL", "IM", "JE", "JP", "KR", "NZ", "UY"}),
    frozenset({"CA", "US"}),
    "European Commission, adequacy decisions (GDPR Art. 45); CA: commercial organisations, US: Data Privacy Framework",
    "2026-11-29",
)
SWISS: Final = Adequate(
    EEA | {"AD", "AR", "FO", "GB", "GG", "GI", "IL", "IM", "JE", "MC", "NZ", "UY"},
    frozenset({"CA", "US"}),
    "Swiss Data Protection Ordinance, annex 1 (SR 235.11); CA, US: some recipients only",
    "2026-11-29",
)


def safe(home: str, country: str) -> bool:
    """Whether data of a controller at `home` may go to a country without a safeguard of the controller's own.

    The GDPR binds whoever serves people in the Union (Art. 3(2)), so its list counts for every controller; one in
    Switzerland has a list of its own besides. Two capitals each (ISO 3166-1).
    """
    if country == home:
        return True
    by_union = country in EEA or country in UNION.countries
    return by_union and (home != "CH" or country in SWISS.countries)
