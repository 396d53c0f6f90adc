"""What a registry publishes, for whoever orders a domain; and the switches of those that leave it to the customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.registries import FIELDS, Publishing, registry_of
from schema.core.sources import Attribute
from schema.core.words import enumerated
from schema.declare.commands import UserError, affected, unkept, user_errors, written
from schema.declare.fields import positioned, public, shared
from schema.declare.records import plain_type
from schema.execution.standard import ResolverContext
from schema.types.domains import Domain, RegistrantKind
from store.tables.domains import domains

OWN = (shared(AppScope.WHOIS_WRITE),)
RULES = "it is what a registry does with every domain of an ending"
Tld = Annotated[str, positioned("The ending, such as `ch`.", RULES)]
Kind = Annotated[RegistrantKind, positioned("Person or organisation.", RULES)]
WhoisRule = enumerated(
    "WhoisRule",
    {each.name: strawberry.enum_value(each.name, description=each.text) for each in Publishing},
    "What a registry does with a detail of the owner.",
)
WhoisField = enumerated("WhoisField", [each.upper() for each in FIELDS], "A detail of the owner.")


@plain_type
class RegistryRule:
    """What becomes of one detail."""

    field: WhoisField = public(Attribute("field"), "Which detail.", RULES)
    rule: WhoisRule = public(Attribute("rule"), "What the registry does with it.", RULES)
    meaning: str = public(Attribute("meaning"), "The same in words.", RULES)
    free: bool = public(Attribute("free"), "Whether the customer decides: only then there is a switch.", RULES)


@plain_type
class RegistryPolicy:
    """What a registry publishes of the owner of a domain: to be shown before ordering, and beside the switches."""

    registry: str = public(Attribute("registry"), "The registry.", RULES)
    rules: list[RegistryRule] = public(Attribute("rules"), "Detail by detail.", RULES)
    source: str = public(Attribute("source"), "Where the registry says so.", RULES)
    checked: str = public(Attribute("checked"), "When that was last read.", RULES)


@dataclass(frozen=True, slots=True)
class _Rule:
    field: str
    rule: str
    meaning: str
    free: bool


@dataclass(frozen=True, slots=True)
class _Policy:
    registry: str
    rules: list[_Rule]
    source: str
    checked: str


async def registry_policy(context: ResolverContext, root: Any, given: Mapping[str, Any]) -> _Policy | None:
    """The rules of an ending; None for one that no domain can be registered under here."""
    registry, kind = registry_of(given["tld"]), str(getattr(given["kind"], "value", given["kind"]))
    if registry is None:
        return None
    rules = [(field.upper(), registry.rule(kind, field)) for field in FIELDS]
    told = [_Rule(field, rule.name, rule.text, rule.free) for field, rule in rules]
    return _Policy(registry.name, told, registry.source, registry.checked)


@strawberry.input(description="What is given is changed, what is left out stays.")
class SetWhoisVisibilityInput:
    """One of the own domains."""

    domain: strawberry.ID = unkept(Category.SUBSCRIPTION, "The `id` of the `Domain`.", OWN)
    hide_name: bool | None = written(domains.c.hide_name, "Hide the owner's name.", OWN)
    hide_address: bool | None = written(domains.c.hide_address, "Hide the owner's address.", OWN)
    hide_email: bool | None = written(domains.c.hide_email, "Hide the owner's e-mail address.", OWN)
    hide_phone: bool | None = written(domains.c.hide_phone, "Hide the owner's phone.", OWN)


@plain_type
class SetWhoisVisibilityPayload:
    """The domain as it is now, or what the registry does not leave to the customer."""

    domain: Domain | None = affected("domain", domains, Category.SUBSCRIPTION, "The domain.", OWN)
    user_errors: list[UserError] = user_errors()
