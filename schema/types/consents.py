"""Consents and the cookie choice of a customer, and the one-click URL that ends product news (RFC 8058)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.retention import RetentionRule
from resolvers.reads.criteria import among
from schema.core.enums import ConsentKind, ConsentState
from schema.core.scalars import DateTime, LanguageTag
from schema.declare.connections import connection
from schema.declare.fields import computed, datum, identity, shared
from schema.declare.filters import compared
from schema.declare.node import Node
from schema.declare.readers import NEWS, SELF
from schema.declare.records import record
from schema.execution.standard import ResolverContext
from store.links.unsubscribing import unsubscribe_token
from store.tables.consents import consents, cookie_choices

OWN = (shared(AppScope.CHOICES_READ),)


async def _receipt_url(context: ResolverContext, consent: Any, given: Mapping[str, Any]) -> str:
    id_ = context.operation_context.ids("Consent", consent.owner, consent.id)
    return f"{context.command.dependencies.site.address}/consents/{id_}/receipt"


receipt_url = computed(_receipt_url, Category.PREFERENCE, RetentionRule.NOT_STORED, (SELF,))
"""Decorates the field `Consent.receiptUrl`."""


@record(consents)
class Consent(Node):
    """A consent event: given or withdrawn. The newest event of a kind determines the state."""

    id: strawberry.ID = identity(consents, OWN)
    kind: ConsentKind | None = datum(
        consents.c.kind, "The subject of the consent: what the customer agreed to, or no longer agrees to.", OWN
    )
    state: ConsentState | None = datum(consents.c.state, "Whether this event gives the consent or takes it back.", OWN)
    wording_version: str | None = datum(
        consents.c.wording_version,
        "The version of the wording that was shown, such as `2026-01`; `consentWording` has the present one.",
        OWN,
    )
    language: LanguageTag | None = datum(consents.c.language, "The language in which the wording was shown.", OWN)
    source: str | None = datum(
        consents.c.source, "The place where the customer decided, such as `client-area/cards`.", OWN
    )
    at: DateTime | None = datum(consents.c.at, "The time at which the consent was given or taken back.", OWN)

    @receipt_url
    def receipt_url(self) -> str | None:
        """The address of its receipt in JSON-LD, which the customer's own token opens (ISO/IEC TS 27560)."""


@strawberry.input(description="Narrows a list of consents.")
class ConsentFilter:
    """Each field reads the column that it compares."""

    kind: list[ConsentKind] | None = compared(among(consents.c.kind), "Events about one of these subjects.", OWN)
    state: list[ConsentState] | None = compared(
        among(consents.c.state), "Events that give a consent, or events that take one back.", OWN
    )


ConsentConnection = connection(Consent, "Consent")


@record(cookie_choices)
class CookieChoice(Node):
    """The choice about cookies that are not essential."""

    id: strawberry.ID = identity(cookie_choices, OWN)
    measurement: bool | None = datum(
        cookie_choices.c.measurement, "Whether the customer allows the use of the site to be measured.", OWN
    )
    wording_version: str | None = datum(
        cookie_choices.c.wording_version,
        "The version of the wording that was shown, such as `2026-01`.",
        OWN,
    )
    chosen_at: DateTime | None = datum(cookie_choices.c.chosen_at, "The time at which the customer chose.", OWN)
    expires_at: DateTime | None = datum(
        cookie_choices.c.expires_at, "The time at which the choice ends, and the customer is asked again.", OWN
    )
    global_privacy_control: bool | None = datum(
        cookie_choices.c.global_privacy_control,
        "Whether the browser sent Global Privacy Control (`Sec-GPC: 1`) with the choice.",
        OWN,
    )


async def _unsubscribe_url(context: ResolverContext, customer: Any, given: Mapping[str, Any]) -> str:
    # A token without session or expiry: the link in an old message must still work (RFC 8058).
    token = await unsubscribe_token(context.operation_context.store.keys.system, customer.id)
    return f"{context.command.dependencies.site.address}/unsubscribe/{token}"


unsubscribe_url = computed(_unsubscribe_url, Category.PREFERENCE, RetentionRule.NOT_STORED, (NEWS, SELF))
"""Decorates the field `Customer.unsubscribeUrl`."""
