"""The structure of a schema: types with personal data, and types that only lead to it."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from audits.schema.declarations import declaration
from audits.schema.sdl import Sdl, SdlField, Type

RELAY_EDGE = frozenset({"cursor"})
RELAY_CONNECTION = frozenset({"totalCount"})
RELAY_PAYLOAD = frozenset({"clientMutationId"})


class Structure:
    """Facts about types that need the whole schema; each is computed once, in linear time."""

    def __init__(self, sdl: Sdl) -> None:
        self.sdl = sdl

    @cached_property
    def possible(self) -> dict[str, tuple[str, ...]]:
        """The possible object types of each interface or union, also through interfaces of interfaces."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for type_ in self.sdl.types.values():
            if type_.kind == "OBJECT":
                for name in self._interfaces(type_):
                    found[name].append(type_.name)
            elif type_.kind == "UNION":
                found[type_.name] += [name for name in type_.members if self.sdl.kind(name) == "OBJECT"]
        return {name: tuple(dict.fromkeys(types)) for name, types in found.items()}

    def _interfaces(self, type_: Type) -> list[str]:
        """Return every interface of a type, also inherited ones; terminates on cycles."""
        found: dict[str, None] = {}
        waiting = list(type_.interfaces)
        while waiting:
            name = waiting.pop()
            if name not in found and self.sdl.kind(name) == "INTERFACE":
                found[name] = None
                waiting += self.sdl.types[name].interfaces
        return list(found)

    @cached_property
    def governed(self) -> frozenset[str]:
        """The types with at least one declared field."""
        return frozenset(
            each.name
            for each in self.sdl.types.values()
            if declaration(each.applied).governs or any(_governed(field) for field in each.fields.values())
        )

    @cached_property
    def carriers(self) -> frozenset[str]:
        """The undeclared types that lead to a governed one through undeclared fields: connections, edges, …"""
        leads: defaultdict[str, set[str]] = defaultdict(set)  # from a type to those that lead to it
        for type_ in self.sdl.types.values():
            if type_.name in self.governed or type_.kind == "INPUT":
                continue
            for target in (*(field.named for field in type_.fields.values()), *self.possible.get(type_.name, ())):
                leads[target].add(type_.name)
        found: set[str] = set()
        waiting = list(self.governed)
        while waiting:
            for name in leads[waiting.pop()] - found:
                found.add(name)
                waiting.append(name)
        return frozenset(found)

    def leads_to_people(self, name: str) -> bool:
        """Return whether a field of this type leads to personal data."""
        return self.sdl.is_composite(name) and (name in self.governed or name in self.carriers)

    @cached_property
    def personal_inputs(self) -> frozenset[str]:
        """Input types that are used with personal data, or that have a declared field."""
        found: set[str] = {each.name for each in self.sdl.inputs() if each.name in self.governed}
        waiting = [
            argument.named
            for type_ in self.sdl.object_like()
            for field in type_.fields.values()
            if declaration(type_.applied).governs or _governed(field) or self.leads_to_people(field.named)
            for argument in field.arguments.values()
        ]
        waiting += [field.named for name in found for field in self.sdl.types[name].fields.values()]
        while waiting:
            name = waiting.pop()
            if self.sdl.kind(name) == "INPUT" and name not in found:
                found.add(name)
                waiting += [field.named for field in self.sdl.types[name].fields.values()]
        return frozenset(found)

    def plumbing(self, type_: Type, field: SdlField) -> bool:
        """Return whether a field belongs to Relay's conventions, by the structure of its type, not by its name
        alone."""
        if field.name in RELAY_EDGE:
            return "node" in type_.fields
        if field.name in RELAY_CONNECTION:
            return (
                field.named == "Int" and "pageInfo" in type_.fields and bool({"edges", "nodes"} & type_.fields.keys())
            )
        return field.name in RELAY_PAYLOAD


def _governed(field: SdlField) -> bool:
    return declaration(field.applied).governs
