"""The fields of a domain's owner that each registry publishes, by kind of owner (R25, R26, R51, A6).

The rows are examples to be verified with each registry: `checked` is the date of the last review. A customer's choice
is stored as it was made; the published fields follow from the choice and from this table at the time of reading, so
that a changed row here applies to every domain at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import unique
from typing import Final, Literal, get_args

from policy.rows import Row


@unique
class Publishing(Row):
    """The publication rule of one field. Columns: sentence, whether the customer can hide the field."""

    ALWAYS = "The registry requires it to be published.", False
    HIDEABLE = "It is published unless the customer hides it.", True
    OPT_IN = "It is hidden unless the customer has it published.", True
    NEVER = "The registry does not publish it.", False

    def __init__(self, _text: str, free: bool) -> None:
        self.free = free
        """True if the customer decides."""


RegistrantKind = Literal["NATURAL_PERSON", "LEGAL_PERSON"]
REGISTRANT_KINDS: Final[tuple[RegistrantKind, ...]] = get_args(RegistrantKind)
NATURAL, LEGAL = REGISTRANT_KINDS
FIELDS: Final = ("name", "address", "email", "phone")
Four = tuple[Publishing, Publishing, Publishing, Publishing]


@dataclass(frozen=True, slots=True)
class Registry:
    """The rules of one registry, in the order of FIELDS."""

    name: str
    natural: Four
    legal: Four
    source: str
    checked: str
    generic: bool = False
    """True if ICANN's response profile binds whoever answers for its domains."""

    def rule(self, kind: str, field: str) -> Publishing:
        """Return the rule for a field of this kind of owner; KeyError for an unknown kind, ValueError for a field."""
        rules: dict[str, Four] = {NATURAL: self.natural, LEGAL: self.legal}
        return rules[kind][FIELDS.index(field)]


A, H, O, N = Publishing.ALWAYS, Publishing.HIDEABLE, Publishing.OPT_IN, Publishing.NEVER  # noqa: E741
SEEN = "2026-11-23"

# fmt: off
REGISTRIES: Final = {
    "com":   Registry("Verisign",       (H, H, H, H), (H, H, H, H), "ICANN RDAP response profile 2024", SEEN, True),
    "net":   Registry("Verisign",       (H, H, H, H), (H, H, H, H), "ICANN RDAP response profile 2024", SEEN, True),
    "org":   Registry("PIR",            (H, H, H, H), (H, H, H, H), "ICANN RDAP response profile 2024", SEEN, True),
    "us":    Registry("Registry Services", (A, A, A, A), (A, A, A, A), "usTLD: no privacy services", SEEN),
    "eu":    Registry("EURid",          (N, N, A, N), (A, A, A, A), "EURid WHOIS policy", SEEN),
    "at":    Registry("nic.at",         (O, O, O, O), (A, A, A, A), "nic.at, May 2018", SEEN),
    "ca":    Registry("CIRA",           (O, O, O, O), (A, A, A, A), "CIRA privacy policy", SEEN),
    "ch":    Registry("SWITCH",         (N, N, N, N), (N, N, N, N), "SWITCH: owners are not public", SEEN),
    "li":    Registry("SWITCH",         (N, N, N, N), (N, N, N, N), "SWITCH: owners are not public", SEEN),
    "swiss": Registry("OFCOM",          (O, O, O, O), (A, O, O, O), "Swiss ordinance 784.104.2, art. 52", SEEN),
    "de":    Registry("DENIC",          (N, N, N, N), (N, N, N, N), "DENIC: owners are not public", SEEN),
    "fr":    Registry("AFNIC",          (O, O, O, O), (A, A, A, A), "AFNIC: restricted publication of persons", SEEN),
    "it":    Registry("Registro .it",   (O, O, O, O), (A, A, A, A), "Registro .it, consent to publication", SEEN),
    "uk":    Registry("Nominet",        (O, O, N, N), (H, H, N, N), "Nominet, since May 2018", SEEN),
    "nl":    Registry("SIDN",           (N, N, A, N), (A, N, A, N), "SIDN: e-mail of contacts", SEEN),
    "be":    Registry("DNS Belgium",    (N, N, A, N), (A, A, A, A), "DNS Belgium", SEEN),
    "se":    Registry("Internetstiftelsen", (N, N, N, N), (A, A, A, A), "Internetstiftelsen", SEEN),
    "gr":    Registry("FORTH-ICS",      (N, N, N, N), (N, N, N, N), "FORTH-ICS: owners are not public", SEEN),
    "jp":    Registry("JPRS",           (A, O, A, O), (A, A, A, A), "JPRS, public disclosure", SEEN),
}
# fmt: on
"""By ending, without the dot."""

COUNTRIES: Final = {
    "Verisign": "US", "PIR": "US", "Registry Services": "US", "EURid": "BE", "nic.at": "AT", "CIRA": "CA",
    "SWITCH": "CH", "OFCOM": "CH", "DENIC": "DE", "AFNIC": "FR", "Registro .it": "IT", "Nominet": "GB", "SIDN": "NL",
    "DNS Belgium": "BE", "Internetstiftelsen": "SE", "FORTH-ICS": "GR", "JPRS": "JP",
}  # fmt: skip
"""The country of each registry (ISO 3166-1), to which an owner's details are transferred at registration."""


def registry_of(tld: str) -> Registry | None:
    """Return the registry of an ending; None for an unknown one, of which nothing is published (fail closed).

    An ending of several labels, such as `co.uk`, has the registry of its top-level domain.
    """
    return REGISTRIES.get(tld.lower().rpartition(".")[2])


def rule_of(tld: str, kind: str, field: str) -> Publishing:
    """Return the rule for a field; NEVER for an unknown ending."""
    registry = registry_of(tld)
    # An ending without a row publishes nothing, whatever the customer chose: fail closed.
    return Publishing.NEVER if registry is None else registry.rule(kind, field)


def shown(tld: str, kind: str, field: str, hidden: bool) -> bool:
    """Return whether a field is published, given the customer's choice."""
    rule = rule_of(tld, kind, field)
    return rule is Publishing.ALWAYS or (rule.free and not hidden)


def is_generic(name: str) -> bool:
    """Return whether the registry of an ending, or of a domain, is bound by ICANN's response profile of February 2024.

    There the owner's country is published whatever the customer chose (section 2.7.4).
    """
    registry = registry_of(name)
    return registry is not None and registry.generic


def generic_endings() -> list[str]:
    """Return the endings of `is_generic`, sorted."""
    return sorted(tld for tld in REGISTRIES if is_generic(tld))


def pairs(field: str, *rules: Publishing) -> Iterator[tuple[str, str]]:
    """Yield the endings and kinds of owner for which one of these rules applies to the field."""
    for tld, registry in REGISTRIES.items():
        for kind in (NATURAL, LEGAL):
            if registry.rule(kind, field) in rules:
                yield tld, kind
