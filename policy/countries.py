"""The countries to which personal data may be transferred without a safeguard, and those that need one (GDPR Ch. V).

The lists are data to be reviewed whenever an adequacy decision is made: `checked` is the date of the last review. A
country that is on no list needs a safeguard, and so does one whose decision covers some recipients only: the gateway
cannot know whether a recipient in the United States is certified, so the controller states it.
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
    """The countries with an adequacy decision: for every recipient there (`countries`), or for `some` recipients
    only."""

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
    """Return whether a controller at `home` may transfer data to a country without a safeguard of its own.

    The GDPR binds every controller that serves people in the Union (Art. 3(2)), so its list always applies; for a
    controller in Switzerland the Swiss list applies as well. Both countries are ISO 3166-1 codes of two capitals.
    """
    if country == home:
        return True
    by_union = country in EEA or country in UNION.countries
    return by_union and (home != "CH" or country in SWISS.countries)
