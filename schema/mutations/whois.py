"""The publication rules of registries, and the mutation that hides a registrant's details in the whois (R26, R51)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.registries import FIELDS, Publishing, registry_of
from schema.core.enums import RegistrantKind, WhoisField
from schema.core.scalars import Date
from schema.core.words import enumerated
from schema.declare.commands import (
    UserError,
    affected,
    command_input,
    plain_input,
    stored_input,
    transient_input,
    user_errors,
)
from schema.declare.fields import positioned, public, shared
from schema.declare.records import plain_type
from schema.execution.standard import ResolverContext
from schema.sources.values import Attribute
from schema.types.domains import Domain
from store.tables.domains import domains

OWN = (shared(AppScope.WHOIS_WRITE),)
RULES = "it is what a registry does with every domain of an ending"
Tld = Annotated[str, positioned("The top-level domain, such as `ch`.", RULES)]
Kind = Annotated[RegistrantKind, positioned("Person or organisation.", RULES)]
WhoisRule = enumerated(
    "WhoisRule",
    {each.name: strawberry.enum_value(each.name, description=each.text) for each in Publishing},
    "The rule of a registry for a detail of the registrant.",
)


@plain_type
class RegistryRule:
    """The registry's rule for one detail."""

    field: WhoisField = public(Attribute("field"), "The detail.", RULES)
    rule: WhoisRule = public(Attribute("rule"), "The rule.", RULES)
    meaning: str = public(Attribute("meaning"), "The rule in words.", RULES)
    free: bool = public(Attribute("free"), "Whether the customer decides.", RULES)


@plain_type
class RegistryPolicy:
    """The rules of a registry for publishing a registrant's details, to be shown before an order."""

    registry: str = public(Attribute("registry"), "The registry.", RULES)
    rules: list[RegistryRule] = public(Attribute("rules"), "The rule for each detail.", RULES)
    source: str = public(Attribute("source"), "The registry's document that states them.", RULES)
    checked: Date = public(Attribute("checked"), "The day on which that document was last checked.", RULES)


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
    """The rules of a top-level domain; None for one that is not offered."""
    # A root field that is computed runs on the standard executor, which passes enum members.
    registry, kind = registry_of(given["tld"]), str(getattr(given["kind"], "value", given["kind"]))
    if registry is None:
        return None
    rules = [(field.upper(), registry.rule(kind, field)) for field in FIELDS]
    details = [_Rule(field, rule.name, rule.text, rule.free) for field, rule in rules]
    return _Policy(registry.name, details, registry.source, registry.checked)


@command_input("The details to hide or publish; omitted ones stay.", OWN)
class SetWhoisVisibilityInput:
    """Details of a domain to hide or publish."""

    domain_id: strawberry.ID = transient_input(Category.SUBSCRIPTION, "The `id` of the `Domain`.", OWN)
    hide_name: bool | None = stored_input(domains.c.hide_name, "Hide the registrant's name.", OWN)
    hide_address: bool | None = stored_input(domains.c.hide_address, "Hide the registrant's address.", OWN)
    hide_email: bool | None = stored_input(domains.c.hide_email, "Hide the registrant's e-mail address.", OWN)
    hide_phone: bool | None = stored_input(domains.c.hide_phone, "Hide the registrant's phone.", OWN)
    if_version: int | None = plain_input(
        "Change only if `Domain.version` still has this value, so that concurrent edits are not overwritten.", OWN
    )


@plain_type
class SetWhoisVisibilityPayload:
    """The domain after the change, or the rules of the registry that forbid it."""

    domain: Domain | None = affected("domain", domains, Category.SUBSCRIPTION, "The domain.", OWN)
    user_errors: list[UserError] = user_errors()
