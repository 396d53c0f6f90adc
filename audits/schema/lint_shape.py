"""Checks the structure of a schema: unknown types, cycles, and fields that differ from their interface."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from audits.schema.checks import Check, Finding, found
from audits.schema.facts import Fact, Facts
from audits.schema.sdl import Argument, Sdl, SdlField, Type
from policy.statements import circular, never_null, unrepeated

_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def findings(facts: Facts) -> Iterator[Finding]:
    """Yield the findings about the structure, in the order of the text."""
    yield from _unknown_types(facts.sdl)
    yield from _interface_circles(facts.sdl)
    yield from _input_circles(facts.sdl)
    for type_ in facts.sdl.object_like():
        for name in type_.interfaces:
            interface = facts.sdl.types.get(name)
            if interface is not None and interface.kind == "INTERFACE":
                yield from _against(facts, type_, interface)
    for fact in facts.all.values():
        yield from _alone(fact)
    yield from _narrower(facts)


def _unknown_types(sdl: Sdl) -> Iterator[Finding]:
    for type_ in sdl.types.values():
        for name, place in (*type_.interfaces.items(), *type_.members.items()):
            if sdl.kind(name) is None:
                yield Finding(Check.UNKNOWN_TYPE, f"{type_.name} names {name}: no such type.", type_.name, place)
        for each in type_.fields.values():
            coordinate = f"{type_.name}.{each.name}"
            nodes: list[tuple[str, SdlField | Argument]] = [(coordinate, each)]
            nodes += [(f"{coordinate}({argument.name}:)", argument) for argument in each.arguments.values()]
            for name, node in nodes:
                if sdl.kind(node.named) is None:
                    yield Finding(Check.UNKNOWN_TYPE, f"{name} is a {node.named}: no such type.", name, node.place)


def _interface_circles(sdl: Sdl) -> Iterator[Finding]:
    interfaces = {type_.name: type_.interfaces for type_ in sdl.types.values() if type_.kind == "INTERFACE"}
    for name in circular(interfaces):
        yield Finding(Check.CIRCLE, f"{name} implements itself.", name, sdl.types[name].place)


def _input_circles(sdl: Sdl) -> Iterator[Finding]:
    """Find input objects that require one another infinitely: `input A { a: A! }`."""
    needs = {
        type_.name: [
            each.named
            for each in type_.fields.values()
            # Without a list: a list may be empty, which ends the cycle.
            if each.type == f"{each.named}!" and sdl.kind(each.named) == "INPUT"
        ]
        for type_ in sdl.inputs()
    }
    for name in circular(needs):
        yield Finding(Check.CIRCLE, f"{name} needs itself without end.", name, sdl.types[name].place)


def _against(facts: Facts, type_: Type, interface: Type) -> Iterator[Finding]:
    """Compare a type with its interface: each field exists, and says the same."""
    for name in interface.fields:
        coordinate, promised = f"{type_.name}.{name}", facts.all[f"{interface.name}.{name}"]
        own = facts.all.get(coordinate)
        if own is None:
            message = f"{type_.name} has no field {name}, which {interface.name} promises."
            yield Finding(Check.INTERFACE_GAP, message, coordinate, type_.place)
            continue
        # An interface without a declaration promises nothing about purposes.
        if promised.declared.governs:
            yield from _repeats(promised, own)
        for argument in interface.fields[name].arguments:
            of, where = facts.all[f"{promised.coordinate}({argument}:)"], facts.all.get(f"{coordinate}({argument}:)")
            if of.declared.governs and where is not None:
                yield from _repeats(of, where)


def _repeats(promised: Fact, own: Fact) -> Iterator[Finding]:
    return found(unrepeated(promised, own, promised.coordinate), own.coordinate, own.place)


def _alone(fact: Fact) -> Iterator[Finding]:
    """Check a single field."""
    if fact.deprecated is not None and not is_dated(fact.deprecated):
        message = f"{fact.coordinate} is deprecated without a date."
        yield Finding(Check.DEPRECATED_UNDATED, message, fact.coordinate, fact.place)
    if fact.inbound or not fact.category:
        return
    # Relay requires `id: ID!`.
    identifies = fact.named == "ID" and fact.name == "id"
    yield from found(never_null(fact, fact.type.endswith("!"), identifies), fact.coordinate, fact.place)
    if fact.deprecated is not None and fact.purposes:
        message = f"{fact.coordinate} is deprecated and may still be read for {', '.join(fact.purposes)}."
        yield Finding(Check.DEPRECATED_PERSONAL, message, fact.coordinate, fact.place)


def is_dated(reason: str) -> bool:
    """Return whether the reason of a deprecation has a date of ISO 8601: the first day on which it may go."""
    for each in _DATE.findall(reason):
        try:
            date.fromisoformat(each)
        except ValueError:
            continue
        return True
    return False


def _narrower(facts: Facts) -> Iterator[Finding]:
    """Find fields of an embedded object with purposes that no field leading to the object allows."""
    leading: dict[str, set[str]] = {}
    reached: set[str] = set(facts.sdl.root_types)
    for fact in facts.all.values():
        if fact.kind == "FIELD" and facts.sdl.kind(fact.named) == "OBJECT":
            leading.setdefault(fact.named, set()).update(fact.purposes)
            if not fact.purposes:
                reached.add(fact.named)  # Through a connection, whose own path is checked separately.
    # Types with an id can also be reached by `node(id:)`.
    identified = {fact.type_name for fact in facts.all.values() if fact.name == "id" and fact.kind == "FIELD"}
    for fact in facts.outputs:
        purposes = leading.get(fact.type_name)
        if purposes is None or fact.type_name in reached | identified:
            continue
        if beyond := [name for name in fact.purposes if name not in purposes]:
            message = f"{fact.coordinate} allows {', '.join(beyond)}, for which no field leads to {fact.type_name}."
            yield Finding(Check.NARROWER_TYPE, message, fact.coordinate, fact.place)
