"""Every coordinate of a schema with its declaration: the facts on which all audits are based."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from audits.schema.declarations import Allowed, FieldDeclaration, Scopes, declaration, narrowed
from audits.schema.places import SourcePosition
from audits.schema.sdl import Applied, Argument, Sdl, SdlField, Type
from audits.schema.sdl_reading import read_sdl
from audits.schema.sources import Text, UnreadableError
from audits.schema.structure import Structure
from policy.app_scopes import AppScope
from policy.categories import Category
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from policy.rules import Allowance, Rule

FactKind = Literal["FIELD", "ARGUMENT", "INPUT_FIELD"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One field, argument or input field. Names are as written; the policy may not know them."""

    coordinate: str
    kind: FactKind
    type_name: str
    name: str
    type: str
    """As written: `[String!]!`."""
    named: str
    place: SourcePosition
    description: str
    declared: FieldDeclaration
    """The declaration that holds: its type's, narrowed by its own."""
    written: FieldDeclaration
    """Its own declaration."""
    purposes: Mapping[str, str | None]
    """Each purpose with its condition; None: always."""
    retention: tuple[str, ...]
    """The effective rules: its own, or those of the type that it leads to, of its own type, or of the embedding
    fields."""
    scopes: Scopes
    """Its own scopes combined with those of its type: both are needed."""
    applied: tuple[Applied, ...] = field(repr=False)
    deprecated: str | None = None

    @property
    def category(self) -> str | None:
        """The declared category of personal data, or None."""
        return self.declared.category

    @property
    def allowances(self) -> tuple[Allowed, ...]:
        """The purposes with their conditions, by their names; what names none is malformed, and allows nothing."""
        return tuple(each for each in self.declared.allowed if each.purposes)

    @property
    def terms(self) -> tuple[object, ...]:
        """All that an object type has to repeat of its interface."""
        return self.category, dict(self.purposes), self.scopes

    @property
    def governs(self) -> bool:
        """True if anything restricts its use, its type's scopes included."""
        return self.declared.governs or bool(self.scopes)

    @property
    def inbound(self) -> bool:
        """True for arguments and input fields, which are not returned."""
        return self.kind != "FIELD"

    def rule(self) -> Rule:
        """Return the rule for the policy; unknown names are left out, and never add an allowance."""
        return Rule(
            self.coordinate,
            Category.__members__.get(self.category or ""),
            # Bound, and yet nothing known is allowed: an allowance of no purposes, which refuses everybody.
            tuple(self._allowances()) or ((Allowance(frozenset()),) if self.declared.allowed else ()),
            next((RetentionRule[name] for name in self.retention if name in RetentionRule.__members__), None),
            tuple(sorted(self.scopes, key=sorted)),
            tuple(Recipient[name] for name in self.declared.recipients if name in Recipient.__members__),
            self.inbound,
        )

    def _allowances(self) -> Iterator[Allowance]:
        """Yield one allowance for each purpose; a purpose that stands twice comes twice, which refuses everybody."""
        for each in self.declared.allowed:
            # An unknown condition drops the whole allowance: dropping only the condition would widen it.
            if each.when is not None and each.when not in Condition.__members__:
                continue
            when = Condition[each.when] if each.when else None
            for purpose in (Purpose[name] for name in each.purposes if name in Purpose.__members__):
                # An app acts for its customer, so that only purposes for own data can be open to it.
                opened = self._opened() if purpose.own_data_only else frozenset[AppScope]()
                yield Allowance(frozenset({purpose}), when, opened)

    def _opened(self) -> frozenset[AppScope]:
        """Return the scopes of `@thirdParty` that the policy knows."""
        given = [each.arguments.get("scopes") for each in self.applied if each.name == "thirdParty"]
        words = [word for each in given if isinstance(each, list) for word in each if isinstance(word, str)]
        return frozenset(scope for word in words if (scope := AppScope.of_scope(word)) is not None)


