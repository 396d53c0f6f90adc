"""Checks that coordinates beside personal data have a declaration, by structure and not by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from audits.schema.checks import Check, Finding
from audits.schema.facts import Fact, Facts
from audits.schema.sdl import Type

PAGING: Final = {"first": {"Int"}, "last": {"Int"}, "before": {"String", "ID"}, "after": {"String", "ID"}}
"""The arguments of the Relay cursor specification, with their allowed types."""

SUGGESTIVE: Final = (
    ("EMAIL", r"e_?mail(_?address)?"),
    ("PHONE", r"(tele)?phone(_?number)?|mobile|fax"),
    ("NAME", r"(full|first|given|last|family|sur|maiden|billed|registrant)_?name"),
    ("POSTAL_ADDRESS", r"((postal|billing|shipping|home)_?)?address(es)?|street\d?"),
    ("POSTAL_CODE", r"postal_?code|zip(_?code)?"),
    ("IP_ADDRESS", r"ip(_?address)?|remote_?addr"),
    ("PASSWORD", r"password(_?hash)?|passphrase"),
    ("AUTH_FACTOR", r"(totp|mfa|otp|recovery)_?(secret|codes?)?"),
    ("CARD_NUMBER", r"(card|pan|iban)(_?number)?|last_?4"),
    ("CUSTOMER_ID", r"(customer|user|account|member)_?(id|number)"),
)
"""Names that suggest a category, for notes only, never for decisions."""


def findings(facts: Facts) -> Iterator[Finding]:
    """Yield missing declarations, and notes about names that look personal."""
    if not facts.personal:
        yield from _nothing_declared(facts)
    for type_ in facts.sdl.types.values():
        for name in type_.fields:
            fact = facts.all[f"{type_.name}.{name}"]
            if not (fact.governs or fact.declared.public):
                yield from _field(facts, type_, fact)
    for fact in facts.all.values():
        if fact.kind == "ARGUMENT" and not (fact.governs or fact.declared.public):
            yield from _argument(facts, fact)


def _nothing_declared(facts: Facts) -> Iterator[Finding]:
    first = next(iter(facts.sdl.types.values()), None)
    if first is not None:
        yield Finding(Check.NOTHING_DECLARED, "No field says @personalData.", "", first.place)


def _field(facts: Facts, type_: Type, fact: Fact) -> Iterator[Finding]:
    if type_.kind == "INPUT":
        yield from _input(facts, fact)
        return
    # A type that only leads to people, such as an edge, needs no declaration: the path to it has one.
    declares = type_.name in facts.structure.governed or type_.name in facts.sdl.root_types
    if facts.sdl.is_composite(fact.named):
        if declares and facts.structure.leads_to_people(fact.named):
            message = f"{fact.coordinate} leads to {fact.named}, where personal data is, and names no purposes."
            yield Finding(Check.UNDECLARED_PATH, message, fact.coordinate, fact.place)
    elif _must_speak(facts, type_, fact):
        message = f"{fact.coordinate} says nothing, and {type_.name} {_why(facts, type_)}."
        yield Finding(Check.UNDECLARED, message, fact.coordinate, fact.place)
    elif suggested := _suggests(fact.name):
        message = f"{fact.coordinate} looks like {suggested}."
        yield Finding(Check.LOOKS_PERSONAL, message, fact.coordinate, fact.place)


def _must_speak(facts: Facts, type_: Type, fact: Fact) -> bool:
    """Return whether a leaf needs a declaration; not Relay's own fields, nor those that every implementation
    declares."""
    structure = facts.structure
    if not facts.personal or structure.plumbing(type_, facts.sdl.types[type_.name].fields[fact.name]):
        return False
    if type_.name in structure.governed or type_.name in facts.sdl.root_types:
        return True
    if type_.name not in structure.carriers:
        return False
    behind = structure.possible.get(type_.name, ()) if type_.kind == "INTERFACE" else ()
    declared = [facts.all.get(f"{name}.{fact.name}") for name in behind]
    return not behind or not all(each is not None and each.governs for each in declared)


def _why(facts: Facts, type_: Type) -> str:
    if type_.name in facts.structure.governed:
        return "holds personal data"
    return "is where operations begin" if type_.name in facts.sdl.root_types else "leads to personal data"


def _input(facts: Facts, fact: Fact) -> Iterator[Finding]:
    """Check a leaf of an input object that reaches personal data; enums and booleans are harmless."""
    if facts.sdl.kind(fact.named) == "INPUT" or _harmless(facts, fact) or fact.name == "clientMutationId":
        return
    if fact.type_name in facts.structure.personal_inputs:
        message = f"{fact.coordinate} says nothing, and {fact.type_name} is used where personal data is."
        yield Finding(Check.UNDECLARED_INPUT, message, fact.coordinate, fact.place)
    elif suggested := _suggests(fact.name):
        message = f"{fact.coordinate} looks like {suggested}."
        yield Finding(Check.LOOKS_PERSONAL, message, fact.coordinate, fact.place)


def _argument(facts: Facts, fact: Fact) -> Iterator[Finding]:
    """Check an argument: one that searches by personal data is personal data, too."""
    if facts.sdl.kind(fact.named) == "INPUT" or _harmless(facts, fact):
        return
    # By name and type: `first: Int` is a page size, but `first: String` may be a first name.
    if fact.named in PAGING.get(fact.name, ()):
        return
    field = facts.all[fact.coordinate.partition("(")[0]]
    if field.governs or facts.structure.leads_to_people(field.named):
        message = f"{fact.coordinate} says nothing, and {field.coordinate} is personal data."
        yield Finding(Check.UNDECLARED_ARGUMENT, message, fact.coordinate, fact.place)


def _harmless(facts: Facts, fact: Fact) -> bool:
    return facts.sdl.kind(fact.named) == "ENUM" or fact.named == "Boolean"


def _suggests(name: str) -> str | None:
    """Return the category that a name suggests, or None."""
    # Camel case is GraphQL's convention, but other teams' schemas also have snake case; one pattern matches both.
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return next((category for category, pattern in SUGGESTIVE if re.fullmatch(pattern, snake)), None)
