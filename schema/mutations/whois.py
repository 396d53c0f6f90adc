"""The publication rules of registries, and the mutation that hides a registrant's details in the whois (R26, R51)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from policy.app_scopes import AppScope
from policy.categories import Category
from schema.core.enums import RegistrantKind
from schema.declare.commands import (
    UserError,
    affected,
    command_input,
    plain_input,
    stored_input,
    transient_input,
    user_errors,
)
from schema.declare.fields import positioned, shared
from schema.declare.records import plain_type
from schema.execution.standard import ResolverContext
from schema.types.domains import RULES, Domain, Policy, policy_of
from store.tables.domains import domains

OWN = (shared(AppScope.WHOIS_WRITE),)
Tld = Annotated[str, positioned("The top-level domain, such as `ch`.", RULES)]
Kind = Annotated[RegistrantKind, positioned("Person or organisation.", RULES)]


async def registry_policy(context: ResolverContext, root: Any, given: Mapping[str, Any]) -> Policy | None:
    """The rules of a top-level domain; None for one that is not offered."""
    # A root field that is computed runs on the standard executor, which passes enum members.
    return policy_of(given["tld"], str(getattr(given["kind"], "value", given["kind"])))


@command_input("The details to hide or publish; omitted ones stay.", OWN)
class SetWhoisVisibilityInput:
    """Details of a domain to hide or publish."""

    domain_id: strawberry.ID = transient_input(
        Category.SUBSCRIPTION, "The `id` of the `Domain` whose owner's details are shown or hidden.", OWN
    )
    hide_name: bool | None = stored_input(
        domains.c.hide_name, "Whether to hide the owner's name; unchanged when left out.", OWN
    )
    hide_address: bool | None = stored_input(
        domains.c.hide_address, "Whether to hide the owner's postal address; unchanged when left out.", OWN
    )
    hide_email: bool | None = stored_input(
        domains.c.hide_email, "Whether to hide the owner's e-mail address; unchanged when left out.", OWN
    )
    hide_phone: bool | None = stored_input(
        domains.c.hide_phone, "Whether to hide the owner's phone; unchanged when left out.", OWN
    )
    if_version: int | None = plain_input(
        "Change only if `Domain.version` still has this value, so that concurrent edits are not overwritten.", OWN
    )


@plain_type
class SetWhoisVisibilityPayload:
    """The domain after the change, or the rules of the registry that forbid it."""

    domain: Domain | None = affected(
        "domain",
        domains,
        Category.SUBSCRIPTION,
        "The domain with its new choices; null if nothing was changed (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()