class Facts:
    """The facts of one schema."""

    def __init__(self, sdl: Sdl) -> None:
        self.sdl = sdl
        self.structure = Structure(sdl)

    @classmethod
    def of(cls, text: Text) -> Facts:
        """Parse a text; never raises."""
        return cls(read_sdl(text))

    def require_readable(self) -> Facts:
        """Return itself; UnreadableError when the text could not be parsed, since no conclusion from it would be
        valid."""
        for fault in self.sdl.errors:
            if fault.check == "SYNTAX":
                raise UnreadableError(f"{fault.place}: {fault.message}")
        return self

    @cached_property
    def all(self) -> Mapping[str, Fact]:
        """All facts by coordinate, in the order of the text."""
        return {fact.coordinate: fact for fact in self._facts()}

    @cached_property
    def outputs(self) -> tuple[Fact, ...]:
        """Fields with a category or purposes: everything that can be read about a person."""
        return tuple(fact for fact in self.all.values() if not fact.inbound and (fact.category or fact.purposes))

    @cached_property
    def personal(self) -> tuple[Fact, ...]:
        """Everything that is declared as personal data, arguments and inputs included."""
        return tuple(fact for fact in self.all.values() if fact.category)

    def _facts(self) -> Iterator[Fact]:
        for type_ in self.sdl.types.values():
            own = declaration(type_.applied)
            kind: FactKind = "INPUT_FIELD" if type_.kind == "INPUT" else "FIELD"
            for each in type_.fields.values():
                fact = self._fact(type_, own, each, f"{type_.name}.{each.name}", kind)
                yield fact
                for argument in each.arguments.values():
                    yield self._fact(type_, own, argument, f"{fact.coordinate}({argument.name}:)", "ARGUMENT")

    def _fact(
        self, type_: Type, own: FieldDeclaration, node: SdlField | Argument, coordinate: str, kind: FactKind
    ) -> Fact:
        written = declaration(node.applied)
        # A type speaks for its fields; an argument has a value of its own.
        declared = written if kind == "ARGUMENT" else narrowed(own, written)
        purposes = {name: each.when for each in declared.allowed for name in each.purposes}
        retention = self.retention_of(type_, own, node, written, kind)
        return Fact(
            coordinate,
            kind,
            type_.name,
            node.name,
            node.type,
            node.named,
            node.place,
            node.description,
            declared,
            written,
            purposes,
            retention,
            both(own.scopes, declared.scopes),
            node.applied,
            node.deprecated if isinstance(node, SdlField) else None,
        )

    def retention_of(
        self, type_: Type, own: FieldDeclaration, node: SdlField | Argument, declared: FieldDeclaration, kind: FactKind
    ) -> tuple[str, ...]:
        """Return the effective rules: (1) its own; (2) of the rows it leads to; (3) of its type; (4) of the embedding
        fields."""
        if declared.retention:  # 1
            return (declared.retention,)
        if kind == "FIELD" and (ahead := self._retention_ahead(node.named)):  # 2
            return ahead
        if own.retention:  # 3
            return (own.retention,)
        return self._embedded.get(type_.name, ()) if kind == "FIELD" else ()  # 4

    def _retention_ahead(self, name: str) -> tuple[str, ...]:
        """Return the rules of the types that a field leads to, through connections, edges, interfaces and unions."""
        found: dict[str, None] = {}
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            name = waiting.pop()
            type_ = self.sdl.types.get(name)
            if name in seen or type_ is None or not self.sdl.is_composite(name):
                continue
            seen.add(name)
            if own := declaration(type_.applied).retention:
                found[own] = None
                continue
            # Through interfaces and undeclared carriers, such as connections and edges.
            waiting += self.structure.possible.get(name, ())
            if name in self.structure.carriers:
                waiting += [each.named for each in type_.fields.values()]
        return tuple(found)

    @cached_property
    def _embedded(self) -> Mapping[str, tuple[str, ...]]:
        """For types without a rule, such as an address, the rules of the fields that embed them."""
        found: dict[str, dict[str, None]] = {}
        for type_ in self.sdl.object_like():
            own = declaration(type_.applied)
            for each in type_.fields.values():
                target = self.sdl.types.get(each.named)
                if target is None or target.kind != "OBJECT" or declaration(target.applied).retention:
                    continue
                rule = declaration(each.applied).retention or own.retention
                if rule:
                    found.setdefault(target.name, {})[rule] = None
        return {name: tuple(rules) for name, rules in found.items()}


def both(one: Scopes, other: Scopes) -> Scopes:
    """Return the alternatives that satisfy both requirements."""
    if not one or not other:
        return one or other
    return frozenset(left | right for left in one for right in other)
